"""The lifespan of an ASGI service: what waits is sent before the server hears that it has shut down."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from trackstore.delivery.exits import process_exit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
SHUTDOWN = "lifespan.shutdown"
SHUTDOWN_REPLIES = frozenset({"lifespan.shutdown.complete", "lifespan.shutdown.failed"})


class Lifespan:
    """Passes the messages of one lifespan, and flushes when the service has shut down.

    A server may end the process by a signal as soon as it hears of the shutdown, without exit
    handlers. The flush takes as long as the end of a process may be held up, and never raises.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._is_ending = False

    async def receive(self) -> Message:
        """Hand on what the server says."""
        message = await self._receive()
        self._is_ending = self._is_ending or message["type"] == SHUTDOWN
        return message

    async def send(self, message: Message) -> None:
        """Hand on what the service answers, its end after a flush."""
        if message["type"] == "lifespan.startup.complete":
            process_exit.has_lifespan = True
        elif message["type"] in SHUTDOWN_REPLIES:
            await self.finish()
        await self._send(message)

    async def finish(self) -> None:
        """Flush once, if the server has asked for the shutdown."""
        if self._is_ending:
            self._is_ending = False
            process_exit.has_lifespan = False
            await process_exit.flush_async()
