"""Websockets as uvicorn speaks them, on connections that cost little before their caller is known.

Until the application has accepted the caller, a connection may send few bytes, in whatever frames.
A client that does not read is neither answered without end nor waited for when it is closed.
"""

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame
from websockets.http11 import Request

ACCEPTED = "trackstore.accepted"
"""The extension of the scope that the application calls once it knows the caller."""
MAX_BYTES_BEFORE_ACCEPTED = 64 * 1024
"""A connection_init with a key takes some hundred bytes."""
MAX_FRAGMENTS = 10_000
"""Frames of one message: clients send large ones in pieces of 16 KiB and more."""
CLOSE_SECONDS = 2.0
"""How long a client may take to answer a close; then the connection is dropped."""


class BoundedWebSocket(WebSocketsSansIOProtocol):
    """A websocket that is bounded before its caller is known."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.close_timeout = CLOSE_SECONDS
        self._left: int | None = None
        """Bytes that may come until the caller is accepted; None afterwards, and for the handshake."""
        self._fragments = 0

    def handle_connect(self, event: Request) -> None:
        """Count what comes from here on."""
        super().handle_connect(event)
        if not self.close_sent:
            self._left = MAX_BYTES_BEFORE_ACCEPTED
            accepted: Callable[[], None] = self._accept
            extensions: dict[str, Any] = self.scope["extensions"]
            extensions[ACCEPTED] = accepted

    def _accept(self) -> None:
        self._left = None

    def data_received(self, data: bytes) -> None:
        """Read on, unless too much came from somebody unknown."""
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                self._fail("send connection_init first")
                return
        super().data_received(data)
        if self.conn.parser_exc is not None:
            self._abort_later()

    def handle_cont(self, event: Frame) -> None:
        """Take a further frame of a message."""
        self._fragments += 1
        if self._fragments > MAX_FRAGMENTS:
            self._fail(f"a message has at most {MAX_FRAGMENTS} frames")
            return
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        """A message is whole."""
        self._fragments = 0
        super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        """Answer a ping, unless the client does not read what was sent before."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # the pong is dropped

    def keepalive_timeout(self) -> None:
        """Close a connection that does not answer pings, whether or not it reads."""
        super().keepalive_timeout()
        self._abort_later()

    async def send(self, message: Any) -> None:
        """Send; a close is not waited for longer than ``CLOSE_SECONDS``, of a stranger not at all."""
        await super().send(message)
        if message["type"] == "websocket.close":
            if self._left is not None:
                self.transport.close()
            self._abort_later()

    def _fail(self, reason: str) -> None:
        if self.close_sent or self.transport.is_closing():
            return
        self._left = None
        self.frames = []
        self.conn.fail(CloseCode.MESSAGE_TOO_BIG, reason)
        self.handle_parser_exception()
        self._abort_later()

    def _abort_later(self) -> None:
        """Drop the connection where what was sent last is not taken."""
        self.loop.call_later(self.close_timeout, self.transport.abort)
