"""Schedule calls: bulk loads and bursts of one organization give way to other organizations.

Every call of a process shares one event loop. Decoding and checking a bulk load blocks it for some
milliseconds, and so do twenty small calls that begin at once.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from types import TracebackType

from server.access.admission import Admission
from store.auth.access import Principal
from store.scheduling.fair_gate import FairGate, GateBounds
from store.scheduling.fair_queue import Tenant

BULK_BYTES = 64 * 1024
"""Bodies of this size are bulk loads; decoding one takes a millisecond."""
MAX_CALL_BURST = 4
"""Calls of one organization that begin at once; later ones give way."""
YIELD_SECONDS = 0.1
"""How long others give way to a call; a longer one is waiting for the database."""
MAX_PAUSE_SECONDS = 0.25
"""Longest time that a call gives way."""
MAX_BULK_LOADS = 4
"""Running at once; half of them per organization, so that one is decoded while another is written."""
ACTIVE_SECONDS = 1.0
"""How long after its last call other organizations make room for one."""
MAX_REST_SECONDS = 1.0
"""Longest pause between bulk loads."""


class CallScheduler:
    def __init__(self, admission: Admission, waiting: int, seconds: float) -> None:
        """Let ``waiting`` bulk loads of each organization wait for a slot, each for ``seconds``."""
        self.admission = admission
        self.bulk = FairGate("bulk loads", GateBounds(MAX_BULK_LOADS, waiting, seconds))
        self._single_load = FairGate("bulk loads", GateBounds(1, waiting, seconds))
        self._bulk_pause_until = 0.0
        self._last_seen: OrderedDict[Tenant, float] = OrderedDict()
        self._start = FairGate("calls", GateBounds(1, admission.max_per_key, seconds))
        self._calls: Counter[Tenant] = Counter()
        self._started_at: dict[Call, float] = {}
        self._call_ended: asyncio.Event = asyncio.Event()

    def call(self, principal: Principal) -> "Call":
        return Call(self, principal)

    def enter(self, call: "Call") -> None:
        self.admission.enter(call.principal)
        self._calls[call.tenant] += 1

    def leave(self, call: "Call") -> None:
        self.admission.leave(call.principal)
        self._calls[call.tenant] -= 1
        if not self._calls[call.tenant]:
            del self._calls[call.tenant]
        if self._started_at.pop(call, None) is not None:
            self._call_ended.set()

    @asynccontextmanager
    async def bulk_load(self, tenant: Tenant) -> AsyncIterator[None]:
        """Hold a slot for a bulk load, after waiting for it.

        While other organizations send single calls, one bulk load runs at a time, followed by a pause as
        long as the load: other calls then find the server idle.
        """
        async with self.bulk.place(tenant):
            if not self._is_shared(tenant):
                yield
                return
            async with self._single_load.place(tenant):
                time = asyncio.get_running_loop().time
                await asyncio.sleep(self._bulk_pause_until - time())
                started = time()
                try:
                    yield
                finally:
                    ended = time()
                    self._bulk_pause_until = ended + min(ended - started, MAX_REST_SECONDS)

    def _is_shared(self, tenant: Tenant) -> bool:
        recently = asyncio.get_running_loop().time() - ACTIVE_SECONDS
        while self._last_seen and next(iter(self._last_seen.values())) < recently:
            self._last_seen.popitem(last=False)
        return any(other != tenant for other in self._last_seen)

    async def begin(self, call: "Call", size: int) -> None:
        if size < BULK_BYTES and self._calls[call.tenant] <= MAX_CALL_BURST:
            self._started_at[call] = now = asyncio.get_running_loop().time()
            self._last_seen[call.tenant] = now
            self._last_seen.move_to_end(call.tenant)
            return
        if len(self._calls) == 1:
            return  # no other organization to give way to
        # One at a time, so that each checks again for new calls of others.
        async with self._start.place(call.tenant):
            await self._give_way(call.tenant)

    async def _give_way(self, tenant: Tenant) -> None:
        time = asyncio.get_running_loop().time
        ends = time() + MAX_PAUSE_SECONDS
        while True:
            now = time()
            started_of_others = (
                at for call, at in reversed(self._started_at.items()) if call.tenant != tenant
            )
            seconds_left = (
                min(next(started_of_others, 0.0) + YIELD_SECONDS, ends) - now
            )  # the latest started is last
            if seconds_left <= 0:
                return
            self._call_ended.clear()
            try:
                async with asyncio.timeout(seconds_left):
                    await self._call_ended.wait()
            except TimeoutError:
                continue


class Call:
    def __init__(self, scheduler: CallScheduler, principal: Principal) -> None:
        self._scheduler = scheduler
        self._slots = AsyncExitStack()
        self.principal = principal
        self.tenant: Tenant = principal.bounds.organization_id

    async def __aenter__(self) -> "Call":
        self._scheduler.enter(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self._slots.aclose()
        finally:
            self._scheduler.leave(self)

    async def wait_for_turn(self, size: int) -> None:
        """Wait for the call's turn after its body has arrived; raise ``TooManyRequestsError``."""
        if size >= BULK_BYTES:
            await self._slots.enter_async_context(self._scheduler.bulk_load(self.tenant))
        await self._scheduler.begin(self, size)
