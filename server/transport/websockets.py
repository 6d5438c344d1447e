"""Bound WebSockets until their caller is known.

Before the application has accepted the caller, a connection may send few bytes, in whatever frames.
A client that does not read is neither sent more without end nor awaited when it is closed.
"""

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request

ACCEPTED = "trackstore.accepted"
"""Extension in the scope that the application calls once it knows the caller."""
MAX_BYTES_BEFORE_ACCEPTED = 64 * 1024
"""A connection_init with a key takes a few hundred bytes."""
MAX_FRAGMENTS = 10_000
"""Per message; clients split large ones into frames of 16 KiB and more."""
CLOSE_SECONDS = 2.0
"""Time to answer a close before the connection is dropped."""


class BoundedWebSocket(WebSocketsSansIOProtocol):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.close_timeout = CLOSE_SECONDS
        self._bytes_left: int | None = None
        """Bytes allowed until the caller is accepted; None afterwards, and for the handshake."""
        self._fragments = 0

    def handle_connect(self, event: Request) -> None:
        super().handle_connect(event)
        if not self.close_sent:
            self._bytes_left = MAX_BYTES_BEFORE_ACCEPTED
            accepted: Callable[[], None] = self._accept
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[ACCEPTED] = accepted

    def _accept(self) -> None:
        self._bytes_left = None

    def data_received(self, data: bytes) -> None:
        if self._bytes_left is not None:
            self._bytes_left -= len(data)
            if self._bytes_left < 0:
                self._fail("send connection_init first")
                return
        super().data_received(data)
        if self.conn.parser_exc is not None:
            self._abort_later()

    def handle_cont(self, event: Frame) -> None:
        self._fragments += 1
        if self._fragments > MAX_FRAGMENTS:
            self._fail(f"a message must not exceed {MAX_FRAGMENTS} frames")
            return
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        self._fragments = 0
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answer a ping, unless the client does not read earlier messages."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # drops the pong

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._abort_later()

    async def send(self, message: Any) -> None:
        """Send; wait at most ``CLOSE_SECONDS`` for a close, and not at all for an unknown caller."""
        await super().send(message)
        if message["type"] == "websocket.close":
            if self._bytes_left is not None:
                self.transport.close()
            self._abort_later()

    def _fail(self, reason: str) -> None:
        if self.close_sent or self.transport.is_closing():
            return
        self._bytes_left = None
        self.frames = []
        self.conn.fail(CloseCode.MESSAGE_TOO_BIG, reason)
        self.handle_parser_exception()
        self._abort_later()

    def _abort_later(self) -> None:
        self.loop.call_later(self.close_timeout, self.transport.abort)
