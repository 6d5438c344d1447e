"""Which calls may begin: bulk loads and bursts of one organization give way to the calls of others.

Every call of a process shares one event loop. To decode and check a bulk load takes it some
milliseconds, in which nobody else is served, and so do twenty small calls that begin at once.
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
"""Bytes of a body from which on a call is a bulk load: decoding as much takes a millisecond."""
MANY_CALLS = 4
"""Calls of one organization that begin at once; further ones give way."""
YOUNG_SECONDS = 0.1
"""How long others give way to a call: whoever takes longer waits for the database."""
MAX_PAUSE_SECONDS = 0.25
"""How long a call gives way, whoever comes meanwhile."""
BULK_LOADS = 4
"""Bulk loads under way at once; of one organization half of them: one is written while the next
one is decoded."""
PRESENT_SECONDS = 1.0
"""How long after its last call an organization counts as one that others make room for."""
MAX_REST_SECONDS = 1.0
"""How long bulk loads rest after one that took longer."""


class CallScheduler:
    """The calls under way in one process, by organization."""

    def __init__(self, admission: Admission, waiting: int, seconds: float) -> None:
        """``waiting`` bulk loads of one organization wait for their turn, each for ``seconds``."""
        self.admission = admission
        self.bulk = FairGate("bulk loads", GateBounds(BULK_LOADS, waiting, seconds))
        self._alone = FairGate("bulk loads", GateBounds(1, waiting, seconds))
        self._rest_until = 0.0
        self._present: OrderedDict[Tenant, float] = OrderedDict()
        self._start = FairGate("calls", GateBounds(1, admission.most, seconds))
        self._calls: Counter[Tenant] = Counter()
        self._first: dict[Call, float] = {}
        self._ended: asyncio.Event = asyncio.Event()

    def call(self, principal: Principal) -> "Call":
        """Return a call of a principal; it is under way while its context is open."""
        return Call(self, principal)

    def enter(self, call: "Call") -> None:
        """Count a call; raises ``TooMany``."""
        self.admission.enter(call.principal)
        self._calls[call.tenant] += 1

    def leave(self, call: "Call") -> None:
        """A call is over."""
        self.admission.leave(call.principal)
        self._calls[call.tenant] -= 1
        if not self._calls[call.tenant]:
            del self._calls[call.tenant]
        if self._first.pop(call, None) is not None:
            self._ended.set()

    @asynccontextmanager
    async def bulk_load(self, tenant: Tenant) -> AsyncIterator[None]:
        """Hold a place for a bulk load, after waiting for it.

        While other organizations send single calls, one bulk load is under way at a time, and after
        it there is none for as long as it took: what arrives meanwhile finds the server idle.
        """
        async with self.bulk.place(tenant):
            if not self._is_shared(tenant):
                yield
                return
            async with self._alone.place(tenant):
                time = asyncio.get_running_loop().time
                await asyncio.sleep(self._rest_until - time())
                started = time()
                try:
                    yield
                finally:
                    ended = time()
                    self._rest_until = ended + min(ended - started, MAX_REST_SECONDS)

    def _is_shared(self, tenant: Tenant) -> bool:
        """Whether another organization sent a single call a moment ago."""
        recently = asyncio.get_running_loop().time() - PRESENT_SECONDS
        while self._present and next(iter(self._present.values())) < recently:
            self._present.popitem(last=False)
        return any(other != tenant for other in self._present)

    async def begin(self, call: "Call", size: int) -> None:
        """Return when a call may begin whose body has so many bytes."""
        if size < BULK_BYTES and self._calls[call.tenant] <= MANY_CALLS:
            self._first[call] = now = asyncio.get_running_loop().time()
            self._present[call.tenant] = now
            self._present.move_to_end(call.tenant)
            return
        if len(self._calls) == 1:
            return  # there is nobody to give way to
        # One after the other: each looks again whether somebody has come.
        async with self._start.place(call.tenant):
            await self._give_way(call.tenant)

    async def _give_way(self, tenant: Tenant) -> None:
        time = asyncio.get_running_loop().time
        ends = time() + MAX_PAUSE_SECONDS
        while True:
            now = time()
            others = (at for call, at in reversed(self._first.items()) if call.tenant != tenant)
            left = min(next(others, 0.0) + YOUNG_SECONDS, ends) - now  # the youngest is the last
            if left <= 0:
                return
            self._ended.clear()
            try:
                async with asyncio.timeout(left):
                    await self._ended.wait()
            except TimeoutError:
                continue


class Call:
    """One call, as an asynchronous context manager."""

    def __init__(self, turns: CallScheduler, principal: Principal) -> None:
        self._turns = turns
        self._places = AsyncExitStack()
        self.principal = principal
        self.tenant: Tenant = principal.bounds.organization_id

    async def __aenter__(self) -> "Call":
        self._turns.enter(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self._places.aclose()
        finally:
            self._turns.leave(self)

    async def arrived(self, size: int) -> None:
        """Wait for its turn, now that so many bytes have come; raises ``TooMany``."""
        if size >= BULK_BYTES:
            await self._places.enter_async_context(self._turns.bulk_load(self.tenant))
        await self._turns.begin(self, size)
