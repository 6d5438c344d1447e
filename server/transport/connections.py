"""Connections that cost nothing: slow ones are ended, idle ones make room, whatever comes is taken.

uvicorn reads a connection for as long as it stays open. Here one look a second at all of them ends
those that do not send the head or the body of a request in time. Where there are too many, the
one that has been idle for longest is closed for the new one, so that a flood of connections which ask
nothing keeps nobody out.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from enum import Enum
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.access.admission import ConnectionBounds

LOOK_SECONDS = 1.0
BYTES_PER_SECOND = 16 * 1024
"""How fast a body has to come once its grace is over."""
MAX_HEAD_BYTES = 64 * 1024
"""Bytes of the address and headers of a request; clients send one or two thousand."""
CLOSING = b"connection: close\r\ncontent-length: 0\r\n\r\n"
TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\n" + CLOSING
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\n" + CLOSING
UPGRADE_HEADERS = (b"upgrade", b"http2-settings")
"""Headers that are left out where an upgrade to another protocol than WebSocket is ignored."""

STATE = "connections"
"""Under which name an application leaves the connections of its process."""

log = logging.getLogger("trackstore.server")


class Waits(Enum):
    """What a connection is waited for."""

    HEAD = "head"
    BODY = "body"
    NEXT = "next"
    NOTHING = "nothing"


class Connections:
    """All connections of one process; made on its event loop."""

    def __init__(self, bounds: ConnectionBounds) -> None:
        self.bounds = bounds
        self.evicted = 0
        """Connections that were closed for new ones."""
        self.timed_out = 0
        """Connections that were closed since they were too slow."""
        self._idle: OrderedDict[BoundedProtocol, None] = OrderedDict()
        self._sending: OrderedDict[BoundedProtocol, None] = OrderedDict()
        self._open: set[BoundedProtocol] = set()
        self._looking: asyncio.TimerHandle | None = None

    def opened(self, connection: "BoundedProtocol") -> None:
        """A new connection: where there are too many, the longest idle one goes."""
        if len(self._open) >= self.bounds.most:
            self._evict()
        self._open.add(connection)
        self._idle[connection] = None
        if self._looking is None:
            self._looking = connection.loop.call_later(LOOK_SECONDS, self._look, connection.loop)

    def closed(self, connection: "BoundedProtocol") -> None:
        """A connection is gone, or something else than HTTP is spoken on it."""
        self._open.discard(connection)
        self._idle.pop(connection, None)
        self._sending.pop(connection, None)

    def idles(self, connection: "BoundedProtocol") -> None:
        """Nothing is under way on a connection from now on."""
        self._idle[connection] = None

    def sends(self, connection: "BoundedProtocol") -> None:
        """The head of a request has come, its body has not."""
        self._idle.pop(connection, None)
        self._sending[connection] = None

    def sent(self, connection: "BoundedProtocol") -> None:
        """A request is there."""
        self._sending.pop(connection, None)

    def _evict(self) -> None:
        for candidates in (self._idle, self._sending):
            if candidates:
                connection = next(iter(candidates))
                self.closed(connection)
                self.evicted += 1
                connection.transport.abort()
                return

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """End what is overdue, and come back as long as there is anything."""
        now, before = time.monotonic(), self.timed_out
        for connection in list(self._open):
            if connection.is_overdue(now):
                self.timed_out += 1
                connection.end_slow()
        if self.timed_out > before:
            log.info("slow connections were ended", extra={"count": self.timed_out - before})
        self._looking = loop.call_later(LOOK_SECONDS, self._look, loop) if self._open else None


class BoundedProtocol(HttpToolsProtocol):
    """HTTP as uvicorn speaks it, on a connection that may be ended.

    The application says by which bounds: its lifespan leaves ``Connections`` in the state.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._all: Connections = self.app_state[STATE]
        self._waits = Waits.HEAD
        self._since = time.monotonic()
        self._received = 0
        self._head_bytes = 0
        self._ignores_upgrade = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count it."""
        super().connection_made(transport)
        self._all.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._all.closed(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on; a head that has no end is refused before it is kept."""
        if self._waits in (Waits.HEAD, Waits.NEXT):
            if self._waits is Waits.NEXT:
                self._wait(Waits.HEAD)
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and b"\r\n\r\n" not in data[:MAX_HEAD_BYTES]:
                self.transport.write(TOO_LARGE)
                self.transport.close()
                return
        elif self._waits is Waits.BODY:
            self._received += len(data)
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        """Parse what has come, however many requests it is.

        The parser takes what follows a head with ``Upgrade`` for another protocol and drops its
        body. Only WebSocket is spoken here, so any other such head is parsed again without it, as
        RFC 9110 section 7.8 has it for a server that ignores an upgrade.
        """
        self._unset_keepalive_if_required()
        rest = memoryview(data)
        while True:
            try:
                self.parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                if not self._ignores_upgrade:
                    self.handle_websocket_upgrade()
                    return
                rest = rest[upgrade.args[0] :]
                self._parse_without_upgrade()
            except httptools.HttpParserError:
                self.send_400_response("Invalid HTTP request received.")
                return
            else:
                return

    def _parse_without_upgrade(self) -> None:
        self._ignores_upgrade = False
        method, version = self.scope["method"], self.scope["http_version"]
        head = [method.encode(), b" ", self.url, b" HTTP/", version.encode(), b"\r\n"]
        for name, value in self.headers:
            if name not in UPGRADE_HEADERS:
                head += [name, b": ", value, b"\r\n"]
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.parser.feed_data(b"".join([*head, b"\r\n"]))

    def _should_upgrade(self) -> bool:
        """Whether to speak WebSocket from here on: RFC 6455 opens one by GET."""
        return bool(self.scope["method"] == "GET" and super()._should_upgrade())

    def on_headers_complete(self) -> None:
        """The head has come; a body may follow."""
        if self.parser.should_upgrade():
            self.scope["method"] = self.parser.get_method().decode("ascii")
            self.scope["http_version"] = self.parser.get_http_version()
            if self.scope["method"] == "CONNECT":
                raise httptools.HttpParserError("CONNECT is not served")
            self._ignores_upgrade = not self._should_upgrade()
            if self._ignores_upgrade:
                return
        self._wait(Waits.BODY)
        self._received = self._head_bytes = 0
        self._all.sends(self)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All has come: now it is the application's turn, unless it has answered before."""
        if self._ignores_upgrade:
            return  # the same head comes again, without the upgrade
        self._all.sent(self)
        self._waits = Waits.NOTHING
        cycle: Any = self.cycle  # None before the first request
        if cycle is not None and cycle.response_complete:
            self._wait(Waits.HEAD)
            self._all.idles(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The connection is idle, unless the next request has come already."""
        is_last = not self.pipeline
        super().on_response_complete()
        if is_last and self._waits is Waits.NOTHING:
            self._wait(Waits.NEXT)
            self._all.idles(self)

    def handle_websocket_upgrade(self) -> None:
        """From here on it is no connection of ours."""
        self._all.closed(self)
        super().handle_websocket_upgrade()

    def is_overdue(self, now: float) -> bool:
        """Whether it has taken too long over a head or a body; idle time between is uvicorn's."""
        bounds = self._all.bounds
        if self._waits is Waits.HEAD:
            return now - self._since > bounds.header_seconds
        if self._waits is not Waits.BODY or self.flow.read_paused:
            return False
        grace = bounds.body_seconds + self._received / BYTES_PER_SECOND
        return now - self._since > grace

    def end_slow(self) -> None:
        """Say so where nothing was said yet, and close. The application sees a caller that left."""
        cycle: Any = self.cycle
        is_head = self._waits is Waits.HEAD
        answered = cycle is not None and cycle.response_started and not is_head
        self._waits = Waits.NOTHING
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        if not self.transport.is_closing():
            if not answered:
                self.transport.write(TIMED_OUT)
            self.transport.close()

    def _wait(self, waits: Waits) -> None:
        self._waits = waits
        self._since = time.monotonic()
