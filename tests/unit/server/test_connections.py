"""Connections that are slow, idle or many: a real server ends them, and answers everybody else."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from migrations.runner import upgrade
from tests.support.databases import SqliteDatabases
from tests.support.processes import ServerProcess, server_process

pytestmark = pytest.mark.sqlite
PATIENCE = 30.0
"""Longer than every bound of these servers, and shorter than uvicorn's own silence: it has none."""
QUERY = json.dumps({"query": "{ viewer { name } }"}).encode()
HEAD = (
    b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n"
)
ASKED = HEAD % len(QUERY) + b"\r\n" + QUERY


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One that waits for little and holds few connections."""
    folder = tmp_path_factory.mktemp("connections")
    with (
        SqliteDatabases(folder, upgrade).migrated() as url,
        server_process(
            url,
            folder,
            max_connections=60,
            header_seconds=1.5,
            body_seconds=1.5,
            idle_seconds=2,
            max_body_bytes=4096,
        ) as running,
    ):
        yield running


@asynccontextmanager
async def connected(
    server: ServerProcess,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection as anybody may open it."""
    url = httpx.URL(server.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            async with asyncio.timeout(PATIENCE):
                await writer.wait_closed()


async def drip(writer: asyncio.StreamWriter, sent: bytes, pause: float) -> None:
    """Send byte by byte, as slowly as somebody who wants to keep a server waiting."""
    with contextlib.suppress(OSError):
        for byte in sent:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(pause)


async def end_of(reader: asyncio.StreamReader) -> bytes:
    """All that is answered until the connection is closed."""
    async with asyncio.timeout(PATIENCE):
        with contextlib.suppress(ConnectionError):
            return await reader.read()
    return b""


async def answer_of(reader: asyncio.StreamReader) -> bytes:
    """One answer on a connection that stays open."""
    async with asyncio.timeout(PATIENCE):
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(line for line in lines if line.startswith(b"content-length"))
        return head + await reader.readexactly(int(length.split(b":")[1]))


async def test_a_head_that_does_not_end(server: ServerProcess) -> None:
    async def answer_to(sent: bytes) -> bytes:
        async with connected(server) as (reader, writer):
            writer.write(sent)
            return await end_of(reader)

    parts = (b"", b"POST", HEAD % 10, b"GET / HTTP/1.1\r\nX-A: ")
    for answer in await asyncio.gather(*map(answer_to, parts)):
        assert answer.startswith(b"HTTP/1.1 408 Request Timeout\r\n")


async def test_a_head_that_drips(server: ServerProcess) -> None:
    async with connected(server) as (reader, writer):
        dripping = asyncio.create_task(
            drip(writer, b"GET /livez HTTP/1.1\r\n" + b"X: y\r\n" * 500, 0.1)
        )
        assert (await end_of(reader)).startswith(b"HTTP/1.1 408 ")
        dripping.cancel()


async def test_a_body_that_does_not_come_or_drips(server: ServerProcess) -> None:
    for body in (b"", b" " * 4_000):
        async with connected(server) as (reader, writer):
            writer.write(HEAD % 4_001 + b"\r\n")
            dripping = asyncio.create_task(drip(writer, body, 0.1))
            assert (await end_of(reader)).startswith(b"HTTP/1.1 408 ")
            dripping.cancel()
    assert not server.complaints()


async def test_a_head_without_end_is_not_kept(server: ServerProcess) -> None:
    async with connected(server) as (reader, writer):
        with contextlib.suppress(OSError):
            writer.write(b"GET /livez HTTP/1.1\r\nX: " + b"a" * 70_000)
            await writer.drain()
        assert (await end_of(reader)).startswith(b"HTTP/1.1 431 ")


async def test_idle_connections_are_closed(server: ServerProcess) -> None:
    async with connected(server) as (reader, writer):
        for _ in range(3):
            writer.write(ASKED)
            assert b'{"viewer":{"name":"open"}}' in await answer_of(reader)
        started = time.monotonic()
        assert await end_of(reader) == b""
        assert time.monotonic() - started < PATIENCE


async def test_an_answer_before_the_body_has_come(server: ServerProcess) -> None:
    async with connected(server) as (reader, writer):
        writer.write(HEAD % 1_000_000 + b"\r\n")
        answer = await answer_of(reader)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert await end_of(reader) == b""  # what was announced does not come: it ends


async def test_several_requests_at_once_on_one_connection(server: ServerProcess) -> None:
    async with connected(server) as (reader, writer):
        writer.write(ASKED * 5 + ASKED[:-5])
        for _ in range(5):
            assert b'{"viewer":{"name":"open"}}' in await answer_of(reader)
        writer.write(ASKED[-5:])
        assert b'{"viewer":{"name":"open"}}' in await answer_of(reader)


def with_upgrade(protocol: bytes, method: bytes = b"POST", *more: bytes) -> bytes:
    """The head of a request that asks for another protocol, as Java's HttpClient and curl do."""
    lines = [
        method + b" /graphql HTTP/1.1",
        b"Host: 127.0.0.1",
        b"Connection: Upgrade, HTTP2-Settings",
        b"Upgrade: " + protocol,
        b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
        b"Content-Type: application/json",
        *more,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n"


LENGTH = b"Content-Length: %d" % len(QUERY)
CHUNKED = b"Transfer-Encoding: chunked"
CHUNKS = b"%x\r\n%b\r\n%x\r\n%b\r\n0\r\n\r\n" % (5, QUERY[:5], len(QUERY) - 5, QUERY[5:])
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (with_upgrade(b"h2c", b"POST", LENGTH), QUERY),
        (with_upgrade(b"h2c", b"POST", CHUNKED), CHUNKS),
        (with_upgrade(b"h2c", b"POST", b"Connection: keep-alive", LENGTH), QUERY),
        (with_upgrade(b"TLS/1.2", b"POST", LENGTH), QUERY),
        (with_upgrade(b"websocket, h2c", b"POST", LENGTH), QUERY),
        (with_upgrade(b"websocket", b"POST", KEY, b"Sec-WebSocket-Version: 13", LENGTH), QUERY),
    ],
)
async def test_an_upgrade_that_is_not_spoken_keeps_the_body(
    server: ServerProcess, head: bytes, body: bytes
) -> None:
    answered = b'{"viewer":{"name":"open"}}'
    for pieces in ([head + body], [head, body], [head[:30], head[30:], body[:7], body[7:]]):
        async with connected(server) as (reader, writer):
            for _ in range(2):  # the connection goes on
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0.02)
                answer = await answer_of(reader)
                assert answer.startswith(b"HTTP/1.1 200 ")
                assert answered in answer
            writer.write(ASKED + head + body + ASKED)
            for _ in range(3):
                assert answered in await answer_of(reader)


