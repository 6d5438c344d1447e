"""The live side of one server: hub, engine, who is connected, and how all of it ends."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from server.access.admission import count_down
from server.access.authentication import Authenticator
from server.http.bodies import RequestReader
from server.live.bounds import LiveBounds
from server.live.engine import LiveEngine
from server.live.pending import PendingSockets
from store.auth.access import Principal
from store.errors import OverloadedError, TooManyRequestsError
from store.scheduling.fair_queue import Tenant
from subscriptions.hub import Hub

RESERVE = 3
"""An organization has at most so many times the places that are free."""


class LiveServer:
    """Everything that streams."""

    def __init__(
        self,
        engine: LiveEngine,
        hub: Hub,
        authenticator: Authenticator,
        reader: RequestReader,
        settings: LiveBounds,
    ) -> None:
        self.settings = settings
        self.authenticator = authenticator
        self.reader = reader
        self.hub = hub
        self.engine = engine
        self.draining = asyncio.Event()
        self.sent = 0
        self.pending = PendingSockets(settings.pending_per_address)
        self.refused = 0
        """Streams that were refused because their organization has too many."""
        self._open: dict[object, tuple[Callable[[], Awaitable[None]], Tenant]] = {}
        self._by_organization: Counter[Tenant] = Counter()
        self._operations: Counter[str] = Counter()

    waiting = 0
    """Nobody waits: a stream beyond the bound is refused."""

    @property
    def running(self) -> int:
        """How many streaming connections are open."""
        return self.connections

    @property
    def connections(self) -> int:
        """How many streaming connections are open."""
        return len(self._open)

    @property
    def operations(self) -> int:
        """How many operations stream on them."""
        return self._operations.total()

    async def start(self) -> None:
        """Hear of commits."""
        await self.hub.start()

    async def drain(self) -> None:
        """End all streams so that their clients come back: to this server's successor."""
        self.draining.set()
        self.pending.end_all()
        for end, _ in list(self._open.values()):
            with suppress(OSError):
                await end()

    async def close(self) -> None:
        """Stop."""
        await self.drain()
        await self.hub.close()

    def enter(self, connection: object, end: Callable[[], Awaitable[None]], tenant: Tenant) -> None:
        """A connection was opened; raises ``OverloadedError`` where there are too many.

        ``end`` ends it from outside. One organization takes a new place only where at least a third
        as many as it has are left for others: three quarters at most, where it is alone.
        """
        self.check_free_space()
        own, free = self._by_organization[tenant], self.settings.connections - len(self._open)
        if tenant is not None and own >= RESERVE * free:
            self.refused += 1
            raise TooManyRequestsError(
                f"{own:,} streams of this organization are open, and {free:,} places are left for "
                "others: close some"
            )
        self._open[connection] = end, tenant
        self._by_organization[tenant] += 1

    def check_free_space(self) -> None:
        """Raise ``OverloadedError`` where no further connection is taken."""
        if self.draining.is_set():
            raise OverloadedError("the server is stopping: connect again in a moment")
        if len(self._open) >= self.settings.connections:
            raise OverloadedError(
                f"{len(self._open):,} streams are open, at most {self.settings.connections:,} "
                "may: close some"
            )

    def leave(self, connection: object) -> None:
        """A connection has ended."""
        end_and_tenant = self._open.pop(connection, None)
        if end_and_tenant is not None:
            count_down(self._by_organization, end_and_tenant[1])

    def begin(self, principal: Principal) -> str:
        """An operation begins to stream: under this name it ends. Raises ``OverloadedError``."""
        name = str(principal.key_id or principal.name)
        if self._operations[name] >= self.settings.per_principal:
            raise OverloadedError(
                f"{self._operations[name]:,} operations of this caller stream, at most "
                f"{self.settings.per_principal:,} may: complete some"
            )
        self._operations[name] += 1
        return name

    def finish(self, name: str) -> None:
        """An operation of that name has ended."""
        self._operations[name] -= 1
        if not self._operations[name]:
            del self._operations[name]
