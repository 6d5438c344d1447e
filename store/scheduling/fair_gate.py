"""Admits so many callers at once, in fair turns per organization."""

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from store.errors import TooManyRequestsError
from store.scheduling.fair_queue import FairQueue, Tenant


@dataclass(frozen=True, slots=True)
class GateBounds:
    """How many callers a gate admits at once, and how many may wait for how long.

    ``places`` are for all organizations together. One of them takes at most half, rounded up,
    so that the next one does not wait for its longest statement.
    """

    places: int
    waiting: int = 500
    """How many callers of one organization may wait."""
    seconds: float = 30.0
    """How long a caller waits."""

    @property
    def share(self) -> int:
        return math.ceil(self.places / 2)


class FairGate:
    def __init__(self, noun: str, bounds: GateBounds) -> None:
        self.noun = noun
        self._bounds = bounds
        self._running: Counter[Tenant] = Counter()
        self._queue: FairQueue[asyncio.Future[None]] = FairQueue()
        self.refused = 0
        """Callers that were refused since it was made."""

    @property
    def running(self) -> int:
        return self._running.total()

    @property
    def waiting(self) -> int:
        return len(self._queue)

    @asynccontextmanager
    async def place(self, tenant: Tenant) -> AsyncIterator[None]:
        """Hold a place, after waiting for a turn; raises ``TooManyRequestsError``."""
        await self._enter(tenant)
        try:
            yield
        finally:
            self._leave(tenant)

    async def _enter(self, tenant: Tenant) -> None:
        # Whoever waits and could be admitted was admitted when the last place became free.
        if self._has_room(tenant):
            self._admit(tenant)
            return
        bounds = self._bounds
        if self._queue.waiting(tenant) >= bounds.waiting:
            self._refuse(f"at most {bounds.waiting:,} wait for their turn")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.push(tenant, turn)
        try:
            async with asyncio.timeout(bounds.seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._leave(tenant)  # admitted at the very moment it went away
            else:
                self._queue.remove(tenant, turn)
            if isinstance(error, TimeoutError):
                self._refuse(f"none came up within {bounds.seconds:g} s")
            raise

    def _refuse(self, why: str) -> None:
        self.refused += 1
        bounds = self._bounds
        raise TooManyRequestsError(
            f"too many {self.noun} of this organization at once: {bounds.share} run and {why}. "
            "Send this again later, or fewer at once."
        )

    def _has_room(self, tenant: Tenant) -> bool:
        return self.running < self._bounds.places and self._running[tenant] < self._bounds.share

    def _admit(self, tenant: Tenant) -> None:
        self._running[tenant] += 1

    def _leave(self, tenant: Tenant) -> None:
        self._running[tenant] -= 1
        if not self._running[tenant]:
            del self._running[tenant]
        while self.running < self._bounds.places:
            following = self._queue.pop(lambda tenant, _: self._has_room(tenant))
            if following is None:
                return
            tenant, turn = following
            if not turn.done():
                self._admit(tenant)
                turn.set_result(None)
