"""Rollups are kept right by servers: repeats, late arrivals, merges and rebuilds beside writers."""

import asyncio
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete, func, select, update

from models import OPERATION_ROLLUPS, Operation, RollupState, table_of
from models.rollups import Tier
from store.aggregation.buckets import Bucket
from store.aggregation.catalog import BucketUnit, Stat
from store.aggregation.checks import ResultLimits
from store.aggregation.engine import Aggregation
from store.aggregation.measures import COUNT, Distinct, Quantile, Statistic
from store.aggregation.queries import AggregationQuery
from store.aggregation.results import RAW
from store.aggregation.sources import OPERATIONS
from store.auth.access import UNRESTRICTED
from store.database import ContentionError, Database
from store.ids import new_id
from store.query.filters import Compare, ComparisonOperator
from store.rollups.merging import merge_day, merge_hour
from store.rollups.planner import RollupPlanner
from store.rollups.rebuilding import rebuild
from store.rollups.state import RollupStates
from store.time_buckets import DAY, HOUR, start_of_day, start_of_hour
from store.validation import EARLIEST
from tests.support.api import Api, StartApi
from tests.unit.store.rollups.checks import differences, quiet, rollups_of
from tests.unit.store.rollups.loads import NOW, record
from tests.unit.store.rows import Row, v7_at

TABLE = table_of(Operation)
TRACK = """mutation ($items: [OperationInput!]!) {
  trackOperations(operations: $items) { accepted duplicates rejected results { message } }
}"""


def call(number: int, **more: Any) -> Row:
    """An operation as a caller sends it."""
    tool = {"toolName": "read", "operationMode": "full", "tokensOriginal": 100, "tokensActual": 10}
    return {
        "id": str(new_id()),
        "kind": "TOOL",
        "name": "read",
        "durationMs": number,
        "tool": tool,
    } | more


def row(at: datetime, number: int, **more: Any) -> Row:
    """An operation as a row."""
    values: Row = dict.fromkeys(column.name for column in TABLE.columns)
    values |= {"organization_id": f"org-{number % 3}", "occurred_at": at, "recorded_at": at}
    values |= {"id": v7_at(at, number), "kind": "TOOL", "name": "read", "outcome": "OK"}
    return values | {"duration_ms": float(number), "tokens_original": number} | more


def aggregation_of(database: Database) -> Aggregation:
    """What answers, with what rollups say."""
    return Aggregation(
        database,
        lambda: NOW,
        ResultLimits(2_000, 2_000),
        RollupPlanner(RollupStates(database, lambda: NOW)),
    )


COUNTED = AggregationQuery(OPERATIONS, measures=(COUNT, Statistic("tokens_original", Stat.SUM)))


async def send(api: Api, items: list[Row]) -> tuple[int, int]:
    """Record operations; how many were new, and how many were there."""
    told = (await api(TRACK, {"items": items}))["trackOperations"]
    assert told["rejected"] == 0, told
    return told["accepted"], told["duplicates"]


async def test_what_is_sent_again_is_counted_once(api: Api) -> None:
    rollups = api.server.store.rollups
    first = [call(n) for n in range(10)]
    more = [call(n, interaction={"type": "mini", "units": 2}) for n in range(5)]
    assert await send(api, first) == (10, 0)
    assert await send(api, first) == (0, 10)
    assert await send(api, more + first[:3]) == (5, 3)
    assert await send(api, [call(1), *more]) == (1, 5)
    both = await asyncio.gather(*(send(api, [*first[n:], call(n)]) for n in range(8)))
    assert sum(accepted for accepted, _ in both) == 8
    ask = api.server.store.aggregation.ask
    answer = await ask(COUNTED, UNRESTRICTED)
    assert answer.coverage.source == "operations_by_organization"
    assert answer.rows[0].values == (24, 2_400)
    assert await differences(rollups) == []


async def test_sums_beyond_the_range_are_still_written(api: Api) -> None:
    huge = {"toolName": "read", "tokensOriginal": 10**15, "tokensActual": 0}
    assert await send(api, [call(n, tool=huge) for n in range(3)]) == (3, 0)
    store = api.server.store
    await rebuild(
        store.database, start_of_hour(store.now()) - HOUR, start_of_hour(store.now()) + 2 * HOUR
    )
    async with store.database.rewrite() as connection:
        await merge_day(connection, store.database.dialect, start_of_day(store.now()))
    saved = AggregationQuery(OPERATIONS, measures=(COUNT, Statistic("cost_saved", Stat.SUM)))
    answer = await store.aggregation.ask(saved, UNRESTRICTED)
    raw = await store.aggregation.ask(saved, UNRESTRICTED, rollups=False)
    assert answer.rows[0].values[0] == 3
    assert float(answer.rows[0].values[1] or 0) == float(raw.rows[0].values[1] or 0)


