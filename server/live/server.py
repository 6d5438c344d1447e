"""The live side of one server: hub, engine, who is connected, and how all of it ends."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

from server.authentication import Authenticator
from server.bodies import RequestReader
from server.live.bounds import LiveBounds
from server.live.engine import LiveEngine
from server.live.pending import PendingSockets
from store.access import Principal
from store.errors import Overloaded
from subscriptions.hub import Hub


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
        self._open: dict[object, Callable[[], Awaitable[None]]] = {}
        self._operations: Counter[str] = Counter()

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
        for end in list(self._open.values()):
            with suppress(OSError):
                await end()

    async def close(self) -> None:
        """Stop."""
        await self.drain()
        await self.hub.close()

    def enter(self, connection: object, end: Callable[[], Awaitable[None]]) -> None:
        """A connection was opened; raises ``Overloaded`` where there are too many.

        ``end`` ends it from outside.
        """
        self.check_room()
        self._open[connection] = end

    def check_room(self) -> None:
        """Raise ``Overloaded`` where no further connection is taken."""
        if self.draining.is_set():
            raise Overloaded("the server is stopping: connect again in a moment")
        if len(self._open) >= self.settings.connections:
            raise Overloaded(
                f"{len(self._open):,} streams are open, at most {self.settings.connections:,} "
                "may: close some"
            )

    def leave(self, connection: object) -> None:
        """A connection has ended."""
        self._open.pop(connection, None)

    def begin(self, principal: Principal) -> str:
        """An operation begins to stream: under this name it ends. Raises ``Overloaded``."""
        name = str(principal.key_id or principal.name)
        if self._operations[name] >= self.settings.per_principal:
            raise Overloaded(
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
