"""ASGI lifespan support: flushes before reporting to the server that the shutdown is complete."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from trackstore.delivery.exits import process_exit

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
SHUTDOWN = "lifespan.shutdown"
SHUTDOWN_REPLIES = frozenset({"lifespan.shutdown.complete", "lifespan.shutdown.failed"})


class Lifespan:
    """Passes lifespan messages on, and flushes when the service has shut down.

    A server may end the process by a signal right after the shutdown, without exit handlers. The
    flush is limited to the time that the end of a process may take, and never raises.
    """

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send
        self._is_ending = False

    async def receive(self) -> Message:
        message = await self._receive()
        self._is_ending = self._is_ending or message["type"] == SHUTDOWN
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "lifespan.startup.complete":
            process_exit.has_lifespan = True
        elif message["type"] in SHUTDOWN_REPLIES:
            await self.finish()
        await self._send(message)

    async def finish(self) -> None:
        if self._is_ending:
            self._is_ending = False
            process_exit.has_lifespan = False
            await process_exit.flush_async()