async def test_what_was_recorded_before_is_summed_up(database_url: str) -> None:
    database = Database(database_url)
    rows = [row(NOW - timedelta(hours=7 * n), n) for n in range(30)]
    await record(database, rows)
    async with database.write() as connection:
        await connection.execute(delete(OPERATION_ROLLUPS))
    rollups = rollups_of(database, lambda: NOW)
    await rollups.prepare()
    assert await rollups.valid_from() is None
    answer = await aggregation_of(database).ask(COUNTED, UNRESTRICTED)
    assert answer.coverage.source == RAW
    late = row(NOW - timedelta(hours=20), 100)
    await record(database, [late])  # a server writes before they are right
    await rollups.maintenance.run_once()
    assert await rollups.valid_from() == EARLIEST
    answer = await aggregation_of(database).ask(COUNTED, UNRESTRICTED)
    assert answer.coverage.source == "operations_by_organization"
    assert answer.rows[0].values == (31, sum(range(30)) + 100)
    assert await differences(rollups) == []
    async with database.read() as connection:
        tiers = (await connection.scalars(select(OPERATION_ROLLUPS.c.tier).distinct())).all()
    assert Tier.DAY in tiers
    await database.close()


async def test_rollups_that_were_not_kept_are_not_read(database: Database) -> None:
    await record(database, [row(NOW, 1)])
    off = rollups_of(database, lambda: NOW, enabled=False)
    await off.prepare()
    on = rollups_of(database, lambda: NOW)
    assert await on.valid_from() is None
    await on.prepare()
    assert await on.valid_from() is None
    await on.maintenance.run_once()
    assert await on.valid_from() == EARLIEST
    assert await differences(on) == []


async def test_servers_that_start_together_prepare_in_turn(database_url: str) -> None:
    starting = [Database(database_url) for _ in range(6)]
    await record(starting[0], [row(NOW, 1)])
    states = [RollupStates(one, lambda: NOW) for one in starting]
    await asyncio.gather(*(state.prepare() for state in states))
    async with starting[0].read() as connection:
        found = (await connection.execute(select(table_of(RollupState)))).all()
    assert len(found) == 1
    for one in starting:
        await one.close()


async def patiently(database: Database, rows: list[Row]) -> None:
    """Write operations, again as long as others are in the way."""
    for _ in range(200):
        try:
            await record(database, rows)
        except ContentionError:
            await asyncio.sleep(0.002)
        else:
            return
    raise AssertionError("it never had its turn")


async def test_several_servers_merge_and_rebuild_beside_writers(database: Database) -> None:
    aggregation = aggregation_of(database)
    hours = [start_of_hour(NOW) - n * HOUR for n in range(30)]
    written, finished = 0, asyncio.Event()

    async def write(writer: int) -> None:
        nonlocal written
        for n in range(25):
            at = hours[(7 * n + writer) % 30] + timedelta(minutes=n)
            number = 1_000 * writer + 20 * n
            await patiently(database, [row(at, number + i) for i in range(20)])
            written += 20

    async def merge_one(start: datetime, is_day: bool) -> None:
        async with database.rewrite() as connection:
            step = merge_day if is_day else merge_hour
            await step(connection, database.dialect, start)

    async def work(server: int) -> None:
        n = 0
        while not finished.is_set():
            n += 1
            hour = hours[(n * 11 + server) % 30]
            for step in (
                partial(merge_one, hour, is_day=False),
                partial(merge_one, start_of_day(hour), is_day=True),
                partial(rebuild, database, hour, hour + HOUR),
            ):
                try:
                    await step()
                except ContentionError:
                    await asyncio.sleep(0)

    async def read() -> None:
        while not finished.is_set():
            before = written
            answer = await aggregation.ask(COUNTED, UNRESTRICTED)
            assert answer.coverage.source != RAW
            count = answer.rows[0].values[0]
            assert count is not None
            assert before <= count <= written + 60, "a reader saw too little or too much"

    beside = [asyncio.create_task(one) for one in (work(0), work(1), work(2), read())]
    await asyncio.gather(*(write(writer) for writer in range(3)))
    finished.set()
    await asyncio.gather(*beside)
    assert await differences(rollups_of(database, lambda: NOW)) == []
    answer = await aggregation.ask(COUNTED, UNRESTRICTED)
    assert answer.rows[0].values[0] == written == 1_500


async def test_a_wrong_sum_is_found_and_mended(database: Database) -> None:
    rollups = rollups_of(database, lambda: NOW)
    await record(database, [row(NOW - timedelta(days=n % 3), n) for n in range(9)])
    assert await differences(rollups) == []
    more = OPERATION_ROLLUPS.c.row_count + 1
    async with database.write() as connection:
        await connection.execute(update(OPERATION_ROLLUPS).values(row_count=more))
    found = await differences(rollups)
    assert {one.column for one in found} == {"row_count"}
    assert {one.resolution for one in found} == {"hour", "day"}
    assert await rollups.rebuild(None, None, quiet) > 48
    assert await differences(rollups) == []


