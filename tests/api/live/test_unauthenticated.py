"""What a caller may cost before a key is shown: bytes, frames, sockets and seconds."""

import asyncio
import contextlib
import json
import struct
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import psutil
import pytest
import websockets

from server.live.messages import MAX_CONTROL_CHARACTERS, MAX_ID_CHARACTERS
from server.live.pending import PendingSockets
from server.transport.websockets import MAX_BYTES_BEFORE_ACCEPTED, MAX_FRAGMENTS
from tests.api.live.conftest import Serve
from tests.api.live.documents import OPERATIONS
from tests.api.live.serving import PATIENCE_SECONDS, PROTOCOL, Served, eventually
from tests.api.live.test_websocket import INIT, closed_with

MIB = 2**20
TEXT, CONT, PING, FIN = 0x1, 0x0, 0x9, 0x80
MOST_TAKEN = 8 * MIB
"""Bytes that a client can send before it hears of the end: buffers of both sides, however large."""
HANDSHAKE = (
    "GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n"
).encode()


def frame(opcode: int, content: bytes, announced: int | None = None) -> bytes:
    """A frame from a client; ``announced`` is the length that its head names."""
    length = len(content) if announced is None else announced
    if length < 126:
        head = struct.pack("!BB", opcode, 0x80 | length)
    elif length < 65_536:
        head = struct.pack("!BBH", opcode, 0x80 | 126, length)
    else:
        head = struct.pack("!BBQ", opcode, 0x80 | 127, length)
    return head + b"\0\0\0\0" + content


@asynccontextmanager
async def raw_socket(live: Served) -> AsyncIterator[tuple[asyncio.StreamReader, Any]]:
    """A websocket of which the test writes each byte."""
    port = live.http.base_url.port
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(HANDSHAKE)
        await reader.readuntil(b"\r\n\r\n")
        yield reader, writer
    finally:
        writer.transport.abort()


async def end_of(reader: asyncio.StreamReader) -> int | None:
    """The code of the close frame with which a connection ends; None where it has none."""
    with contextlib.suppress(ConnectionError):
        async with asyncio.timeout(PATIENCE_SECONDS):
            while head := await reader.readexactly(2):
                content = await reader.readexactly(head[1] & 0x7F)
                if head[0] & 0x0F == 0x8:
                    return int.from_bytes(content[:2], "big")
    return None


async def sent_until_closed(live: Served, first: bytes, again: bytes) -> tuple[int, int | None]:
    """How much of an endless flow is taken, and the code at its end."""
    async with raw_socket(live) as (reader, writer):
        sent = len(first)
        writer.write(first)
        ending = asyncio.create_task(end_of(reader))
        async with asyncio.timeout(PATIENCE_SECONDS):
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while not ending.done() and sent <= MOST_TAKEN:
                    writer.write(again)
                    sent += len(again)
                    await writer.drain()
        with contextlib.suppress(asyncio.IncompleteReadError):
            return sent, await ending
        return sent, None


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (frame(FIN | TEXT, b"", 30 * MIB), b"x" * 65_536),
        (frame(TEXT, b"{"), frame(CONT, b" ") * 1_000),
        (frame(TEXT, b"{"), frame(CONT, b"") * 1_000),
        (b"", frame(FIN | PING, b"p" * 125) * 100),
    ],
)
async def test_few_bytes_are_taken(live: Served, first: bytes, again: bytes) -> None:
    sent, code = await sent_until_closed(live, first, again)
    assert sent <= MOST_TAKEN
    assert code in (1009, None)  # a close may be lost in the reset of a connection that still sends
    assert live.server.live is not None
    await eventually(lambda: len(live.server.live.pending) == 0)  # type: ignore[union-attr]


async def test_messages_are_small_until_the_caller_is_known(live: Served) -> None:
    for kind in ("ping", "connection_init", "pong"):
        large = {"type": kind, "payload": {"x": "y" * MAX_CONTROL_CHARACTERS}}
        assert await closed_with(live, large, init=False) == 1009
    halves = [{"type": "ping", "payload": {"x": "y" * (MAX_CONTROL_CHARACTERS - 100)}}] * 5
    assert await closed_with(live, *halves, init=False) == 1009
    assert MAX_BYTES_BEFORE_ACCEPTED < 5 * MAX_CONTROL_CHARACTERS


async def test_only_operations_are_large_afterwards(live: Served) -> None:
    for kind in ("ping", "pong", "complete"):
        large = {"type": kind, "id": "1", "payload": {"x": "y" * MAX_CONTROL_CHARACTERS}}
        assert await closed_with(live, large) == 4400
    many = '{"type":"ping","payload":{"x":[' + "[]," * 5 * MIB + "[]]}}"
    assert await closed_with(live, many) == 4400
    operation = {"id": "x" * (MAX_ID_CHARACTERS + 1), "type": "subscribe"}
    assert await closed_with(live, {**operation, "payload": {"query": "{a}"}}) == 4400
    async with live.socket() as socket:
        document = "{ viewer { name } } #" + "x" * 100_000
        assert await (await socket.subscribe(document)).rest() == [{"name": "open"}]


