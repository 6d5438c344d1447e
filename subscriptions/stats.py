"""Live answers: a question that is asked again when its answer may have changed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import timedelta
from typing import Any

from store.database import DatabaseFailure
from store.errors import StoreError
from subscriptions.streams import Item, Missed, Page, Stream

log = logging.getLogger(__name__)


class StatsStream(Stream):
    """The answer to one question; places count how often it was asked.

    It is asked again at most once in ``interval``, and only after what it asks about was heard of,
    which the hub tells between ``told`` and ``forgotten``. A listener compares: what has
    not changed is not sent.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[Any]],
        organization: str | None,
        interval: timedelta,
        told: Callable[["StatsStream"], None],
        forgotten: Callable[["StatsStream"], None],
    ) -> None:
        super().__init__()
        self._ask = ask
        self._organization = organization
        self._seconds = interval.total_seconds()
        self._told, self._forgotten = told, forgotten
        self._asked = 0
        self._heard = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        self._told(self)
        self._task = asyncio.create_task(self._run(), name="stats-live")

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

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._seconds)
            await self._heard.wait()
            self._heard.clear()
            self._asked += 1
            place = self._asked
            try:
                answer = await self._ask()
            except (StoreError, DatabaseFailure):
                log.warning("a live question could not be asked: it is tried again", exc_info=True)
                self._heard.set()
                continue
            self.tell([Item(place, answer)], place)