async def test_a_body_behind_an_upgrade_is_not_taken_for_a_request(server: ServerProcess) -> None:
    inner = b"GET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    head = with_upgrade(b"h2c", b"POST", b"Content-Length: %d" % len(inner))
    async with connected(server) as (reader, writer):
        writer.write(head)
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.write(inner + ASKED)
        assert (await answer_of(reader)).startswith(b"HTTP/1.1 400 ")
        assert b'{"viewer":{"name":"open"}}' in await answer_of(reader)


async def test_upgrades_without_a_body_and_other_protocols(server: ServerProcess) -> None:
    async with connected(server) as (reader, writer):
        health = with_upgrade(b"h2c", b"GET").replace(b"/graphql", b"/livez")
        writer.write(health * 200)  # all of them in one packet
        for _ in range(200):
            assert b'{"status":"alive"}' in await answer_of(reader)
    for strange in (
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n",
    ):
        async with connected(server) as (reader, writer):
            writer.write(strange)
            assert (await end_of(reader)).startswith(b"HTTP/1.1 400 ")
    async with connected(server) as (reader, writer):
        head = with_upgrade(b"websocket", b"GET", KEY, b"Sec-WebSocket-Version: 13")
        writer.write(head.replace(b"Upgrade, HTTP2-Settings", b"Upgrade"))
        async with asyncio.timeout(PATIENCE):
            assert (await reader.readline()).startswith(b"HTTP/1.1 101 ")
    assert not server.complaints()


async def test_a_caller_that_leaves_is_no_error(server: ServerProcess) -> None:
    async with connected(server) as (_, writer):
        writer.write(HEAD % 100 + b"\r\n" + b"{")
        await writer.drain()
        await asyncio.sleep(0.2)
    await asyncio.sleep(0.2)
    assert not server.complaints()


async def test_a_flood_leaves_the_health_routes_answering(server: ServerProcess) -> None:
    """Ten times as many connections as may be, that ask nothing or send half a request."""
    async with contextlib.AsyncExitStack() as stack:
        for number in range(600):
            _, writer = await stack.enter_async_context(connected(server))
            if number % 2:
                writer.write(HEAD % 4_000 + b"\r\n{")
        async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE) as http:
            for path in ("/livez", "/readyz"):
                assert (await http.get(path)).status_code == 200
            answer = await http.post("/graphql", json={"query": "{ viewer { name } }"})
            assert answer.json() == {"data": {"viewer": {"name": "open"}}}
    assert not server.complaints()


async def test_a_connection_that_works_is_not_closed_for_others(server: ServerProcess) -> None:
    async with connected(server) as (reader, writer), contextlib.AsyncExitStack() as stack:
        writer.write(ASKED)
        await answer_of(reader)
        for _ in range(30):
            await stack.enter_async_context(connected(server))
        writer.write(ASKED)
        assert b'"data"' in await answer_of(reader)
