"""Bound HTTP connections: slow ones are ended, and idle ones make room for new ones.

uvicorn reads a connection for as long as it stays open. Here one check per second ends those that do
not send the head or the body of a request in time. Beyond the bound, the one idle for longest is
closed for the new one, so that a flood of silent connections keeps nobody out.
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
from server.transport.joined_writes import JoinedWrites

CHECK_INTERVAL_SECONDS = 1.0
MIN_BYTES_PER_SECOND = 16 * 1024
"""Minimum rate of a body after its grace period."""
MAX_HEAD_BYTES = 64 * 1024
"""URL and headers of a request; clients send one or two thousand bytes."""
CLOSING = b"connection: close\r\ncontent-length: 0\r\n\r\n"
TIMED_OUT = b"HTTP/1.1 408 Request Timeout\r\n" + CLOSING
TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\n" + CLOSING
UPGRADE_HEADERS = (b"upgrade", b"http2-settings")
"""Headers dropped when an upgrade to another protocol than WebSocket is ignored."""

STATE = "connections"
"""Key in the application's state for the connections of the process."""

log = logging.getLogger("trackstore.server")


class Awaiting(Enum):
    HEAD = "head"
    BODY = "body"
    NEXT = "next"
    NOTHING = "nothing"


class Connections:
    def __init__(self, bounds: ConnectionBounds) -> None:
        self.bounds = bounds
        self.evicted = 0
        """Connections closed to make room for new ones."""
        self.timed_out = 0
        """Connections closed because they were too slow."""
        self._idle: OrderedDict[BoundedProtocol, None] = OrderedDict()
        self._sending: OrderedDict[BoundedProtocol, None] = OrderedDict()
        self._open: set[BoundedProtocol] = set()
        self._next_check: asyncio.TimerHandle | None = None

    def add(self, connection: "BoundedProtocol") -> None:
        if len(self._open) >= self.bounds.max_connections:
            self._evict()
        self._open.add(connection)
        self._idle[connection] = None
        if self._next_check is None:
            self._next_check = connection.loop.call_later(
                CHECK_INTERVAL_SECONDS, self._check, connection.loop
            )

    def remove(self, connection: "BoundedProtocol") -> None:
        self._open.discard(connection)
        self._idle.pop(connection, None)
        self._sending.pop(connection, None)

    def mark_idle(self, connection: "BoundedProtocol") -> None:
        self._idle[connection] = None

    def mark_sending(self, connection: "BoundedProtocol") -> None:
        self._idle.pop(connection, None)
        self._sending[connection] = None

    def mark_received(self, connection: "BoundedProtocol") -> None:
        self._sending.pop(connection, None)

    def _evict(self) -> None:
        for candidates in (self._idle, self._sending):
            if candidates:
                connection = next(iter(candidates))
                self.remove(connection)
                self.evicted += 1
                connection.transport.abort()
                return

    def _check(self, loop: asyncio.AbstractEventLoop) -> None:
        now, timed_out_before = time.monotonic(), self.timed_out
        for connection in list(self._open):
            if connection.is_overdue(now):
                self.timed_out += 1
                connection.end_slow()
        if self.timed_out > timed_out_before:
            log.info("slow connections closed", extra={"count": self.timed_out - timed_out_before})
        self._next_check = (
            loop.call_later(CHECK_INTERVAL_SECONDS, self._check, loop) if self._open else None
        )


class BoundedProtocol(HttpToolsProtocol):
    """Speak HTTP as uvicorn does, on a connection that may be ended.

    The lifespan of the application leaves ``Connections`` with the bounds in its state.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._connections: Connections = self.app_state[STATE]
        self._waits = Awaiting.HEAD
        self._since = time.monotonic()
        self._received = 0
        self._head_bytes = 0
        self._ignores_upgrade = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._writes: Any = JoinedWrites(transport, self.loop)
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._connections.remove(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._waits in (Awaiting.HEAD, Awaiting.NEXT):
            if self._waits is Awaiting.NEXT:
                self._wait(Awaiting.HEAD)
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and b"\r\n\r\n" not in data[:MAX_HEAD_BYTES]:
                self.transport.write(TOO_LARGE)
                self.transport.close()
                return
        elif self._waits is Awaiting.BODY:
            self._received += len(data)
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        """Parse received bytes, however many requests they hold.

        After a head with ``Upgrade`` the parser takes what follows for another protocol and drops its body.
        Only WebSocket is spoken here, so any other such head is parsed again without it, as RFC 9110 section
        7.8 requires of a server that ignores an upgrade.
        """
        self._unset_keepalive_if_required()
        remaining = memoryview(data)
        while True:
            try:
                self.parser.feed_data(remaining)
            except httptools.HttpParserUpgrade as upgrade:
                if not self._ignores_upgrade:
                    self.handle_websocket_upgrade()
                    return
                remaining = remaining[upgrade.args[0] :]
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
        """Return whether to switch to WebSocket, which RFC 6455 opens by GET."""
        return bool(self.scope["method"] == "GET" and super()._should_upgrade())

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            self.scope["method"] = self.parser.get_method().decode("ascii")
            self.scope["http_version"] = self.parser.get_http_version()
            if self.scope["method"] == "CONNECT":
                raise httptools.HttpParserError("CONNECT is not supported")
            self._ignores_upgrade = not self._should_upgrade()
            if self._ignores_upgrade:
                return
        self._wait(Awaiting.BODY)
        self._received = self._head_bytes = 0
        self._connections.mark_sending(self)
        super().on_headers_complete()
        if self.cycle is not None:  # None where a WebSocket begins
            self.cycle.transport = self._writes

    def on_message_complete(self) -> None:
        """Stop the clock of the body, unless the response is already complete."""
        if self._ignores_upgrade:
            return  # the head is parsed again without the upgrade
        self._connections.mark_received(self)
        self._waits = Awaiting.NOTHING
        cycle: Any = self.cycle  # None before the first request
        if cycle is not None and cycle.response_complete:
            self._wait(Awaiting.HEAD)
            self._connections.mark_idle(self)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        is_last = not self.pipeline
        super().on_response_complete()
        if is_last and self._waits is Awaiting.NOTHING:
            self._wait(Awaiting.NEXT)
            self._connections.mark_idle(self)

    def handle_websocket_upgrade(self) -> None:
        self._connections.remove(self)
        super().handle_websocket_upgrade()

    def is_overdue(self, now: float) -> bool:
        """Return whether a head or body takes too long; idle time is left to uvicorn."""
        bounds = self._connections.bounds
        if self._waits is Awaiting.HEAD:
            return now - self._since > bounds.header_seconds
        if self._waits is not Awaiting.BODY or self.flow.read_paused:
            return False
        grace = bounds.body_seconds + self._received / MIN_BYTES_PER_SECOND
        return now - self._since > grace

    def end_slow(self) -> None:
        """Close, with a 408 response if none was begun; the application sees a disconnect."""
        cycle: Any = self.cycle
        is_head = self._waits is Awaiting.HEAD
        answered = cycle is not None and cycle.response_started and not is_head
        self._waits = Awaiting.NOTHING
        if cycle is not None and not cycle.response_complete:
            cycle.disconnected = True
            cycle.message_event.set()
        if not self.transport.is_closing():
            if not answered:
                self.transport.write(TIMED_OUT)
            self.transport.close()

    def _wait(self, waits: Awaiting) -> None:
        self._waits = waits
        self._since = time.monotonic()
