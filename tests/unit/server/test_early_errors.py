"""An answer that an error has settled early leaves nothing of its call running."""

import asyncio

import pytest
from sqlalchemy.pool import AsyncAdaptedQueuePool

from tests.support.api import StartApi

REFUSED = "second: requests(where: {workspaceId: {eq: $w}}) {totalCount}"
SIBLINGS = [
    "operations {totalCount}",
    "operations {nodes {session {operations {totalCount}}}}",
    "operationStats(groupBy: [{field: NAME}]) {rows {count}}",
]


@pytest.mark.parametrize("fast_path", [True, False])
async def test_no_field_outlives_its_answer(start_api: StartApi, fast_path: bool) -> None:
    api = await start_api(fast_path=fast_path)
    await api('mutation {trackOperation(input: {kind: API, name: "a", sessionId: "s"}) {status}}')
    pool = api.server.store.database.dialect.connections.read_engine.pool
    assert isinstance(pool, AsyncAdaptedQueuePool)
    running = asyncio.all_tasks()
    for sibling in SIBLINGS:
        query = f"query ($w: ID) {{first: {sibling} {REFUSED}}}"
        for _ in range(3):  # the first call prepares the document, the others know it
            refusal = await api.refused(query)
            assert refusal.path == ["second"], refusal
            assert asyncio.all_tasks() <= running, query
            assert pool.checkedout() == 0
