"""Live answers: a question that is asked again when its answer may have changed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from store.database import DatabaseFailureError
from store.errors import StoreError
from subscriptions.streams import Item, Missed, Page, Stream

RECHECK_SECONDS = 15.0
"""The clock is looked at this often, so that a machine that slept or a clock that was set is noticed."""
RETRY = timedelta(seconds=10)
"""When it is tried again to find out when an answer changes, where the database did not say."""

log = logging.getLogger(__name__)
NextChange = Callable[[datetime], Awaitable[datetime | None]]
"""When the answer of an instant may change although nothing is recorded; None for never."""


async def never(at: datetime) -> datetime | None:
    """Say that an answer changes only when something is recorded."""
    del at
    return None


class StatsStream(Stream):
    """The answer to one question; places count how often it was asked.

    It is asked again at most once in ``interval``, and only after what it asks about was heard of,
    which the hub tells between ``told`` and ``forgotten``, or when the clock reaches the instant
    of ``next_change``. A listener compares: what has not changed is not sent.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[Any]],
        organization: str | None,
        interval: timedelta,
        told: Callable[["StatsStream"], None],
        forgotten: Callable[["StatsStream"], None],
        clock: Callable[[], datetime],
        next_change: NextChange = never,
    ) -> None:
        super().__init__()
        self._ask = ask
        self._organization = organization
        self._seconds = interval.total_seconds()
        self._told, self._forgotten = told, forgotten
        self._clock = clock
        self._next_change = next_change
        self._asked = 0
        self._heard = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._told(self)
        self._task = asyncio.create_task(self._run(self._clock()), name="stats-live")

    def end(self) -> None:
        self._forgotten(self)
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def start(self) -> None:
        """With the present answer."""
        return

    async def read(self, after: int | None) -> Page:
        """The present answer, whatever the place: an old one is worth nothing."""
        del after
        self._asked += 1
        place = self._asked
        return Page([Item(place, await self._ask())], place)

    def hear(self, organizations: Collection[str] | None) -> None:
        """Something of these was committed; None: of any."""
        if organizations is None or self._organization in (None, *organizations):
            self._heard.set()

    async def gap(self, missed: Missed) -> Item:
        """Never: whoever is slow gets the newest answer."""
        raise NotImplementedError

    async def _run(self, answered: datetime) -> None:
        """Ask again and again; ``answered`` is the instant of the first answer, or before it."""
        while True:
            await asyncio.sleep(self._seconds)
            await self._wait(answered)
            self._heard.clear()
            self._asked += 1
            place = self._asked
            answered = self._clock()
            try:
                answer = await self._ask()
            except (StoreError, DatabaseFailureError):
                log.warning("a live question could not be asked: it is tried again", exc_info=True)
                self._heard.set()
                continue
            self.tell([Item(place, answer)], place)

    async def _wait(self, answered: datetime) -> None:
        """Return when something was heard, or when the answer of ``answered`` changes by itself."""
        if self._heard.is_set():
            return
        due = await self._due(answered)
        while not self._heard.is_set():
            if due is None:
                await self._heard.wait()
                return
            left = (due - self._clock()).total_seconds()
            if left <= 0:
                return
            try:
                async with asyncio.timeout(min(left, RECHECK_SECONDS)):
                    await self._heard.wait()
            except TimeoutError:
                continue

    async def _due(self, answered: datetime) -> datetime | None:
        try:
            return await self._next_change(answered)
        except (StoreError, DatabaseFailureError):
            log.warning("when a live answer changes could not be computed", exc_info=True)
            return answered + RETRY
