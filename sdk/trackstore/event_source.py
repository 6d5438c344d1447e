"""Reads server-sent events from an HTTP response, with httpx-sse."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from importlib import import_module
from typing import Any, cast

import httpx

from trackstore.errors import EventStreamError, MissingExtraError

MAX_EVENT_BYTES = 32 * 2**20
"""Limit of one event. The server sends far smaller ones."""
ServerEvent = Any
"""A ``ServerSentEvent`` of httpx-sse: ``event`` and ``data`` are text."""


class BoundedStream(httpx.AsyncByteStream):
    """Body of a response that counts the bytes since the last event."""

    def __init__(self, stream: httpx.AsyncByteStream, on_piece: Callable[[], None]) -> None:
        self._stream = stream
        self._on_piece = on_piece
        self._bytes = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self._on_piece()
            self._bytes += len(piece)
            if self._bytes > MAX_EVENT_BYTES:
                raise EventStreamError(f"an event exceeds {MAX_EVENT_BYTES:,} bytes")
            yield piece

    def reset(self) -> None:
        self._bytes = 0

    async def aclose(self) -> None:
        await self._stream.aclose()


async def read_events(
    response: httpx.Response, on_piece: Callable[[], None] = lambda: None
) -> AsyncGenerator[ServerEvent]:
    """Yield every event of a response; call ``on_piece`` for all that arrives, keep-alives too.

    Raises ``EventStreamError`` for an event that is too large.
    """
    body = BoundedStream(cast(httpx.AsyncByteStream, response.stream), on_piece)
    response.stream = body
    async with aclosing(_event_source(response).aiter_sse()) as events:
        async for event in events:
            body.reset()
            yield event


def _event_source(response: httpx.Response) -> Any:
    try:
        return import_module("httpx_sse").EventSource(response)
    except ImportError:
        raise MissingExtraError(
            "Live streams need httpx-sse. Install it with pip install 'trackstore[live]'."
        ) from None