async def test_one_server_at_a_time_has_its_turn(database: Database) -> None:
    one, other = (RollupStates(database, lambda: NOW) for _ in range(2))
    assert await one.take_turn()
    assert not await other.take_turn()
    later = RollupStates(database, lambda: NOW + timedelta(minutes=3))
    assert await later.take_turn(), "a server that died keeps its turn"
    await later.end_turn()
    assert await other.take_turn()


async def test_fresh_rows_of_an_hour_become_few(database: Database) -> None:
    for n in range(60):
        await record(database, [row(NOW, n), row(NOW - 2 * DAY, n + 100)])
    rollups = rollups_of(database, lambda: NOW)
    await rollups.maintenance.run_once()
    async with database.read() as connection:
        columns = OPERATION_ROLLUPS.c
        statement = select(columns.tier, func.count()).group_by(columns.tier)
        tiers = {tier: count for tier, count in await connection.execute(statement)}  # noqa: C416
    assert tiers == {Tier.HOUR: 42, Tier.COUNTED: 42, Tier.DAY: 42}
    assert rollups.maintenance.stats.merges == 2
    assert await differences(rollups) == []


async def test_what_is_not_covered_is_read_from_records(database: Database) -> None:
    await record(database, [row(NOW - timedelta(hours=n), n) for n in range(5)])
    aggregation = aggregation_of(database)
    since = Compare("occurred_at", ComparisonOperator.GTE, NOW - timedelta(hours=3))
    for question, source in (
        (AggregationQuery(OPERATIONS, measures=(COUNT,)), "operations_by_organization"),
        (AggregationQuery(OPERATIONS, since, measures=(COUNT,)), "operations_by_organization"),
        (
            AggregationQuery(OPERATIONS, group_by=("model",), measures=(COUNT,)),
            "operations_by_model",
        ),
        (AggregationQuery(OPERATIONS, group_by=("user_id",), measures=(COUNT,)), RAW),
        (AggregationQuery(OPERATIONS, group_by=("tool_name", "model"), measures=(COUNT,)), RAW),
        (AggregationQuery(OPERATIONS, measures=(Distinct("model"),)), RAW),
        (AggregationQuery(OPERATIONS, measures=(Quantile("tokens_original", 0.5),)), RAW),
        (AggregationQuery(OPERATIONS, since, (), Bucket(BucketUnit.MINUTE), (COUNT,)), RAW),
        (
            AggregationQuery(OPERATIONS, since, (), Bucket(BucketUnit.HOUR), (COUNT,)),
            "operations_by_organization",
        ),
        (
            AggregationQuery(
                OPERATIONS, since, (), Bucket(BucketUnit.DAY, 1, "Asia/Kathmandu"), (COUNT,)
            ),
            RAW,
        ),
        (
            AggregationQuery(
                OPERATIONS, Compare("duration_ms", ComparisonOperator.GT, 1), measures=(COUNT,)
            ),
            RAW,
        ),
    ):
        answer = await aggregation.ask(question, UNRESTRICTED)
        assert answer.coverage.source == source, question
    quantile = AggregationQuery(OPERATIONS, measures=(Quantile("duration_ms", 0.5),))
    assert (await aggregation.ask(quantile, UNRESTRICTED)).coverage.quantile_error == 0.01
    forced = await aggregation.ask(quantile, UNRESTRICTED, rollups=False)
    assert (forced.coverage.source, forced.coverage.quantile_error) == (RAW, None)


async def test_a_day_that_comes_late_is_merged_again(database: Database) -> None:
    yesterday = start_of_day(NOW) - DAY
    rollups = rollups_of(database, lambda: NOW)
    for n in range(3):
        await record(database, [row(yesterday + timedelta(hours=n), n)])
        async with database.rewrite() as connection:
            await merge_day(connection, database.dialect, yesterday)
        assert await differences(rollups) == []
    daily = AggregationQuery(OPERATIONS, None, (), Bucket(BucketUnit.DAY), (COUNT,))
    answer = await aggregation_of(database).ask(daily, UNRESTRICTED)
    assert answer.coverage.source == "operations_by_organization"
    assert answer.rows[0].values == (3,)


async def test_start_api_keeps_them(start_api: StartApi) -> None:
    api = await start_api()
    assert await api.server.store.rollups.valid_from() == EARLIEST
    off = await start_api(rollups=False)
    assert await off.server.store.rollups.valid_from() is None
    assert await send(off, [call(1)]) == (1, 0)
    async with off.server.store.database.read() as connection:
        assert await connection.scalar(select(func.count()).select_from(OPERATION_ROLLUPS)) == 0
