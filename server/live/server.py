"""Combine hub, engine and open connections into the live side of one server."""

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

MAX_SHARE_OF_FREE = 3
"""An organization holds at most this many times the free places."""


class LiveServer:
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
        """Streams refused because their organization has too many."""
        self._open: dict[object, tuple[Callable[[], Awaitable[None]], Tenant]] = {}
        self._by_organization: Counter[Tenant] = Counter()
        self._operations: Counter[str] = Counter()

    waiting = 0
    """Always 0: a stream beyond the bound is refused at once."""

    @property
    def running(self) -> int:
        return self.connections

    @property
    def connections(self) -> int:
        return len(self._open)

    @property
    def operations(self) -> int:
        return self._operations.total()

    async def start(self) -> None:
        await self.hub.start()

    async def drain(self) -> None:
        """End all streams so that their clients reconnect, to this server's successor."""
        self.draining.set()
        self.pending.close_all()
        for end, _ in list(self._open.values()):
            with suppress(OSError):
                await end()

    async def close(self) -> None:
        await self.drain()
        await self.hub.close()

    def enter(self, connection: object, end: Callable[[], Awaitable[None]], tenant: Tenant) -> None:
        """Register a connection; raise ``OverloadedError`` where there are too many.

        ``end`` ends it from outside. An organization gets a new place only while a third as many as it holds
        stay free for others: three quarters of all places at most.
        """
        self.check_free_space()
        open_here, free = self._by_organization[tenant], self.settings.connections - len(self._open)
        if tenant is not None and open_here >= MAX_SHARE_OF_FREE * free:
            self.refused += 1
            raise TooManyRequestsError(
                f"This organization has {open_here:,} open streams, and {free:,} places are left for "
                "others. Close some of them."
            )
        self._open[connection] = end, tenant
        self._by_organization[tenant] += 1

    def check_free_space(self) -> None:
        if self.draining.is_set():
            raise OverloadedError("The server is stopping. Connect again in a moment.")
        if len(self._open) >= self.settings.connections:
            raise OverloadedError(
                f"{len(self._open):,} streams are open (maximum {self.settings.connections:,}). "
                "Close some of them."
            )

    def leave(self, connection: object) -> None:
        end_and_tenant = self._open.pop(connection, None)
        if end_and_tenant is not None:
            count_down(self._by_organization, end_and_tenant[1])

    def begin(self, principal: Principal) -> str:
        """Count an operation that starts to stream, and return the name to finish it with.

        Raises ``OverloadedError`` where the caller has too many.
        """
        name = str(principal.key_id or principal.name)
        if self._operations[name] >= self.settings.per_principal:
            raise OverloadedError(
                f"{self._operations[name]:,} operations of this caller are streaming (maximum "
                f"{self.settings.per_principal:,}). Complete some of them."
            )
        self._operations[name] += 1
        return name

    def finish(self, name: str) -> None:
        self._operations[name] -= 1
        if not self._operations[name]:
            del self._operations[name]
