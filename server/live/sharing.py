"""One execution for all equal subscriptions: a stream whose items are encoded answers."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from store.errors import StoreError
from subscriptions.streams import Item, Missed, Page, Place, Stream

PENDING_ITEMS = 2_000
"""Items that wait to be executed; where more come, all followers read what they have missed."""

TOLD_AT_ONCE = 50
"""Followers that are told before others have their turn: so many messages take a millisecond."""

log = logging.getLogger(__name__)

Execute = Callable[[Item], Awaitable[str]]
"""Makes the encoded answer to an item."""


class UpstreamListener:
    """What a shared execution hears of its stream."""

    def __init__(self, shared: "SharedExecution") -> None:
        self._shared = shared

    def tell(self, items: Sequence[Item]) -> None:
        """Execute them, in order."""
        self._shared.hear(items)

    def lose(self) -> None:
        """Its followers must read."""
        self._shared.miss()

    def fail(self, error: StoreError) -> None:
        """End with an error, after what was heard before."""
        self._shared.end_with(error)


class SharedExecution(Stream):
    """Follows a stream; its own items are the answers to a selection, each made once.

    Followers join where they have read to: what the stream has told and is not executed yet is
    told to them then.
    """

    def __init__(self, stream: Stream, execute: Execute, ended: Callable[[], None]) -> None:
        super().__init__()
        self._stream = stream
        self._execute = execute
        self._ended = ended
        self._ear = UpstreamListener(self)
        self._pending: deque[Item] = deque()
        self._failure: StoreError | None = None
        self._heard = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._reads: dict[Place | None, asyncio.Task[Page]] = {}

    def begin(self) -> None:
        self._stream.listen(self._ear)
        self._task = asyncio.create_task(self._run(), name="live-execution")

    def end(self) -> None:
        self._stream.leave(self._ear)
        for task in (self._task, *self._reads.values()):
            if task is not None:
                task.cancel()
        self._task = self.head = None
        self._pending.clear()
        self._ended()

    def join(self, through: Place) -> bool:
        if self._stream.head is None:
            self._stream.join(through)
        if self.head is None:
            # Another selection may have joined further on: what lies before is told to nobody.
            self.head = self._stream.head
        return super().join(through)

    async def start(self) -> Place | None:
        return await self._stream.start()

    async def read(self, after: Place | None) -> Page:
        """Those who read after the same place at the same time share a read, too.

        A read that is over is of the past: whoever reads again has to see what came since.
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

    def hear(self, items: Sequence[Item]) -> None:
        """Items of the stream."""
        self._pending.extend(items)
        if len(self._pending) > PENDING_ITEMS:
            self.miss()
        self._heard.set()

    def end_with(self, error: StoreError) -> None:
        """End with an error once what is pending has been answered."""
        self._failure = error
        self._heard.set()

    def miss(self) -> None:
        """Items were lost."""
        self._pending.clear()
        self.lose(self._stream.head)

    async def _run(self) -> None:
        pending = self._pending
        try:
            while self._failure is None or pending:
                while pending:
                    item = pending.popleft()
                    await self._spread(await self._answer(item))
                if self._failure is None:
                    self._heard.clear()
                    await self._heard.wait()
        except Exception:  # its followers would wait for ever
            log.exception("a subscription could not be executed")
            self._failure = StoreError("The server could not execute this subscription. Try again")
        self.fail(self._failure)

    async def _spread(self, answer: Item) -> None:
        """Tell all followers, some at a time: a writer need not wait until everybody knows.

        Whoever reads and joins in between has read this answer, too, and skips it by its place.
        """
        self.head = answer.place
        listeners = tuple(self._listeners)
        for start in range(0, len(listeners), TOLD_AT_ONCE):
            for listener in listeners[start : start + TOLD_AT_ONCE]:
                listener.tell((answer,))
            await asyncio.sleep(0)

    async def _read(self, after: Place | None) -> Page:
        page = await self._stream.read(after)
        items = [await self._answer(item) for item in page.items]
        return Page(items, page.through, page.is_full, page.ended)

    async def _answer(self, item: Item) -> Item:
        encoded: Any = await self._execute(item)
        return Item(item.place, encoded, item.group, item.ends)
