"""Live answers: a question that is asked again when its answer may have changed."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Iterator
from datetime import datetime, timedelta
from typing import Any

from store.database import ContentionError, DatabaseFailureError
from store.errors import OverloadedError, QueryTimeoutError, StoreError
from subscriptions.streams import Item, Missed, Page, Stream

RECHECK_SECONDS = 15.0
"""The clock is looked at this often, so that a machine that slept or a clock that was set is noticed."""
MAX_TRIES = 3
"""So often an answer is asked for that fails although the database is there; then the stream ends."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 16.0
"""Between two tries; each is twice the one before."""
RETRY = timedelta(seconds=10)
"""When it is tried again to find out when an answer changes, where the database did not say."""

log = logging.getLogger(__name__)
NextChange = Callable[[datetime], Awaitable[datetime | None]]
"""When the answer of an instant may change although nothing is recorded; None for never."""


class AnswerError(StoreError):
    """What is asked cannot be answered."""

    def __init__(self, cause: BaseException) -> None:
        is_slow = isinstance(cause, QueryTimeoutError)
        self.code = QueryTimeoutError.code if is_slow else StoreError.code
        reason = "takes the database too long" if is_slow else "cannot be answered by the database"
        super().__init__(
            f"The question of this subscription {reason}, so the subscription has ended. "
            "Subscribe again with a simpler question"
        )


async def never(at: datetime) -> datetime | None:
    """Say that an answer changes only when something is recorded."""
    del at
    return None


class StatsStream(Stream):
    """The answer to one question; places count how often it was asked.

    It is asked again at most once in ``interval``, and only after what it asks about was heard of,
    which the hub tells between ``told`` and ``forgotten``, or when the clock reaches the instant
    of ``next_change``. A listener compares: what has not changed is not sent.

    While the database is away it is tried again; what fails for another reason, ``MAX_TRIES`` times
    in a row, ends the stream with an error.
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
        self.head = self.error = None

    async def start(self) -> None:
        """With the present answer."""
        return

    async def read(self, after: int | None) -> Page:
        """The present answer, whatever the place: an old one is worth nothing."""
        del after
        self._asked += 1
        place = self._asked
        try:
            return Page([Item(place, await self._ask())], place)
        except StoreError:
            raise
        except Exception as error:
            log.warning("a live question cannot be answered", exc_info=True)
            raise AnswerError(error) from error

    def hear(self, organizations: Collection[str] | None) -> None:
        """Something of these was committed; None: of any."""
        if organizations is None or self._organization in (None, *organizations):
            self._heard.set()

    async def gap(self, missed: Missed) -> Item:
        """Never: whoever is slow gets the newest answer."""
        raise NotImplementedError

    async def _run(self, answered: datetime) -> None:
        """Ask again and again; ``answered`` is the instant of the first answer, or before it."""
        pauses = self._pauses()
        pause, tries = self._seconds, 0
        while True:
            await asyncio.sleep(pause)
            await self._wait(answered)
            self._heard.clear()
            self._asked += 1
            place = self._asked
            answered = self._clock()
            try:
                answer = await self._ask()
            except Exception as error:  # the stream's edge: nobody else would tell who listens
                tries += not isinstance(error, OverloadedError | ContentionError)
                final = final_error(error, tries)
                if final is not None:
                    log.warning("a live question ended: it cannot be answered", exc_info=True)
                    self.fail(final)
                    return
                log.warning("a live question could not be asked: it is tried again", exc_info=True)
                self._heard.set()
                pause = next(pauses)
                continue
            pauses, pause, tries = self._pauses(), self._seconds, 0
            self.tell([Item(place, answer)], place)

    def _pauses(self) -> Iterator[float]:
        """Return how long to wait before each further try."""
        pause = FIRST_PAUSE_SECONDS
        while True:
            yield max(pause, self._seconds)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

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


def final_error(error: Exception, tries: int) -> StoreError | None:
    """Return the error that ends a stream; None where it is worth another try."""
    if isinstance(error, StoreError) and not error.retryable:
        return error
    return AnswerError(error) if tries >= MAX_TRIES else None
