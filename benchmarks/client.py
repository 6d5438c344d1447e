"""A client that costs next to nothing: ready-made requests out, answers compared by their beginning."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length: "
OK = b"HTTP/1.1 200"
SHOWN = 600
"""Bytes of a wrong answer that are shown."""


class WrongAnswer(RuntimeError):
    """The server answered something else than it should have."""


class Connection(asyncio.Protocol):
    """One keep-alive connection, one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received: list[bytes] = []
        self._missing = 0
        self._answer: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell who waits."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionResetError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        """Gather until the length in the head is reached."""
        if not self._received:
            self._begin(data)
        else:
            self._received.append(data)
            self._missing -= len(data)
        if self._missing <= 0 and self._answer is not None and not self._answer.done():
            answer, self._received = b"".join(self._received), []
            self._answer.set_result(answer)

    def _begin(self, data: bytes) -> None:
        """uvicorn sends the head in one piece: a missing length is an error here, not a chunk."""
        head = data.find(END_OF_HEAD)
        at = data.lower().find(LENGTH, 0, head)
        if head < 0 or at < 0:
            raise WrongAnswer(f"an answer without a length: {data[:SHOWN]!r}")
        start = at + len(LENGTH)
        length = int(data[start : data.index(b"\r", start)])
        self._received = [data]
        self._missing = head + len(END_OF_HEAD) + length - len(data)

    async def ask(self, request: bytes) -> bytes:
        """The whole answer, head and body."""
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    @property
    def is_open(self) -> bool:
        """Whether neither side has hung up."""
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


class Caller:
    """Sends requests whose answers must begin in one way."""

    def __init__(self, port: int, expected: bytes) -> None:
        self._port = port
        self._connection = Connection()
        self._expected = END_OF_HEAD + expected

    async def connect(self) -> None:
        """Open a connection."""
        loop = asyncio.get_running_loop()
        _, self._connection = await loop.create_connection(Connection, "127.0.0.1", self._port)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    async def __call__(self, request: bytes) -> bytes:
        """The answer's body; raises ``WrongAnswer``."""
        if not self._connection.is_open:  # the others' turns took longer than a server waits
            await self.connect()
        answer = await self._connection.ask(request)
        if not answer.startswith(OK) or self._expected not in answer:
            raise WrongAnswer(f"expected {self._expected!r} in {answer[:SHOWN]!r}")
        return answer[answer.index(END_OF_HEAD) + len(END_OF_HEAD) :]


@asynccontextmanager
async def callers(port: int, count: int, expected: bytes) -> AsyncIterator[Sequence[Caller]]:
    """So many open connections to a server on this machine."""
    found = [Caller(port, expected) for _ in range(count)]
    try:
        for caller in found:
            await caller.connect()
        yield found
    finally:
        for caller in found:
            caller.close()
