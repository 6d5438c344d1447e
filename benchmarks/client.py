"""Call a server at minimal cost: prepared requests out, answers compared by prefix."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

END_OF_HEAD = b"\r\n\r\n"
LENGTH = b"content-length: "
OK = b"HTTP/1.1 200"
MAX_SHOWN_BYTES = 600
"""Shown part of a wrong answer."""


class WrongAnswerError(RuntimeError):
    pass


class Connection(asyncio.Protocol):
    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received: list[bytes] = []
        self._bytes_missing = 0
        self._response: asyncio.Future[bytes] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._response is not None and not self._response.done():
            self._response.set_exception(
                exc or ConnectionResetError("the server closed the connection")
            )

    def data_received(self, data: bytes) -> None:
        if not self._received:
            self._begin(data)
        else:
            self._received.append(data)
            self._bytes_missing -= len(data)
        if self._bytes_missing <= 0 and self._response is not None and not self._response.done():
            response, self._received = b"".join(self._received), []
            self._response.set_result(response)

    def _begin(self, data: bytes) -> None:
        """Read the head, which uvicorn sends in one piece; a missing length is an error."""
        head = data.find(END_OF_HEAD)
        at = data.lower().find(LENGTH, 0, head)
        if head < 0 or at < 0:
            raise WrongAnswerError(f"response without Content-Length: {data[:MAX_SHOWN_BYTES]!r}")
        start = at + len(LENGTH)
        length = int(data[start : data.index(b"\r", start)])
        self._received = [data]
        self._bytes_missing = head + len(END_OF_HEAD) + length - len(data)

    async def ask(self, request: bytes) -> bytes:
        assert self._transport is not None
        self._response = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._response

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


class Caller:
    """Send requests whose answers must start with an expected prefix."""

    def __init__(self, port: int, expected: bytes) -> None:
        self._port = port
        self._connection = Connection()
        self._expected = END_OF_HEAD + expected

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        _, self._connection = await loop.create_connection(Connection, "127.0.0.1", self._port)

    def close(self) -> None:
        self._connection.close()

    async def __call__(self, request: bytes) -> bytes:
        if not self._connection.is_open:  # other turns took longer than the server's keep-alive
            await self.connect()
        response = await self._connection.ask(request)
        if not response.startswith(OK) or self._expected not in response:
            raise WrongAnswerError(f"expected {self._expected!r} in {response[:MAX_SHOWN_BYTES]!r}")
        return response[response.index(END_OF_HEAD) + len(END_OF_HEAD) :]


@asynccontextmanager
async def callers(port: int, count: int, expected: bytes) -> AsyncIterator[Sequence[Caller]]:
    open_callers = [Caller(port, expected) for _ in range(count)]
    try:
        for caller in open_callers:
            await caller.connect()
        yield open_callers
    finally:
        for caller in open_callers:
            caller.close()
