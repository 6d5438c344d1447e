"""GraphQL subscriptions over server-sent events that reconnect."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec

from trackstore.backoff import Backoff
from trackstore.calls import (
    Json,
    connection_failure,
    data_of,
    encode_request,
    error_of,
    new_backoff,
)
from trackstore.connection import display_url
from trackstore.errors import EventStreamError, ServerUnavailableError, WrongAddressError
from trackstore.event_source import ServerEvent, read_events

EVENT_STREAM = "text/event-stream"
SILENCE_SECONDS = 30.0
"""The server sends a keep-alive every 12 seconds by default; one may be lost."""
UNAVAILABLE_SECONDS = 300.0
"""How long a stream waits for an unavailable server."""

Variables = Callable[[], Mapping[str, Any]]
"""Called for each connection, so that they hold the current cursor."""


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """Whether a live stream is connected; ``reason`` says why it is not."""

    is_connected: bool = False
    reason: str = ""


StatusListener = Callable[[StreamStatus], None]


def ignore_status(_: StreamStatus) -> None:
    pass


@dataclass(slots=True)
class Subscription:
    """One subscription, over as many connections as it takes."""

    http: httpx.AsyncClient
    url: str
    document: str
    variables: Variables
    away_seconds: float = UNAVAILABLE_SECONDS
    on_status: StatusListener = ignore_status
    _backoff: Backoff = field(default_factory=new_backoff)
    _last_received: float = field(default_factory=time.monotonic)

    async def answers(self) -> AsyncGenerator[Json]:
        """Yield the data of every answer until the server completes the subscription.

        A lost connection is reopened with the current value of ``variables``. Raises
        ``ServerRefusedError``, or ``ServerUnavailableError`` after ``away_seconds`` without a server.
        """
        self._mark_received()
        while True:
            try:
                async with aclosing(self._connection()) as stream:
                    async for data in stream:
                        yield data
                return
            except ServerUnavailableError as failure:
                self.on_status(StreamStatus(reason=failure.reason))
                delay = self._backoff.fail(failure.retry_after)
                if time.monotonic() + delay - self._last_received > self.away_seconds:
                    raise
                await asyncio.sleep(delay)

    async def _connection(self) -> AsyncGenerator[Json]:
        headers, timeout = {"Accept": EVENT_STREAM}, httpx.Timeout(SILENCE_SECONDS, connect=5)
        body = encode_request(self.document, self.variables())
        try:
            async with self.http.stream(
                "POST", self.url, content=body, headers=headers, timeout=timeout
            ) as response:
                await _require_stream(response)
                self.on_status(StreamStatus(is_connected=True))
                async with aclosing(read_events(response, self._mark_received)) as events:
                    async for event in events:
                        if event.event == "complete":
                            return
                        data = data_of_event(event)
                        if data is not None:
                            yield data
        except httpx.ReadTimeout:
            raise ServerUnavailableError(
                f"{display_url(self.url)} sent nothing for {SILENCE_SECONDS:g} s",
                reason=f"no data for {SILENCE_SECONDS:g} s",
            ) from None
        except httpx.TransportError as error:
            raise connection_failure(error, self.url) from None
        except EventStreamError as error:
            raise ServerUnavailableError(str(error)) from None
        raise ServerUnavailableError("the server ended the stream")

    def _mark_received(self) -> None:
        self._last_received = time.monotonic()
        self._backoff.succeed()


async def _require_stream(response: httpx.Response) -> None:
    if response.headers.get("content-type", "").startswith(EVENT_STREAM):
        return
    await response.aread()
    data_of(response)
    raise WrongAddressError(f"{display_url(str(response.url))} does not stream")


def data_of_event(event: ServerEvent) -> Json | None:
    """Return the data of an answer, None for other events; raise the error in it."""
    if event.event != "next":
        return None
    try:
        answer = msgspec.json.decode(event.data)
        errors = answer.get("errors") or ()
        data: Json | None = answer.get("data")
    except (msgspec.MsgspecError, AttributeError):
        raise EventStreamError("the server sent an event that is not JSON") from None
    for error in errors:
        raise error_of(error)
    if data is None:
        raise EventStreamError("the server sent an answer without data")
    return data