async def test_documents_are_bounded_on_a_socket(serve: Serve) -> None:
    live = await serve(max_document_bytes=2_000)
    viewer = "{ viewer { name } }"
    async with live.socket() as socket:
        for document in (viewer, OPERATIONS):
            message = await (await socket.subscribe(document + " " * 2_000)).message()
            assert message["type"] == "error"
            assert "must not exceed 2,000 bytes" in message["payload"][0]["message"]
        assert await (await socket.subscribe(viewer)).rest() == [{"name": "open"}]


async def test_a_small_message_cannot_become_a_large_one(live: Served) -> None:
    """Compression is offered by clients and not taken."""
    async with websockets.connect(
        live.socket_url, subprotocols=[PROTOCOL], compression="deflate"
    ) as raw:
        assert raw.protocol.extensions == []
    async with raw_socket(live) as (reader, writer):
        writer.write(frame(FIN | 0x40 | TEXT, b"deflated"))
        assert await end_of(reader) == 1002


async def test_a_message_in_very_many_frames(live: Served) -> None:
    async with raw_socket(live) as (reader, writer):
        writer.write(frame(FIN | TEXT, json.dumps(INIT).encode()))
        assert b"connection_ack" in await reader.readuntil(b"}")
        writer.write(frame(TEXT, b"{") + frame(CONT, b" ") * (MAX_FRAGMENTS + 1))
        assert await end_of(reader) == 1009


async def test_sockets_without_a_key_take_no_room(serve: Serve) -> None:
    live = await serve(live_pending_per_address=5, live_connections=3, live_init_seconds=60)
    streams = live.server.live
    assert streams is not None
    async with AsyncExitStack() as sockets:
        idle = [
            await sockets.enter_async_context(
                websockets.connect(live.socket_url, subprotocols=[PROTOCOL], compression=None)
            )
            for _ in range(12)
        ]
        await eventually(lambda: len(streams.pending) == 5)
        assert streams.connections == 0
        for socket in idle[:7]:  # those that came first made room for the others
            async with asyncio.timeout(PATIENCE_SECONDS):
                await socket.wait_closed()
            assert socket.close_code == 1013
        assert [socket.close_code for socket in idle[7:]] == [None] * 5
        async with live.socket(), live.socket(), live.socket():
            assert streams.connections == 3
            assert len(streams.pending) <= 4
            with pytest.raises(websockets.InvalidStatus):
                async with live.socket():
                    pass
            await idle[-1].send(json.dumps(INIT))
            async with asyncio.timeout(PATIENCE_SECONDS):
                await idle[-1].wait_closed()
            assert idle[-1].close_code == 1013
    await eventually(lambda: len(streams.pending) + streams.connections == 0)


async def test_who_never_shows_a_key_is_closed_out(serve: Serve) -> None:
    live = await serve(live_init_seconds=0.3)
    streams = live.server.live
    assert streams is not None
    async with raw_socket(live) as (reader, writer):
        writer.write(frame(FIN | TEXT, b'{"type":"connection_init"', 200))  # half a frame
        assert await end_of(reader) == 4408
        assert await reader.read() == b""  # dropped, although this client answers nothing
    async with raw_socket(live) as (reader, writer):
        ending = asyncio.create_task(end_of(reader))
        while not ending.done():
            writer.write(frame(FIN | TEXT, b'{"type":"ping"}'))
            await asyncio.sleep(0.05)
        assert await ending == 4408
    await eventually(lambda: len(streams.pending) == 0)


def accepted_connections(live: Served) -> list[Any]:
    """The server's ends of connections, which this process holds as well as the clients' ends."""
    port = live.http.base_url.port
    return [
        connection
        for connection in psutil.Process().net_connections("tcp")
        if connection.laddr.port == port and connection.status != psutil.CONN_LISTEN
    ]


async def test_a_client_that_reads_nothing_is_dropped(serve: Serve) -> None:
    """Its pings are not answered without end, and its close is not waited for."""
    live = await serve(live_init_seconds=0.3)
    streams = live.server.live
    assert streams is not None
    async with raw_socket(live) as (_, writer):
        writer.write(frame(FIN | TEXT, json.dumps(INIT).encode()))
        await eventually(lambda: streams.connections == 1)
        writer.write(frame(FIN | TEXT, b"nonsense"))
        await eventually(lambda: streams.connections == 0)
        await eventually(lambda: not accepted_connections(live))


def test_rooms_are_bounded_for_all_addresses_together() -> None:
    ended: list[str] = []
    pending = PendingSockets(2, 3)
    for number, address in enumerate(["a", "a", "a", "b", "c", "::1", "::2"]):
        pending.enter(address, number, lambda number=number: ended.append(str(number)))  # type: ignore[misc]
    assert "".join(ended) == "0123"
    assert len(pending) == 3
    pending.leave(5)
    pending.leave(5)
    pending.close_all()
    assert "".join(ended) == "012346"
    assert len(pending) == 0
    assert pending.evicted == 4
