"""A6: callers that go away, and connections that are pipelined, on the servers that people run."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.unit.sdk_integrations.services import WHO, identify
from trackstore import current
from trackstore.integrations.asgi import TrackingMiddleware
from trackstore.testing import RecordingTracker

HEADERS = "".join(f"{name}: {value}\r\n" for name, value in WHO.items())


@asynccontextmanager
async def on_uvicorn(app: Any, **settings: Any) -> AsyncIterator[int | str]:
    """Serve on a free port, until the block ends; gives the port, or the path of a socket."""
    config = uvicorn.Config(app, port=0, log_level="critical", lifespan="off", **settings)
    server = uvicorn.Server(config)
    server.capture_signals = nullcontext  # type: ignore[method-assign, assignment]
    task = asyncio.create_task(server.serve())
    await until(lambda: server.started)
    try:
        address = server.servers[0].sockets[0].getsockname()
        yield address if isinstance(address, str) else address[1]
    finally:
        server.should_exit = True
        await task


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until it is so."""
    for _ in range(1_000):
        if is_so():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came")


async def test_a6_a_caller_that_leaves_in_the_middle_of_a_stream(
    tracker: RecordingTracker,
) -> None:
    async def forever(request: Request) -> Response:
        identify(request)

        async def parts() -> AsyncIterator[bytes]:
            while True:
                await asyncio.sleep(0.01)
                yield b"part " * 100

        return StreamingResponse(parts())

    app = TrackingMiddleware(Starlette(routes=[Route("/v1/forever", forever)]), tracker)
    async with on_uvicorn(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /v1/forever HTTP/1.1\r\nHost: x\r\n{HEADERS}\r\n".encode())
        assert (await reader.readuntil(b"part ")).startswith(b"HTTP/1.1 200")
        writer.close()
        await until(lambda: len(tracker.operations) == 1)
    (operation,) = tracker.operations
    assert (operation.outcome, operation.error) == ("OK", None)
    assert operation.api is not None
    assert operation.api.status_code == 200
    assert operation.attributes == {"disconnected": True}


async def test_a6_calls_of_one_pipelined_connection_are_each_their_own(
    tracker: RecordingTracker,
) -> None:
    seen: list[str | None] = []

    async def handler(request: Request) -> Response:
        identify(request)
        seen.append(current().correlation_id)
        return PlainTextResponse(request.path_params["name"])

    app = TrackingMiddleware(Starlette(routes=[Route("/v1/x/{name}", handler)]), tracker)
    names = ["a", "b", "c"]
    async with on_uvicorn(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for name in names:
            headers = f"{HEADERS}X-Correlation-ID: corr-{name}\r\n" if name != "b" else HEADERS
            writer.write(f"GET /v1/x/{name} HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
        await until(lambda: len(tracker.operations) == 3)
        for name in names:
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
            assert await reader.readexactly(1) == name.encode()
        writer.close()
    assert [o.api and o.api.resource_id for o in tracker.operations] == names
    ids = [o.correlation_id for o in tracker.operations]
    assert ids == seen
    assert (ids[0], ids[2], len(set(ids))) == ("corr-a", "corr-c", 3)


async def test_a_unix_socket_has_no_address_and_a_prefix_is_no_part_of_the_route(
    tracker: RecordingTracker, tmp_path: Path
) -> None:
    async def handler(request: Request) -> Response:
        identify(request)
        return PlainTextResponse("ok")

    app = TrackingMiddleware(Starlette(routes=[Route("/v1/x/{name}", handler)]), tracker)
    path = str(tmp_path / "s")
    long = "a" * 5_000
    async with on_uvicorn(app, uds=path, root_path="/api") as address:
        assert address == path
        reader, writer = await asyncio.open_unix_connection(path)
        sent = f"GET /v1/x/{long}?{long} HTTP/1.1\r\nHost: x\r\nUser-Agent: {long}\u00e9\r\n{HEADERS}\r\n"
        writer.write(sent.encode("latin-1"))
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        await until(lambda: len(tracker.operations) == 1)
        writer.close()
    (operation,) = tracker.operations
    assert operation.api is not None
    assert (operation.name, operation.api.ip_address) == ("GET v1/x/{name}", None)
    assert (operation.api.resource_id, operation.api.user_agent) == (long[:200], long[:1_000])
