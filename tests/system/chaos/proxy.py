"""A TCP proxy on loopback that stops forwarding without a reset, delays, and cuts connections."""

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from enum import Flag, auto
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sqlalchemy import URL, make_url

T = TypeVar("T")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Streams]]

LOOPBACK = "127.0.0.1"
CHUNK_BYTES = 65_536
CONTROL_TIMEOUT_SECONDS = 10.0
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends RST instead of FIN."""


class Direction(Flag):
    """Which way the bytes of a connection flow."""

    TO_SERVER = auto()
    TO_CLIENT = auto()
    BOTH = TO_SERVER | TO_CLIENT


class Link:
    """One proxied connection. Its methods must run in the proxy's loop; ``FaultProxy`` sees to it."""

    def __init__(self, client: Streams, server: Streams) -> None:
        self._client = client
        self._server = server
        self._open = {Direction.TO_SERVER: asyncio.Event(), Direction.TO_CLIENT: asyncio.Event()}
        self._delay_seconds = 0.0
        self.forward()

    @property
    def is_hung(self) -> bool:
        """Whether bytes are held back in a direction."""
        return not all(gate.is_set() for gate in self._open.values())

    def forward(self) -> None:
        """Pass everything on, first of all what was held back."""
        self._delay_seconds = 0.0
        for gate in self._open.values():
            gate.set()

    def hang(self, direction: Direction = Direction.BOTH) -> None:
        """Pass nothing on, the end of the connection included; neither side notices."""
        for one, gate in self._open.items():
            if one in direction:
                gate.clear()

    def delay(self, seconds: float) -> None:
        """Hold back every chunk for ``seconds``."""
        self._delay_seconds = seconds

    def cut(self) -> None:
        """Reset the connection on both sides."""
        for _, writer in (self._client, self._server):
            connection: socket.socket = writer.get_extra_info("socket")
            if connection.family != socket.AF_UNIX and connection.fileno() >= 0:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            writer.transport.abort()

    async def run(self, on_request: Callable[["Link", bytes], None]) -> None:
        """Forward both ways until both sides are closed."""
        await asyncio.gather(
            self._pump(self._client[0], self._server[1], Direction.TO_SERVER, on_request),
            self._pump(self._server[0], self._client[1], Direction.TO_CLIENT, None),
        )

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        direction: Direction,
        on_chunk: Callable[["Link", bytes], None] | None,
    ) -> None:
        try:
            while chunk := await reader.read(CHUNK_BYTES):
                if on_chunk is not None:
                    on_chunk(self, chunk)
                await self._wait_for_turn(direction)
                writer.write(chunk)
                await writer.drain()
        except OSError:
            pass  # one side reset it; the other is told below
        await self._wait_for_turn(direction)
        writer.close()

    async def _wait_for_turn(self, direction: Direction) -> None:
        if self._delay_seconds:
            await asyncio.sleep(self._delay_seconds)
        await self._open[direction].wait()


class FaultProxy:
    """Forwards connections on a loopback port to a server, as well as it is told to.

    It runs in a thread of its own, so that a test may block. Every method may be called from any
    thread and returns when it has taken effect. ``on_request`` sees each chunk that a client sends
    before it is forwarded, in the proxy's thread, and may call the methods of that ``Link``.
    """

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxy")
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._links: list[Link] = []
        self._prepare: Callable[[Link], None] = Link.forward
        self.on_request: Callable[[Link, bytes], None] = lambda _link, _chunk: None
        self.port = 0
        self.accepted = 0

    @classmethod
    def to_port(cls, port: int, host: str = LOOPBACK) -> Self:
        """Forward to a TCP port."""
        return cls(lambda: asyncio.open_connection(host, port))

    @classmethod
    def to_database(cls, url: str | URL) -> Self:
        """Forward to a PostgreSQL, given by its URL with a port or the folder of its socket."""
        parsed = make_url(url)
        folder = parsed.query.get("host")
        port = parsed.port or 5432
        if isinstance(folder, str):
            path = Path(folder) / f".s.PGSQL.{port}"
            return cls(lambda: asyncio.open_unix_connection(path))
        return cls.to_port(port, parsed.host or LOOPBACK)

    def database_url(self, url: str | URL) -> str:
        """Return the URL of the same database, reached through this proxy."""
        query = {name: value for name, value in make_url(url).query.items() if name != "host"}
        through = make_url(url).set(host=LOOPBACK, port=self.port, query=query)
        return through.render_as_string(hide_password=False)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._run(self._listen())
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            self._run(self._close())
        finally:
            self._stop()

    @property
    def links(self) -> int:
        """How many connections are open."""
        return self._call(lambda: len(self._links))

    @property
    def hung_links(self) -> int:
        """How many connections hold bytes back."""
        return self._call(lambda: sum(link.is_hung for link in self._links))

    def forward(self) -> None:
        """Forward everything on all connections, open and new ones, and accept new ones."""
        self._apply(Link.forward, is_for_new=True)

    def hang(self, direction: Direction = Direction.BOTH, *, new: bool = False) -> None:
        """Stop forwarding on every open connection, without a reset; ``new``: on new ones, too."""
        self._apply(lambda link: link.hang(direction), is_for_new=new)

    def delay(self, seconds: float, *, new: bool = True) -> None:
        """Hold back every chunk for ``seconds``."""
        self._apply(lambda link: link.delay(seconds), is_for_new=new)

    def cut(self) -> None:
        """Reset every open connection; new ones are forwarded."""
        self._apply(Link.cut, is_for_new=False)

    def refuse(self) -> None:
        """Reset every open connection and every new one until ``forward``."""
        self._apply(Link.cut, is_for_new=True)

    def _apply(self, change: Callable[[Link], None], is_for_new: bool) -> None:
        def apply() -> None:
            self._prepare = change if is_for_new else Link.forward
            for link in list(self._links):
                change(link)

        self._call(apply)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # the server cannot be reached, somebody reset the connection, or the proxy closes
        finally:
            self._tasks.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        server = await self._connect()
        link = Link((reader, writer), server)
        self._links.append(link)
        self._prepare(link)
        try:
            await link.run(self._see_request)
        finally:
            self._links.remove(link)
            server[1].transport.abort()

    def _see_request(self, link: Link, chunk: bytes) -> None:
        self.on_request(link, chunk)  # looked up each time: a test sets it while links are open

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)  # aborted transports close their sockets in the next turn

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CONTROL_TIMEOUT_SECONDS)
        self._loop.close()

    def _run(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(CONTROL_TIMEOUT_SECONDS)

    def _call(self, function: Callable[[], T]) -> T:
        async def call() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(call(), self._loop).result(CONTROL_TIMEOUT_SECONDS)
