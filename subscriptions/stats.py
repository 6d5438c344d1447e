"""Stream live answers: a query that runs again when its answer may have changed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from store.database import ContentionError, DatabaseFailureError
from store.errors import OverloadedError, QueryTimeoutError, StoreError
from subscriptions.streams import Item, Missed, Page, Stream

RECHECK_SECONDS = 15.0
"""Longest wait between two looks at the clock, to notice that it was set or that the machine slept."""
MAX_TRIES = 3
"""Failures in a row, with the database available, after which the stream ends."""
MIN_RETRY_SECONDS, MAX_RETRY_SECONDS = 0.5, 16.0
"""Between two tries; doubles each time."""
CHANGE_RETRY_INTERVAL = timedelta(seconds=10)
"""Until the next attempt to compute when an answer changes, after a failed one."""

log = logging.getLogger(__name__)
NextChange = Callable[[datetime], Awaitable[datetime | None]]
"""Returns when the answer given at an instant changes without a commit; None for never."""


class AnswerError(StoreError):
    def __init__(self, cause: BaseException) -> None:
        is_slow = isinstance(cause, QueryTimeoutError)
        self.code = QueryTimeoutError.code if is_slow else StoreError.code
        reason = "takes the database too long" if is_slow else "cannot be answered by the database"
        super().__init__(
            f"The query of this subscription {reason}, so the subscription has ended. "
            "Subscribe again with a simpler query."
        )


async def never(at: datetime) -> datetime | None:
    del at
    return None


class StatsStream(Stream):
    """Stream the answer to one query; a place counts its runs.

    The query runs at most once per ``interval``, after a relevant commit (reported by the hub between
    ``subscribe_source`` and ``unsubscribe_source``) or when the clock reaches ``next_change``. Unchanged
    answers are not sent. It is retried while the database is unavailable; after ``MAX_TRIES`` other
    failures in a row the stream ends with an error.
    """

    def __init__(
        self,
        query: Callable[[], Awaitable[Any]],
        organization: str | None,
        interval: timedelta,
        subscribe_source: Callable[["StatsStream"], None],
        unsubscribe_source: Callable[["StatsStream"], None],
        clock: Callable[[], datetime],
        next_change: NextChange = never,
    ) -> None:
        super().__init__()
        self._query = query
        self._organization = organization
        self._seconds = interval.total_seconds()
        self._subscribe_source, self._unsubscribe_source = subscribe_source, unsubscribe_source
        self._clock = clock
        self._next_change = next_change
        self._runs = 0
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def on_first_subscriber(self) -> None:
        self._subscribe_source(self)
        self._task = asyncio.create_task(self._run(self._clock()), name="stats-live")

    def on_last_unsubscribed(self) -> None:
        self._unsubscribe_source(self)
        if self._task is not None:
            self._task.cancel()
            self._task = None
        self.head = self.error = None

    async def start(self) -> None:
        return

    async def read(self, after: int | None) -> Page:
        del after
        self._runs += 1
        place = self._runs
        try:
            return Page([Item(place, await self._query())], place)
        except StoreError:
            raise
        except Exception as error:
            log.warning("a live query failed", exc_info=True)
            raise AnswerError(error) from error

    def mark_changed(self, organizations: Collection[str] | None) -> None:
        """Run the query again if it concerns one of these organizations; None means any."""
        if organizations is None or self._organization in (None, *organizations):
            self._changed.set()

    async def gap(self, missed: Missed) -> Item:
        raise NotImplementedError

    async def _run(self, answered: datetime) -> None:
        pauses = self._pauses()
        pause, tries = self._seconds, 0
        while True:
            await asyncio.sleep(pause)
            await self._wait(answered)
            self._changed.clear()
            self._runs += 1
            place = self._runs
            answered = self._clock()
            try:
                answer = await self._query()
            except Exception as error:  # nothing else would report it to the subscribers
                tries += not isinstance(error, OverloadedError | ContentionError)
                final = final_error(error, tries)
                if final is not None:
                    log.warning("live query ended after repeated failures", exc_info=True)
                    self.fail(final)
                    return
                log.warning("a live query failed; retrying", exc_info=True)
                self._changed.set()
                pause = next(pauses)
                continue
            pauses, pause, tries = self._pauses(), self._seconds, 0
            self.publish([Item(place, answer)], place)

    def _pauses(self) -> Iterator[float]:
        pause = MIN_RETRY_SECONDS
        while True:
            yield max(pause, self._seconds)
            pause = min(2 * pause, MAX_RETRY_SECONDS)

    async def _wait(self, answered: datetime) -> None:
        """Return after a relevant commit, or when time alone changes the answer of ``answered``."""
        if self._changed.is_set():
            return
        due = await self._due(answered)
        while not self._changed.is_set():
            if due is None:
                await self._changed.wait()
                return
            seconds_left = (due - self._clock()).total_seconds()
            if seconds_left <= 0:
                return
            try:
                async with asyncio.timeout(min(seconds_left, RECHECK_SECONDS)):
                    await self._changed.wait()
            except TimeoutError:
                continue

    async def _due(self, answered: datetime) -> datetime | None:
        try:
            return await self._next_change(answered)
        except (StoreError, DatabaseFailureError):
            log.warning("cannot compute when a live answer changes; retrying", exc_info=True)
            return answered + CHANGE_RETRY_INTERVAL


def final_error(error: Exception, tries: int) -> StoreError | None:
    """Return the error that ends the stream, or None to try again."""
    if isinstance(error, StoreError) and not error.retryable:
        return error
    return AnswerError(error) if tries >= MAX_TRIES else None
