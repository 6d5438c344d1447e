"""Writes of a quiet organization wait for no backlog of another."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from store.database import Database
from store.dialects import PoolSettings
from store.errors import OverloadedError, TooManyRequestsError
from store.ingest.queue import Batch, Submission, WriteQueue, WriterSettings, loops_for
from store.scheduling.fair_queue import Tenant
from tests.unit.store.test_writer import Note, Notebook

SETTINGS = WriterSettings(queue_items=100, flush_items=20, parallel_items=5)


def queue_of(*waiting: tuple[Tenant, int], transactions: int = 1) -> WriteQueue:
    """A queue of submissions of so many entries."""
    queue = WriteQueue(SETTINGS, transactions)
    for tenant, count in waiting:
        queue.add(Submission((), count, tenant))
    return queue


def begin(queue: WriteQueue) -> tuple[Batch, list[tuple[Tenant, int]]]:
    """The next transaction, and whose entries it writes."""
    batch = queue.begin()
    queue.fill(batch)
    return batch, [(one.tenant, one.count) for one in batch.submissions]


def transactions(queue: WriteQueue) -> list[list[tuple[Tenant, int]]]:
    """All transactions, one after the other."""
    found = []
    while queue.has_turn():
        batch, written = begin(queue)
        queue.end(batch)
        found.append(written)
    assert (len(queue), queue.items) == (0, 0)
    return found


async def test_a_single_entry_is_written_before_the_backlog_and_not_with_it() -> None:
    queue = queue_of(("loud", 10), ("loud", 10), ("loud", 10), ("quiet", 1))
    assert transactions(queue) == [
        [("loud", 10), ("loud", 10)], [("quiet", 1)], [("loud", 10)],
    ]  # fmt: skip


async def test_small_submissions_of_several_organizations_share_a_transaction() -> None:
    queue = queue_of(("a", 1), ("b", 2), ("c", 1), ("a", 1), ("b", 4))
    assert transactions(queue) == [[("a", 1), ("b", 2), ("c", 1), ("a", 1)], [("b", 4)]]


async def test_one_organization_fills_a_transaction_of_its_own() -> None:
    queue = queue_of(*[("a", 3)] * 8)
    assert transactions(queue) == [[("a", 3)] * 7, [("a", 3)]]


async def test_a_single_entry_does_not_wait_for_a_large_transaction_under_way() -> None:
    queue = queue_of(("loud", 20), ("loud", 20), ("loud", 20), transactions=2)
    for _ in range(2):
        assert queue.has_turn()
        begin(queue)
    assert not queue.has_turn(), "what is left is the turn of others"
    queue.add(Submission((), 1, "quiet"))
    assert queue.has_turn()
    small, written = begin(queue)
    assert written == [("quiet", 1)]
    queue.add(Submission((), 1, "quiet"))
    queue.add(Submission((), 1, "other"))
    assert not queue.has_turn(), "small ones wait for a small one: they share the next"
    queue.end(small)
    assert begin(queue)[1] == [("other", 1), ("quiet", 1)]


async def test_a_full_queue_of_one_organization_is_not_full_for_another() -> None:
    queue = queue_of(*[("loud", 20)] * 5)
    with pytest.raises(
        TooManyRequestsError, match="100 entries wait to be written, at most 100 may"
    ):
        queue.check("loud", 1)
    queue.check("quiet", 100)
    queue.add(Submission((), 100, "other"))
    with pytest.raises(OverloadedError, match="200 entries of all organizations wait"):
        queue.check("quiet", 67)
    queue.check("quiet", 66)  # a third of it


async def test_the_room_of_entries_that_are_taken_is_free_again() -> None:
    queue = queue_of(*[("loud", 20)] * 5)
    begin(queue)
    queue.check("loud", 20)
    assert [one.count for one in queue.clear()] == [20] * 4
    assert (queue.items, queue.is_much, queue.has_turn()) == (0, False, False)
    queue.check("loud", 100)


@pytest.fixture
async def notebook(database_url: str) -> AsyncIterator[Notebook]:
    """A writer over a database, whose transactions a test may hold."""
    database = Database(database_url, PoolSettings(size=6, overflow=2, synchronous="OFF"))
    notebook = Notebook(database, WriterSettings(flush_items=4, parallel_items=4))
    yield notebook
    notebook.applier.gate.set()
    await notebook.writer.close(5)
    await database.close()


async def test_a_quiet_organization_is_answered_before_the_bulk_loads_of_another(
    notebook: Notebook,
) -> None:
    writer, applier = notebook.writer, notebook.applier
    answered: list[str] = []

    async def send(name: str, count: int) -> None:
        await writer.submit([Note() for _ in range(count)], name)
        answered.append(name)

    applier.gate.clear()
    tasks = [asyncio.create_task(send("loud", 4)) for _ in range(8)]
    await asyncio.wait_for(applier.entered.wait(), 5)
    tasks.append(asyncio.create_task(send("quiet", 1)))
    many = notebook.database.dialect.parallel_writers > 1
    expected = [4, 4, 4, 1] if many else [4]
    for _ in range(500):
        if len(applier.flushes) == len(expected):
            break
        await asyncio.sleep(0.01)
    assert sorted(applier.flushes) == sorted(expected)
    applier.gate.set()
    await asyncio.gather(*tasks)
    assert applier.flushes.index(1) <= (3 if many else 1), "its turn comes before the backlog"
    assert len(answered) == 9
    assert sorted(applier.flushes) == [1] + [4] * 8
    assert loops_for(notebook.database.dialect.parallel_writers) == (4 if many else 1)
