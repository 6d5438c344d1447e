"""The ingest writer: bounded, in one transaction, answered after the commit, drained at the end."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import func, select

from models import LimitUsage, table_of
from store.database import ContentionError, Database, DatabaseFailureError
from store.errors import OverloadedError
from store.ids import new_id
from store.ingest.entries import Entry, Flush, ItemResult
from store.ingest.queue import WriterSettings
from store.ingest.writer import CONTENTION_TRIES, Writer
from store.maintenance.partitions import Partitions
from tests.unit.store.conftest import NOON, SetClock

TABLE = table_of(LimitUsage)
SETTINGS = WriterSettings(queue_items=10, flush_items=100, parallel_items=1, delay_ms=20)
TOO_LARGE = 2**70


class Note(Entry):
    """A row of some small table; ``used`` may be what no database takes."""

    __slots__ = ("id", "used")

    def __init__(self, used: Any = 1) -> None:
        super().__init__()
        self.id = new_id()
        self.used = used


class NoteApplier:
    """Writes notes; a test may have it wait or fail."""

    kinds = (Note,)

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.entered = asyncio.Event()
        self.flushes: list[int] = []
        self.before: Callable[[Flush, list[Note]], None] | None = None

    async def apply(self, flush: Flush, entries: list[Note]) -> None:
        self.flushes.append(len(entries))
        self.entered.set()
        await self.gate.wait()
        if self.before is not None:
            self.before(flush, entries)
        rows = [("acme", e.id, NOON, e.used, 0, NOON) for e in entries]
        await flush.dialect.rows.insert_new(flush.connection, TABLE, rows)
        for entry in entries:
            entry.result = ItemResult.accepted(entry.id)


class Notebook:
    """A writer of notes over a database."""

    def __init__(self, database: Database, settings: WriterSettings = SETTINGS) -> None:
        self.database = database
        self.applier = NoteApplier()
        clock = SetClock()
        partitions = Partitions(database.dialect, clock)
        self.writer = Writer(database, partitions, [self.applier], clock, settings)
        self.writer.start()

    def submit(self, *notes: Note) -> asyncio.Task[None]:
        """Hand notes to the writer; the task is what a caller waits for."""
        return asyncio.create_task(self.writer.submit(notes))

    async def hold(self, *notes: Note) -> list[asyncio.Task[None]]:
        """Submit one note per flush loop, and stop all of them inside their transactions."""
        self.applier.gate.clear()
        held = []
        for _ in range(self.database.dialect.parallel_writers):
            self.applier.entered.clear()
            held.append(self.submit(*notes or (Note(),)))
            await asyncio.wait_for(self.applier.entered.wait(), 5)
        return held

    async def count(self) -> int:
        """How many notes are committed."""
        async with self.database.read() as connection:
            found: int = (await connection.execute(select(func.count(TABLE.c.used)))).scalar_one()
            return found


@pytest.fixture
async def notebook(database: Database) -> AsyncIterator[Notebook]:
    notebook = Notebook(database)
    yield notebook
    notebook.applier.gate.set()
    await notebook.writer.close(5)


def refusals(results: Sequence[BaseException | None]) -> list[type[BaseException] | None]:
    """What became of callers: None where they were answered."""
    return [None if result is None else type(result) for result in results]


async def test_an_answered_entry_is_a_committed_entry(notebook: Notebook) -> None:
    for number in range(1, 6):
        note = Note()
        await notebook.writer.submit([note])
        assert note.result == ItemResult.accepted(note.id)
        assert await notebook.count() == number


async def test_callers_share_transactions(notebook: Notebook) -> None:
    held = await notebook.hold()
    waiting = [notebook.submit(Note()) for _ in range(8)]
    await asyncio.sleep(0)
    assert notebook.writer.stats.queued == 8
    assert await notebook.count() == 0
    notebook.applier.gate.set()
    await asyncio.gather(*held, *waiting)
    assert sum(notebook.applier.flushes) == len(held) + 8
    assert len(notebook.applier.flushes) == len(held) + 1
    assert await notebook.count() == len(held) + 8
    assert notebook.writer.stats.queued == 0


async def test_small_transactions_come_one_after_the_other(database: Database) -> None:
    notebook = Notebook(database, WriterSettings(parallel_items=4, delay_ms=0))
    notebook.applier.gate.clear()
    first = notebook.submit(Note())
    await asyncio.wait_for(notebook.applier.entered.wait(), 5)
    waiting = [notebook.submit(Note()) for _ in range(3)]
    await asyncio.sleep(0.05)
    assert notebook.applier.flushes == [1]
    assert notebook.writer.stats.queued == 3
    notebook.applier.gate.set()
    await asyncio.gather(first, *waiting)
    assert notebook.applier.flushes == [1, 3]
    await notebook.writer.close(5)


async def test_a_large_one_does_not_wait_for_them(database: Database) -> None:
    notebook = Notebook(database, WriterSettings(parallel_items=4, delay_ms=0))
    notebook.applier.gate.clear()
    waiting = [notebook.submit(Note())]
    await asyncio.wait_for(notebook.applier.entered.wait(), 5)
    waiting.append(notebook.submit(*(Note() for _ in range(4))))
    await asyncio.sleep(0.05)
    many = database.dialect.parallel_writers > 1
    assert notebook.applier.flushes == ([1, 4] if many else [1])
    notebook.applier.gate.set()
    await asyncio.gather(*waiting)
    assert notebook.applier.flushes == [1, 4]
    await notebook.writer.close(5)


async def test_a_large_queue_is_written_in_several_transactions(database: Database) -> None:
    notebook = Notebook(
        database, WriterSettings(queue_items=100, flush_items=5, parallel_items=1, delay_ms=0)
    )
    held = await notebook.hold()
    waiting = [notebook.submit(Note(), Note(), Note()) for _ in range(8)]
    await asyncio.sleep(0)
    notebook.applier.gate.set()
    await asyncio.gather(*held, *waiting)
    # What one caller sent together stays together: five and the rest of a submission.
    assert notebook.applier.flushes[len(held) :] == [6, 6, 6, 6]
    await notebook.writer.close()


async def test_a_full_queue_refuses_at_once(notebook: Notebook) -> None:
    held = await notebook.hold()
    waiting = [notebook.submit(*(Note() for _ in range(5))) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(
        OverloadedError, match="10 entries wait to be written, at most 10 may"
    ) as refused:
        await notebook.writer.submit([Note()])
    assert refused.value.retryable
    assert notebook.writer.stats.refused == 1
    notebook.applier.gate.set()
    await asyncio.gather(*held, *waiting)
    await notebook.writer.submit([Note()])
    assert await notebook.count() == len(held) + 11


async def test_one_batch_may_be_larger_than_the_queue(notebook: Notebook) -> None:
    await notebook.writer.submit([Note() for _ in range(25)])
    assert await notebook.count() == 25


async def test_nothing_to_write(notebook: Notebook) -> None:
    await notebook.writer.submit([])
    assert notebook.writer.stats.flushes == 0


def broken(_: Flush, entries: list[Note]) -> None:
    """A mistake in an applier that one entry brings to light."""
    for entry in entries:
        if entry.used == "broken":
            raise KeyError("broken")


@pytest.mark.parametrize("poison", [None, TOO_LARGE, "broken"], ids=["null", "large", "bug"])
async def test_what_cannot_be_written_costs_only_its_own_caller(
    notebook: Notebook, poison: Any
) -> None:
    notebook.applier.before = broken
    held = await notebook.hold()
    notes = [[Note()], [Note(), Note(poison)], [Note(), Note()]]
    waiting = [notebook.submit(*some) for some in notes]
    await asyncio.sleep(0)
    notebook.applier.gate.set()
    await asyncio.gather(*held)
    first, second, third = await asyncio.gather(*waiting, return_exceptions=True)
    assert (first, third) == (None, None)
    assert second is not None
    assert not isinstance(second, OverloadedError), "to send it again is of no use"
    assert await notebook.count() == len(held) + 3, "nothing of what was refused"
    assert all(note.result for note in (*notes[0], *notes[2]))
    await notebook.writer.submit([Note()])


async def test_contention_is_tried_again(notebook: Notebook) -> None:
    left = CONTENTION_TRIES - 1

    def busy(*_: Any) -> None:
        nonlocal left
        left -= 1
        if left >= 0:
            raise ContentionError("busy")

    notebook.applier.before = busy
    note = Note()
    await notebook.writer.submit([note])
    assert note.result is not None
    assert notebook.writer.stats.retries == CONTENTION_TRIES - 1
    assert await notebook.count() == 1


async def test_contention_that_does_not_end_is_told(notebook: Notebook) -> None:
    def busy(*_: Any) -> None:
        raise ContentionError("busy with the same records")

    notebook.applier.before = busy
    with pytest.raises(ContentionError) as refused:
        await notebook.writer.submit([Note()])
    assert refused.value.retryable
    assert refused.value.code == "OVERLOADED"
    assert len(notebook.applier.flushes) == CONTENTION_TRIES
    assert await notebook.count() == 0


async def test_a_result_of_a_try_that_was_rolled_back_is_forgotten(notebook: Notebook) -> None:
    seen: list[ItemResult | None] = []

    def busy(_: Flush, entries: list[Note]) -> None:
        seen.append(entries[0].result)
        if len(seen) == 1:
            entries[0].result = ItemResult.duplicate(entries[0].id)
            raise ContentionError("busy")

    notebook.applier.before = busy
    await notebook.writer.submit([Note()])
    assert seen == [None, None]


async def test_a_caller_that_goes_away_before_its_flush_writes_nothing(notebook: Notebook) -> None:
    held = await notebook.hold()
    gone, stays = notebook.submit(Note(), Note()), notebook.submit(Note())
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    notebook.applier.gate.set()
    await asyncio.gather(*held, stays)
    assert gone.cancelled()
    assert await notebook.count() == len(held) + 1
    assert notebook.writer.stats.queued == 0


async def test_a_caller_that_goes_away_during_its_flush_disturbs_nobody(notebook: Notebook) -> None:
    gone, *others = await notebook.hold()
    gone.cancel()
    await asyncio.sleep(0)
    notebook.applier.gate.set()
    await asyncio.gather(*others)
    await notebook.writer.submit([Note()])
    await notebook.writer.close(5)  # nobody waits for the flush of the one that went away
    assert gone.cancelled()
    assert await notebook.count() == len(others) + 2, "it was under way: it is written"


async def test_a_notice_is_given_after_the_commit(notebook: Notebook) -> None:
    told: list[str] = []

    def notify(flush: Flush, entries: list[Note]) -> None:
        flush.notices.append(lambda: told.append("committed"))
        assert not told
        if entries[0].used is None:
            raise KeyError("broken")

    notebook.applier.before = notify
    with pytest.raises(KeyError):
        await notebook.writer.submit([Note(None)])
    assert told == [], "what was rolled back is not told"
    await notebook.writer.submit([Note()])
    assert told == ["committed"]


async def test_close_writes_what_is_queued(notebook: Notebook) -> None:
    held = await notebook.hold()
    waiting = [notebook.submit(Note()) for _ in range(8)]
    await asyncio.sleep(0)
    closing = asyncio.create_task(notebook.writer.close(5))
    await asyncio.sleep(0)
    with pytest.raises(OverloadedError, match="The server is stopping"):
        await notebook.writer.submit([Note()])
    notebook.applier.gate.set()
    assert await closing == 0
    await asyncio.gather(*held, *waiting)
    assert await notebook.count() == len(held) + 8
    with pytest.raises(OverloadedError, match="The server is stopping"):
        await notebook.writer.submit([Note()])


async def test_close_counts_what_it_had_no_time_to_write(notebook: Notebook) -> None:
    held = await notebook.hold(Note(), Note())
    waiting = [notebook.submit(Note()) for _ in range(3)]
    await asyncio.sleep(0)
    left = await notebook.writer.close(0.05)
    results = await asyncio.gather(*held, *waiting, return_exceptions=True)
    assert refusals(results) == [OverloadedError] * len(results)
    assert left == 2 * len(held) + 3
    assert await notebook.count() == 0


async def test_close_leaves_no_caller_waiting_while_a_batch_is_taken_apart(
    notebook: Notebook,
) -> None:
    held = await notebook.hold()
    waiting = [notebook.submit(Note(None)), *(notebook.submit(Note()) for _ in range(3))]
    await asyncio.sleep(0)

    def hold_what_follows_the_poison(_: Flush, entries: list[Note]) -> None:
        if [entry.used for entry in entries] == [None]:
            notebook.applier.gate.clear()

    notebook.applier.before = hold_what_follows_the_poison
    notebook.applier.gate.set()
    await asyncio.gather(*held)
    await asyncio.wait(waiting, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(0.05)
    await notebook.writer.close(0.05)
    results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 2)
    assert refusals(results)[0] is DatabaseFailureError
    assert set(refusals(results)[1:]) <= {None, OverloadedError}
    assert OverloadedError in refusals(results)


async def test_a_writer_can_be_started_again(notebook: Notebook) -> None:
    assert await notebook.writer.close() == 0
    notebook.writer.start()
    await notebook.writer.submit([Note()])
    assert await notebook.count() == 1
