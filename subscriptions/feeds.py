"""Feeds as streams: one follower per feed reads for all who follow it, each with a question."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from store.database import DatabaseFailure, Row
from store.errors import StoreError
from store.feeds.reading import QUESTIONS_PER_STATEMENT, FeedPage, FeedQuestion, FeedReader
from store.feeds.sources import Position
from subscriptions.streams import Item, Missed, Page, Stream

ROWS_AT_ONCE = 500
"""Rows that one statement reads."""
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
        self, follower: "FeedFollower", question: FeedQuestion, group: Callable[[Row], Hashable]
    ) -> None:
        super().__init__()
        self._follower = follower
        self._reader = follower.reader
        self.question = question
        self._group = group

    def begin(self) -> None:
        self._follower.add(self)

    def end(self) -> None:
        self._follower.remove(self)
        self.head = None

    async def start(self) -> Position:
        """With what is new."""
        return await self._reader.now()

    async def read(self, after: Position | None) -> Page:
        assert after is not None  # it starts with what is new
        page = await self._reader.read([self.question], after, ROWS_AT_ONCE)
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
            except (StoreError, DatabaseFailure):
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
        position, page = self._position, None
        found: dict[FeedStream, list[Item]] = {stream: [] for stream in asked}
        through, is_full = None, False
        for start in range(0, len(asked), QUESTIONS_PER_STATEMENT):
            some = asked[start : start + QUESTIONS_PER_STATEMENT]
            page = await self.reader.read([s.question for s in some], position, ROWS_AT_ONCE)
            for row, answered in page.rows:
                for n in answered:
                    found[some[n]].append(some[n].item(row, replayed=False))
            through = page.through if through is None else min(through, page.through)
            is_full = is_full or page.is_full
        assert page is not None
        assert through is not None
        self._position = through
        for stream in tuple(self.streams):
            if stream in found:
                stream.tell([i for i in found[stream] if i.place <= through], through)
            else:
                stream.lose(through)  # it came while the feed was read
        return FeedPage((), through, is_full, page.is_held)


def no_group(_row: Any) -> None:
    """Every row says something of its own."""
    return
