"""SIGKILL of a server in the middle of a load: rollups say what stands."""

import asyncio
from pathlib import Path

from store.aggregation.checks import ResultLimits
from store.aggregation.engine import Aggregation
from store.aggregation.measures import COUNT
from store.aggregation.queries import AggregationQuery
from store.aggregation.sources import OPERATIONS
from store.auth.access import UNRESTRICTED
from store.database import Database
from store.ids import utc_now
from store.rollups.planner import RollupPlanner
from store.rollups.state import RollupStates
from tests.support.processes import client_of, server_process
from tests.system.durability.loads import Load
from tests.system.durability.test_kills import kill_after
from tests.unit.store.rollups.checks import differences, rollups_of

CLIENTS, BATCHES, ITEMS = 3, 4, 80


async def test_a_killed_server_leaves_right_rollups(database_url: str, tmp_path: Path) -> None:
    load = Load.of(CLIENTS, BATCHES, ITEMS)
    with server_process(database_url, tmp_path) as server:
        async with client_of(server) as http:
            await asyncio.gather(
                kill_after(server, load, 4),
                load.run(http, until=lambda: server.process.poll() is not None),
            )
    database = Database(database_url)
    rollups = rollups_of(database, utc_now)
    assert await differences(rollups) == []
    with server_process(database_url, tmp_path) as server:
        async with client_of(server) as http:
            await load.run(http)
    await rollups.maintenance.run_once()
    assert await differences(rollups) == []
    aggregation = Aggregation(
        database,
        utc_now,
        ResultLimits(2_000, 2_000),
        RollupPlanner(RollupStates(database, utc_now)),
    )
    answer = await aggregation.ask(AggregationQuery(OPERATIONS, measures=(COUNT,)), UNRESTRICTED)
    assert answer.coverage.source == "operations_by_organization"
    assert answer.rows[0].values == (len(load.operations),)
    await database.close()
