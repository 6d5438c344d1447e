"""Share one execution among equal subscriptions: a stream whose items are encoded answers."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from store.errors import StoreError
from subscriptions.streams import Item, Missed, Page, Place, Stream

MAX_PENDING_ITEMS = 2_000
"""Waiting to be executed; beyond it, all followers read what they have missed."""

LISTENERS_PER_TURN = 50
"""Served before other tasks get a turn; so many messages take a millisecond."""

log = logging.getLogger(__name__)

Execute = Callable[[Item], Awaitable[str]]
"""Returns the encoded answer to an item."""


class UpstreamListener:
    def __init__(self, shared: "SharedExecution") -> None:
        self._shared = shared

    def receive(self, items: Sequence[Item]) -> None:
        self._shared.receive(items)

    def invalidate(self) -> None:
        self._shared.invalidate_pending()

    def fail(self, error: StoreError) -> None:
        self._shared.fail_after_pending(error)


class SharedExecution(Stream):
    """Follow a stream and publish the encoded answer to each item, executed once for all followers.

    Followers go live at the place they have read to; items that are published but not yet executed
    reach them afterwards.
    """

    def __init__(self, stream: Stream, execute: Execute, on_ended: Callable[[], None]) -> None:
        super().__init__()
        self._stream = stream
        self._execute = execute
        self._on_ended = on_ended
        self._upstream = UpstreamListener(self)
        self._pending: deque[Item] = deque()
        self._failure: StoreError | None = None
        self._has_work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._reads: dict[Place | None, asyncio.Task[Page]] = {}

    def on_first_subscriber(self) -> None:
        self._stream.subscribe(self._upstream)
        self._task = asyncio.create_task(self._run(), name="live-execution")

    def on_last_unsubscribed(self) -> None:
        self._stream.unsubscribe(self._upstream)
        for task in (self._task, *self._reads.values()):
            if task is not None:
                task.cancel()
        self._task = self.head = None
        self._pending.clear()
        self._on_ended()

    def try_go_live(self, through: Place) -> bool:
        if self._stream.head is None:
            self._stream.try_go_live(through)
        if self.head is None:
            # Another selection may have gone live later; earlier items are published to nobody.
            self.head = self._stream.head
        return super().try_go_live(through)

    async def start(self) -> Place | None:
        return await self._stream.start()

    async def read(self, after: Place | None) -> Page:
        """Share a read with all who read after the same place at the same time.

        A finished read is not reused: a later reader must see newer items.
        """
        task = self._reads.get(after)
        if task is None or task.done():
            task = asyncio.create_task(self._read(after), name="live-read")
            self._reads[after] = task
            task.add_done_callback(lambda done: self._forget(after, done))
        return await asyncio.shield(task)

    def _forget(self, after: Place | None, read: asyncio.Task[Page]) -> None:
        if self._reads.get(after) is read:
            del self._reads[after]

    async def gap(self, missed: Missed) -> Item:
        return await self._answer(await self._stream.gap(missed))

    def receive(self, items: Sequence[Item]) -> None:
        self._pending.extend(items)
        if len(self._pending) > MAX_PENDING_ITEMS:
            self.invalidate_pending()
        self._has_work.set()

    def fail_after_pending(self, error: StoreError) -> None:
        self._failure = error
        self._has_work.set()

    def invalidate_pending(self) -> None:
        self._pending.clear()
        self.invalidate(self._stream.head)

    async def _run(self) -> None:
        pending = self._pending
        try:
            while self._failure is None or pending:
                while pending:
                    item = pending.popleft()
                    await self._spread(await self._answer(item))
                if self._failure is None:
                    self._has_work.clear()
                    await self._has_work.wait()
        except Exception:  # its followers would wait forever
            log.exception("subscription execution failed")
            self._failure = StoreError("The server could not execute this subscription. Try again")
        self.fail(self._failure)

    async def _spread(self, answer: Item) -> None:
        """Publish to all followers, yielding to other tasks between groups of them.

        A follower that reads and goes live in between has read this answer and skips it by its place.
        """
        self.head = answer.place
        listeners = tuple(self._listeners)
        for start in range(0, len(listeners), LISTENERS_PER_TURN):
            for listener in listeners[start : start + LISTENERS_PER_TURN]:
                listener.receive((answer,))
            await asyncio.sleep(0)

    async def _read(self, after: Place | None) -> Page:
        page = await self._stream.read(after)
        items = [await self._answer(item) for item in page.items]
        return Page(items, page.through, page.is_full, page.ended)

    async def _answer(self, item: Item) -> Item:
        encoded: Any = await self._execute(item)
        return Item(item.place, encoded, item.group, item.ends)
