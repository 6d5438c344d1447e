"""A server on a real port inside the test's process, and websocket clients of it."""

import asyncio
import contextlib
import itertools
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn
import websockets
from websockets.typing import Subprotocol

from server.app import Server, create_app
from server.settings.model import load_settings
from server.transport.connections import BoundedProtocol
from server.transport.websockets import BoundedWebSocket
from store.ids import Clock, utc_now
from tests.support.api import Api, Json

PROTOCOL = Subprotocol("graphql-transport-ws")
PATIENCE_SECONDS = 20.0
"""How long anything may take; on a busy machine little of it is used."""


class Served(Api):
    """One caller of a server, by HTTP and by websocket."""

    def __init__(self, server: Server, http: httpx.AsyncClient, token: str | None = None) -> None:
        super().__init__(server, http, token)
        self.token = token

    @property
    def socket_url(self) -> str:
        """Where websockets connect."""
        return f"ws://{self.http.base_url.netloc.decode()}/graphql"

    def caller(self, token: str | None) -> "Served":
        """Another caller of the same server."""
        return Served(self.server, self.http, token)

    @asynccontextmanager
    async def socket(self, **options: Any) -> AsyncIterator["Socket"]:
        """A socket that was acknowledged."""
        async with websockets.connect(
            self.socket_url, subprotocols=[PROTOCOL], compression=None, **options
        ) as raw:
            found = Socket(raw)
            payload = {"Authorization": f"Bearer {self.token}"} if self.token else None
            await found.init(payload)
            yield found

    async def streamed(
        self, query: str, variables: Json | None = None, accept: str = "text/event-stream"
    ) -> AsyncIterator[str]:
        """The lines of a streaming answer."""
        headers = {"accept": accept}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        body = {"query": query, "variables": variables}
        async with self.http.stream("POST", "/graphql", json=body, headers=headers) as answer:
            assert answer.status_code == 200, await answer.aread()
            async for line in answer.aiter_lines():
                yield line


class Socket:
    """One websocket; messages are sorted by operation as they come."""

    def __init__(self, raw: websockets.ClientConnection) -> None:
        self.raw = raw
        self._ids = itertools.count(1)
        self._queues: dict[str, asyncio.Queue[Json]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def init(self, payload: Json | None = None) -> None:
        """Have the connection acknowledged, and read on from there."""
        message: Json = {"type": "connection_init"}
        await self.send(message if payload is None else {**message, "payload": payload})
        answer = json.loads(await asyncio.wait_for(self.raw.recv(), PATIENCE_SECONDS))
        assert answer == {"type": "connection_ack"}
        self._reader = asyncio.create_task(self._read())

    async def send(self, message: Any) -> None:
        """Send anything as JSON."""
        await self.raw.send(json.dumps(message))

    async def subscribe(self, query: str, variables: Json | None = None) -> "Operation":
        """Begin an operation."""
        id = str(next(self._ids))
        queue = self._queues[id] = asyncio.Queue()
        payload = {"query": query, "variables": variables}
        await self.send({"id": id, "type": "subscribe", "payload": payload})
        return Operation(self, id, queue)

    async def _read(self) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            async for text in self.raw:
                message = json.loads(text)
                self._queues[message["id"]].put_nowait(message)
        for queue in self._queues.values():
            queue.put_nowait({"type": "closed"})


class Operation:
    """One operation on a socket."""

    def __init__(self, socket: Socket, id: str, queue: asyncio.Queue[Json]) -> None:
        self._socket = socket
        self.id = id
        self._queue = queue

    async def message(self, seconds: float = PATIENCE_SECONDS) -> Json:
        """The next message."""
        return await asyncio.wait_for(self._queue.get(), seconds)

    async def next(self) -> Json:
        """The root field of the next answer, which must have one."""
        message = await self.message()
        assert message["type"] == "next", message
        assert "errors" not in message["payload"], message
        (value,) = message["payload"]["data"].values()
        return value  # type: ignore[no-any-return]

    async def take(self, count: int) -> list[Json]:
        """The next so many answers."""
        return [await self.next() for _ in range(count)]

    async def rest(self) -> list[Json]:
        """All answers up to the end."""
        found = []
        while (message := await self.message())["type"] == "next":
            (value,) = message["payload"]["data"].values()
            found.append(value)
        assert message["type"] == "complete", message
        return found

    async def is_quiet(self, seconds: float = 0.3) -> bool:
        """Whether nothing comes for a while."""
        try:
            await self.message(seconds)
        except TimeoutError:
            return True
        return False

    async def complete(self) -> None:
        """Have no more of it."""
        await self._socket.send({"id": self.id, "type": "complete"})


class PromptServer(uvicorn.Server):
    """Looks ten times as often as uvicorn does whether it should stop, and whether all is closed."""

    async def main_loop(self) -> None:
        """Return once it should stop."""
        counter = 0
        while not await self.on_tick(counter):
            counter += 1
            await asyncio.sleep(0.01)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close the listeners and wait for connections; what outlasts the timeout is cancelled."""
        for listener in (*self.servers, *(sockets or ())):
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        try:
            async with asyncio.timeout(self.config.timeout_graceful_shutdown):
                while self.server_state.connections or self.server_state.tasks:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        except TimeoutError:
            for task in self.server_state.tasks:
                task.cancel()
        await self.lifespan.shutdown()


@asynccontextmanager
async def served(clock: Clock = utc_now, **settings: Any) -> AsyncIterator[Served]:
    """Run a server of these settings on a free port of this process."""
    loaded = load_settings(**settings)
    app = create_app(loaded, clock)
    taken = socket.socket()
    taken.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        http=BoundedProtocol,
        ws=BoundedWebSocket,
        ws_per_message_deflate=False,
        ws_max_size=loaded.requests.body_bytes,
        timeout_graceful_shutdown=5,
    )
    server = PromptServer(config)
    task = asyncio.create_task(server._serve([taken]))  # without its handlers of signals
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not server.started:
                assert not task.done(), "the server did not start"
                await asyncio.sleep(0.01)
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        limits = httpx.Limits(max_connections=None)
        async with httpx.AsyncClient(base_url=url, timeout=30, limits=limits) as http:
            yield Served(app.state.server, http)
    finally:
        live = app.state.server.live
        if live is not None:
            await live.drain()
        server.should_exit = True
        await task


async def eventually(holds: Callable[[], bool]) -> None:
    """Return once it holds; fail where it never does."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not holds():  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0.02)
