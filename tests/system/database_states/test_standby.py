"""A server on a hot standby: it answers reads, refuses writes for now, and writes once that is promoted."""

import asyncio

import pytest

from migrations.runner import upgrade
from store.ids import new_id
from tests.support.api import running_api
from tests.support.postgres import PostgresCluster
from tests.system.database_states.standby import standby_of
from tests.system.database_states.test_postgresql_states import (
    CONSUME,
    TRACK,
    code_of,
    heal,
    refused,
)

pytestmark = pytest.mark.postgresql


async def test_a_failover_to_a_hot_standby(own_postgres: PostgresCluster) -> None:
    primary = own_postgres.url.render_as_string(hide_password=False)
    await asyncio.to_thread(upgrade, primary)
    async with running_api(database_url=primary) as api:  # makes the partitions, too
        await api(TRACK, {"id": str(new_id())})
    with standby_of(own_postgres) as standby:
        url = standby.url.render_as_string(hide_password=False)
        async with running_api(database_url=url, pool_size=2, pool_wait_seconds=2) as api:
            assert (await api("{ operations { totalCount } }"))["operations"]["totalCount"] == 1
            for document in (TRACK, CONSUME):
                assert await code_of(api, document) == ("OVERLOADED", True)
            assert refused(api, "25006") >= 2
            ready = await api.http.get("/readyz")
            assert ready.status_code == 503
            assert "the database is read-only (25006)" in ready.text
            await asyncio.to_thread(own_postgres.stop, "immediate")
            await asyncio.to_thread(standby.promote)
            for document in (TRACK, CONSUME):
                await heal(api, document)
            assert (await api("{ operations { totalCount } }"))["operations"]["totalCount"] == 2
            assert (await api.http.get("/readyz")).status_code == 200
