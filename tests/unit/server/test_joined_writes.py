"""The head of a response leaves with its body; nothing stays behind, and nothing is reordered."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from server.transport.joined_writes import JoinedWrites

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"


class RecordedTransport(asyncio.Transport):
    """Pass everything to a real transport, and list the writes."""

    def __init__(self, transport: asyncio.WriteTransport) -> None:
        super().__init__()
        self._transport = transport
        self.writes: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(bytes(data))
        self._transport.write(data)

    def close(self) -> None:
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()


Ends = tuple[JoinedWrites, RecordedTransport, asyncio.StreamReader]


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    server, client = socket.socketpair()
    _, writer = await asyncio.open_connection(sock=server)
    reader, other_writer = await asyncio.open_connection(sock=client)
    transport = RecordedTransport(writer.transport)
    yield JoinedWrites(transport, asyncio.get_running_loop()), transport, reader
    writer.close()
    other_writer.close()


async def test_a_head_leaves_with_its_body(ends: Ends) -> None:
    joined, transport, _ = ends
    joined.write(HEAD)
    joined.write(b"body")
    assert transport.writes == [HEAD + b"body"]
    await asyncio.sleep(0)
    assert transport.writes == [HEAD + b"body"]


async def test_a_head_without_a_body_leaves_at_once(ends: Ends) -> None:
    joined, transport, reader = ends
    joined.write(HEAD)
    await asyncio.sleep(0)
    assert transport.writes == [HEAD]
    assert await reader.readexactly(len(HEAD)) == HEAD


async def test_all_parts_of_a_stream_arrive_in_order(ends: Ends) -> None:
    joined, _, reader = ends
    parts = [b"%d," % n for n in range(101)]
    for n, part in enumerate(parts):
        joined.write(part)
        if n % 7 == 0:
            await asyncio.sleep(0)
    joined.close()
    assert await reader.read() == b"".join(parts)


async def test_closing_sends_what_is_pending(ends: Ends) -> None:
    joined, _, reader = ends
    joined.write(HEAD)
    joined.close()
    assert await reader.read() == HEAD


async def test_nothing_is_written_after_the_connection_has_closed(ends: Ends) -> None:
    joined, transport, reader = ends
    joined.write(HEAD)
    transport.close()
    assert joined.is_closing()
    await asyncio.sleep(0)
    assert transport.writes == []
    assert await reader.read() == b""
