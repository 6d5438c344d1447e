"""Feeds as streams: one follower per feed reads for all who follow it, each with a question."""

import asyncio
import contextlib
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
from subscriptions.streams import Item, Missed, Page, Stream

ROWS_AT_ONCE = 500
"""Rows that one statement reads."""
READS_AT_ONCE = 4
"""Streams that are read one by one, after a statement for all of them failed."""
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 1.0
"""Seconds between two looks while a transaction still runs that may hold something back."""
CALM_SECONDS = 0.005
"""Seconds between two reads: commits within them are read together."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A row of a feed, and where to continue after it."""

    row: Row
    replayed: bool


@dataclass(frozen=True, slots=True)
class FeedGap:
    """What a slow reader has missed: how much, and between which cursors."""

    missed: int
    from_cursor: str
    to_cursor: str


class FeedStream(Stream):
    """What answers one question."""

    def __init__(
        self, follower: "FeedFollower", question: FeedQuery, group: Callable[[Row], Hashable]
    ) -> None:
        super().__init__()
        self._follower = follower
        self._reader = follower.reader
        self.question = question
        self.values = question.values
        self._group = group

    def begin(self) -> None:
        self._follower.add(self)

    def end(self) -> None:
        self._follower.remove(self)
        self.head = self.error = None

    async def start(self) -> Position:
        """With what is new."""
        return await self._reader.now()

    async def read(self, after: Position | None) -> Page:
        assert after is not None  # it starts with what is new
        try:
            page = await self._reader.catch_up(self.question, after, ROWS_AT_ONCE)
        except StoreError:
            raise
        except Exception as error:
            log.warning("a filter of a feed cannot be answered", exc_info=True)
            raise FeedError(error) from error
        items = [self.item(row, replayed=True) for row, _ in page.rows]
        if page.is_held:
            self._follower.wake()  # it looks again until nothing is held back
        return Page(items, page.through, page.is_full)

    def item(self, row: Row, *, replayed: bool) -> Item:
        """A row as it is delivered."""
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
    """Reads one feed for all its streams, whenever something was committed; idle otherwise."""

    reader: FeedReader
    streams: dict[FeedStream, None] = field(default_factory=dict)
    _position: Position | None = None
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    def add(self, stream: FeedStream) -> None:
        """Read for ``stream``, too."""
        self.streams[stream] = None
        if self._task is None:
            self._position = None
            self._task = asyncio.create_task(
                self._run(), name=f"feed-{self.reader.feed.table.name}"
            )
        self.wake()

    def remove(self, stream: FeedStream) -> None:
        """Read for ``stream`` no more."""
        self.streams.pop(stream, None)
        if not self.streams and self._task is not None:
            self._task.cancel()
            self._task = None

    def wake(self) -> None:
        """Something may have been committed."""
        if self.streams:
            self._wake.set()

    async def close(self) -> None:
        """Stop."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _run(self) -> None:
        pause = FIRST_PAUSE
        is_held = False
        while True:
            if not is_held:
                await self._wake.wait()
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), pause)
            if self._wake.is_set():
                pause = FIRST_PAUSE
            self._wake.clear()
            try:
                page = await self._advance()
            except Exception:  # the follower's edge: every stream depends on this loop
                log.warning("a feed could not be read: it will be tried again", exc_info=True)
                is_held = True
                pause = min(pause * 2, LONGEST_PAUSE)
                continue
            if page.is_full:
                self._wake.set()
            is_held = page.is_held
            pause = min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(CALM_SECONDS)

    async def _advance(self) -> FeedPage:
        """Read on from where it stood, and tell every stream."""
        asked = list(self.streams)
        if self._position is None:
            # Whoever was here before has read for itself up to somewhere before this.
            self._position = await self.reader.now()
            for stream in self.streams:
                stream.lose(self._position)
        found: dict[FeedStream, list[Item]] = {stream: [] for stream in asked}
        pages: list[FeedPage] = []
        for batch in batches(asked):
            for streams, page in await self._read(batch, self._position):
                pages.append(page)
                for row, answered in page.rows:
                    for n in answered:
                        found[streams[n]].append(streams[n].item(row, replayed=False))
        through = min((page.through for page in pages), default=self._position)
        self._position = through
        for stream in tuple(self.streams):
            if stream in found:
                stream.tell([i for i in found[stream] if i.place <= through], through)
            else:
                stream.lose(through)  # it came while the feed was read
        is_full, is_held = (any(p.is_full for p in pages), any(p.is_held for p in pages))
        return FeedPage((), through, is_full, is_held)

    async def _read(
        self, streams: Sequence[FeedStream], after: Position
    ) -> list[tuple[Sequence[FeedStream], FeedPage]]:
        """Read for several streams at once; for each by itself where one of them cannot be read.

        What fails whatever is asked is raised. A stream that fails alone ends with an error, and
        the others are read without it.
        """
        try:
            questions = [stream.question for stream in streams]
            return [(streams, await self.reader.read(questions, after, ROWS_AT_ONCE))]
        except (OverloadedError, ContentionError):
            raise
        except Exception as error:
            if len(streams) > 1:
                return await self._read_each(streams, after)
            await self.reader.probe(after)
            (stream,) = streams
            log.warning("a subscription ended: its filter cannot be answered", exc_info=True)
            self.streams.pop(stream, None)
            stream.fail(FeedError(error))
            return []

    async def _read_each(
        self, streams: Sequence[FeedStream], after: Position
    ) -> list[tuple[Sequence[FeedStream], FeedPage]]:
        """Read for each stream by itself, a few at once: several that are slow take as long as one."""
        places = asyncio.Semaphore(READS_AT_ONCE)

        async def read(stream: FeedStream) -> list[tuple[Sequence[FeedStream], FeedPage]]:
            async with places:
                return await self._read([stream], after)

        async with asyncio.TaskGroup() as reading:
            tasks = [reading.create_task(read(stream)) for stream in streams]
        return [pair for task in tasks for pair in task.result()]


def batches(streams: Iterable[FeedStream]) -> Iterator[list[FeedStream]]:
    """Divide streams, in their order, among statements that each database can take."""
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
    """Every row says something of its own."""
    return
