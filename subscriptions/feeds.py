"""Stream feeds: one follower per feed reads for all its subscribers, each with its own query."""

import asyncio
import logging
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from store.database import ContentionError, Row
from store.errors import OverloadedError, StoreError
from store.feeds.reading import (
    QUERIES_PER_STATEMENT,
    VALUES_PER_STATEMENT,
    FeedError,
    FeedPage,
    FeedQuery,
    FeedReader,
)
from store.feeds.sources import Position
from store.maintenance.failure_log import FailureLog
from store.maintenance.periodic import RUN_AGAIN, PeriodicTask, Schedule
from subscriptions.streams import Item, Missed, Page, Stream

MAX_ROWS_PER_READ = 500
"""Per statement."""
MAX_CONCURRENT_READS = 4
"""When streams are read separately after a combined statement failed."""
MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.02, 1.0
"""Between two reads while a running transaction may still hold back rows."""
COMMIT_BATCH_SECONDS = 0.005
"""Pause between two reads; commits within it are read together."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FeedRow:
    row: Row
    replayed: bool


@dataclass(frozen=True, slots=True)
class FeedGap:
    missed: int
    from_cursor: str
    to_cursor: str


class FeedStream(Stream):
    def __init__(
        self, follower: "FeedFollower", question: FeedQuery, group: Callable[[Row], Hashable]
    ) -> None:
        super().__init__()
        self._follower = follower
        self._reader = follower.reader
        self.question = question
        self.values = question.values
        self._group = group

    def on_first_subscriber(self) -> None:
        self._follower.subscribe(self)

    def on_last_unsubscribed(self) -> None:
        self._follower.unsubscribe(self)
        self.head = self.error = None

    async def start(self) -> Position:
        return await self._reader.now()

    async def read(self, after: Position | None) -> Page:
        assert after is not None  # start() returned a position
        try:
            page = await self._reader.catch_up(self.question, after, MAX_ROWS_PER_READ)
        except StoreError:
            raise
        except Exception as error:
            log.warning("the database cannot evaluate a feed filter", exc_info=True)
            raise FeedError(error) from error
        items = [self.item(row, replayed=True) for row, _ in page.rows]
        if page.is_held:
            self._follower.wake()  # reads again until nothing is held back
        return Page(items, page.through, page.is_full)

    def item(self, row: Row, *, replayed: bool) -> Item:
        return Item(self._reader.feed.place(row), FeedRow(row, replayed), self._group(row))

    async def gap(self, missed: Missed) -> Item:
        value = FeedGap(
            missed.count,
            self._reader.cursor_of(missed.after),
            self._reader.cursor_of(missed.through),
        )
        return Item(missed.through, value)


@dataclass(eq=False, slots=True)
class FeedFollower:
    """Read one feed for all its streams after each commit; idle otherwise."""

    reader: FeedReader
    streams: dict[FeedStream, None] = field(default_factory=dict)
    task: PeriodicTask = field(init=False)
    _position: Position | None = None
    _pause: float = MIN_PAUSE_SECONDS

    def __post_init__(self) -> None:
        schedule = Schedule(
            None,
            retry=MIN_PAUSE_SECONDS,
            max_retry=MAX_PAUSE_SECONDS,
            settle=COMMIT_BATCH_SECONDS,
        )
        failures = FailureLog(log, "feed read failed; retrying")
        name = f"feed-{self.reader.feed.table.name}"
        self.task = PeriodicTask(name, self._follow, schedule, failures)

    def subscribe(self, stream: FeedStream) -> None:
        self.streams[stream] = None
        if not self.task.is_running:
            self._position = None
            self.task.start()
        self.wake()

    def unsubscribe(self, stream: FeedStream) -> None:
        self.streams.pop(stream, None)
        if not self.streams:
            self.task.cancel()

    def wake(self) -> None:
        if self.streams:
            self._pause = MIN_PAUSE_SECONDS
            self.task.wake()

    async def close(self) -> None:
        await self.task.stop()

    async def _follow(self) -> float | None:
        """Read what was committed; return when to look again for rows that are held back."""
        page = await self._advance()
        if page.is_full:
            return RUN_AGAIN
        if not page.is_held:
            return None
        pause, self._pause = self._pause, min(self._pause * 2, MAX_PAUSE_SECONDS)
        return pause

    async def _advance(self) -> FeedPage:
        current_streams = list(self.streams)
        if self._position is None:
            # Earlier subscribers have read up to a position before this one.
            self._position = await self.reader.now()
            for stream in self.streams:
                stream.invalidate(self._position)
        items: dict[FeedStream, list[Item]] = {stream: [] for stream in current_streams}
        pages: list[FeedPage] = []
        for batch in batches(current_streams):
            for streams, page in await self._read(batch, self._position):
                pages.append(page)
                for row, answered in page.rows:
                    for n in answered:
                        items[streams[n]].append(streams[n].item(row, replayed=False))
        through = min((page.through for page in pages), default=self._position)
        self._position = through
        for stream in tuple(self.streams):
            if stream in items:
                stream.publish([i for i in items[stream] if i.place <= through], through)
            else:
                stream.invalidate(through)  # subscribed during the read
        is_full, is_held = (any(p.is_full for p in pages), any(p.is_held for p in pages))
        return FeedPage((), through, is_full, is_held)

    async def _read(
        self, streams: Sequence[FeedStream], after: Position
    ) -> list[tuple[Sequence[FeedStream], FeedPage]]:
        """Read for several streams at once, or one by one if a combined read fails.

        Raises errors that affect every stream. A stream that fails alone ends with its error.
        """
        try:
            questions = [stream.question for stream in streams]
            return [(streams, await self.reader.read(questions, after, MAX_ROWS_PER_READ))]
        except (OverloadedError, ContentionError):
            raise
        except Exception as error:
            if len(streams) > 1:
                return await self._read_each(streams, after)
            await self.reader.probe(after)
            (stream,) = streams
            log.warning(
                "subscription ended: the database cannot evaluate its filter", exc_info=True
            )
            self.streams.pop(stream, None)
            stream.fail(FeedError(error))
            return []

    async def _read_each(
        self, streams: Sequence[FeedStream], after: Position
    ) -> list[tuple[Sequence[FeedStream], FeedPage]]:
        """Read for each stream separately, a few concurrently so that slow ones do not add up."""
        slots = asyncio.Semaphore(MAX_CONCURRENT_READS)

        async def read(stream: FeedStream) -> list[tuple[Sequence[FeedStream], FeedPage]]:
            async with slots:
                return await self._read([stream], after)

        async with asyncio.TaskGroup() as reading:
            tasks = [reading.create_task(read(stream)) for stream in streams]
        return [pair for task in tasks for pair in task.result()]


def batches(streams: Iterable[FeedStream]) -> Iterator[list[FeedStream]]:
    batch: list[FeedStream] = []
    values = 0
    for stream in streams:
        is_full = len(batch) == QUERIES_PER_STATEMENT
        if batch and (is_full or values + stream.values > VALUES_PER_STATEMENT):
            yield batch
            batch, values = [], 0
        batch.append(stream)
        values += stream.values
    if batch:
        yield batch


def no_group(_row: Any) -> None:
    return
