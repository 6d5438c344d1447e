"""Follow a stream: first the stored items, then live ones through a bounded queue."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from store.errors import OverloadedError, StoreError
from subscriptions.streams import Item, Missed, Page, Place, Stream

MAX_QUEUED_ITEMS = 256
"""Per follower. Queued items are shared, so each costs a few hundred bytes."""

MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.25, 16.0
"""Between two tries to read while the database is unavailable; doubles each time."""


class Policy(StrEnum):
    """Say how to handle a follower that is slower than its stream."""

    READ = "READ"
    """Reads what it has missed; nothing is skipped."""
    GAP = "GAP"
    """Receives the queued items, then a gap, then new items."""
    COALESCE = "COALESCE"
    """Receives a gap, then the newest items."""
    CLOSE = "CLOSE"
    """Ends with an error that says where to continue."""


@dataclass(slots=True)
class Loss:
    count: int
    after: Place
    through: Place


class Subscriber:
    """Follow a stream from a place on; iterate it once.

    Raises ``OverloadedError`` if it is too slow under ``Policy.CLOSE``, and the error with which its
    stream ends. Unsubscribes however the iteration ends.
    """

    def __init__(
        self,
        stream: Stream,
        after: Place | None,
        policy: Policy,
        queue_items: int = MAX_QUEUED_ITEMS,
    ) -> None:
        self._stream = stream
        self._place = after
        self._policy = policy
        self._limit = queue_items
        self._queue: deque[Item] = deque()
        self._loss: Loss | None = None
        self._is_live = False
        self._must_read = False
        self._waits: asyncio.Future[None] | None = None
        self._error: StoreError | None = None

    async def items(self) -> AsyncIterator[Item]:
        stream = self._stream
        stream.subscribe(self)
        try:
            if self._place is None:
                self._place = await stream.start()
            while True:
                async for item in self._read():
                    yield item
                    if item.ends:
                        return
                if not self._is_live:
                    return  # the stream has ended
                async for item in self._follow():
                    yield item
                    if item.ends:
                        return
        finally:
            stream.unsubscribe(self)
            self._queue.clear()

    async def _read(self) -> AsyncIterator[Item]:
        """Yield the items before the stream's head, then go live unless the stream has ended."""
        self._is_live = False
        while True:
            self._must_read = False
            page = await self._page()
            for item in page.items:
                self._place = item.place
                yield item
            self._place = page.through
            if page.ended:
                return
            if not (page.is_full or self._must_read) and self._stream.try_go_live(page.through):
                self._is_live = True
                return

    async def _page(self) -> Page:
        pause = MIN_PAUSE_SECONDS
        while True:
            try:
                return await self._stream.read(self._place)
            except OverloadedError:
                if pause > MAX_PAUSE_SECONDS:
                    raise
                await asyncio.sleep(pause)
                pause *= 2

    async def _follow(self) -> AsyncIterator[Item]:
        queue, loop = self._queue, asyncio.get_running_loop()
        while True:
            while queue:
                if self._loss is not None and self._policy is Policy.COALESCE:
                    yield await self._gap()
                    continue
                item = queue.popleft()
                self._place = item.place
                yield item
            if self._loss is not None:
                if self._policy is Policy.CLOSE:
                    raise OverloadedError(
                        "The subscription was slower than its stream. Resume from the last cursor."
                    )
                yield await self._gap()
            if self._error is not None:
                raise self._error
            if self._must_read:
                return
            if not queue:
                self._waits = loop.create_future()  # half the price of an Event, for every item
                await self._waits

    async def _gap(self) -> Item:
        loss, self._loss = self._loss, None
        assert loss is not None
        if not self._queue:
            self._place = max(self._place, loss.through)
        return await self._stream.gap(Missed(loss.count, loss.after, loss.through))

    # --- called by the stream --------------------------------------------------------------------

    def receive(self, items: Sequence[Item]) -> None:
        if not self._is_live or self._must_read:
            return
        for item in items:
            if self._place is None or item.place > self._place:
                self._take(item)
        self._wake()

    def invalidate(self) -> None:
        self._must_read = True
        self._wake()

    def fail(self, error: StoreError) -> None:
        self._error = error
        self._wake()

    def _wake(self) -> None:
        if self._waits is not None and not self._waits.done():
            self._waits.set_result(None)

    def _take(self, item: Item) -> None:
        if self._loss is not None and self._policy in (Policy.GAP, Policy.CLOSE):
            self._loss.count += 1
            self._loss.through = item.place
            return
        if len(self._queue) < self._limit:
            self._queue.append(item)
            return
        if self._policy is Policy.READ:
            self._must_read = True
        elif self._policy is Policy.COALESCE:
            self._queue.append(item)
            self._coalesce()
        else:
            self._loss = Loss(1, self._queue[-1].place, item.place)

    def _coalesce(self) -> None:
        """Keep the newest item of each group, and of these the newest half."""
        newest: dict[Hashable, Item] = {}
        for item in self._queue:
            group = item.place if item.group is None else item.group
            newest.pop(group, None)
            newest[group] = item
        newest_items = list(newest.values())[-(self._limit // 2) :]
        dropped = len(self._queue) - len(newest_items)
        through = newest_items[-1].place
        after = self._place if self._loss is None else self._loss.after
        count = dropped + (0 if self._loss is None else self._loss.count)
        self._loss = Loss(count, after, through)
        self._queue.clear()
        self._queue.extend(newest_items)
