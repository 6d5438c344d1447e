"""A full queue refuses at once and in bounded memory; what was taken before it is still written."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from store.ids import new_id
from tests.support.processes import Answer, Json, ServerProcess, ask, client_of, server_process
from tests.system.durability.blocking import writes_blocked

QUEUE_ITEMS, FLUSH_ITEMS, BATCH_ITEMS = 60, 20, 10
AT_ONCE_SECONDS = 5.0
"""Refusals are answered while the database is held up: nothing of theirs waits for it."""
FLOOD = 200
FLOOD_MEMORY = 48 * 2**20
"""Refused calls leave nothing behind: a tenth of this is what allocators keep."""

TRACK = """mutation ($items: [OperationInput!]!) {
  trackOperations(operations: $items) { accepted duplicates rejected }
}"""
COUNT = "{ operations(first: 1) { totalCount } }"


def batch() -> list[Json]:
    return [{"id": str(new_id()), "kind": "API", "name": "flood"} for _ in range(BATCH_ITEMS)]


@pytest.fixture
def served(database_url: str, tmp_path: Path) -> Iterator[ServerProcess]:
    settings = {"writer_queue_items": QUEUE_ITEMS, "writer_flush_items": FLUSH_ITEMS}
    with server_process(database_url, tmp_path, lock_seconds=60, **settings) as server:
        yield server


async def queued(http: httpx.AsyncClient) -> int:
    """Entries that wait to be written, as the server tells its operators."""
    lines = (await http.get("/metrics")).text.splitlines()
    (line,) = [ln for ln in lines if ln.startswith("trackstore_writer_queued_entries")]
    return int(float(line.split()[-1]))


@asynccontextmanager
async def full_queue(
    http: httpx.AsyncClient, database_url: str
) -> AsyncIterator[list["asyncio.Task[Answer]"]]:
    """The writers are held up and the queue behind them is full; gives the calls that wait."""
    async with writes_blocked(database_url):
        waiting: list[asyncio.Task[Answer]] = []
        async with asyncio.timeout(AT_ONCE_SECONDS):
            while await queued(http) <= QUEUE_ITEMS - BATCH_ITEMS:
                waiting.append(asyncio.create_task(ask(http, TRACK, {"items": batch()})))
                await asyncio.sleep(0.02)
        yield waiting


async def test_a_full_queue_refuses_at_once(served: ServerProcess, database_url: str) -> None:
    async with client_of(served) as http:
        async with full_queue(http, database_url) as waiting:
            refused_items = batch()
            async with asyncio.timeout(AT_ONCE_SECONDS):
                refused = await ask(http, TRACK, {"items": refused_items})
                assert (await ask(http, COUNT)).taken()["operations"]["totalCount"] == 0
            assert refused.is_retryable, refused
            assert refused.errors[0]["extensions"]["code"] == "OVERLOADED"
            assert not any(task.done() and not task.result().is_retryable for task in waiting)
        answers = await asyncio.gather(*waiting)
        taken = [answer for answer in answers if not answer.errors]
        assert all(answer.is_retryable for answer in answers if answer.errors)
        assert len(taken) >= QUEUE_ITEMS // BATCH_ITEMS
        count = (await ask(http, COUNT)).taken()["operations"]["totalCount"]
        assert count == len(taken) * BATCH_ITEMS
        again = (await ask(http, TRACK, {"items": refused_items})).taken()["trackOperations"]
        assert again["accepted"] == BATCH_ITEMS


async def test_refused_calls_leave_no_memory_behind(
    served: ServerProcess, database_url: str
) -> None:
    async with client_of(served) as http:
        async with full_queue(http, database_url) as waiting:
            before = served.memory()
            flood = [ask(http, TRACK, {"items": batch()}) for _ in range(FLOOD)]
            answers = await asyncio.gather(*flood)
            assert all(answer.is_retryable for answer in answers)
            assert await queued(http) <= QUEUE_ITEMS
            assert served.memory() - before < FLOOD_MEMORY
        await asyncio.gather(*waiting)
