"""GraphQL subscriptions over server-sent events that reconnect."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime
from typing import Any
from uuid import UUID

import httpx
import msgspec
from msgspec import Struct

from trackstore.calls import (
    Json,
    connection_failure,
    data_of,
    encode_request,
    error_of,
    new_backoff,
)
from trackstore.errors import EventStreamError, ServerUnavailableError
from trackstore.eventstream import EventStream, ServerEvent

EVENT_STREAM = "text/event-stream"
SILENCE_SECONDS = 30.0
"""The server sends a keep-alive every 12 seconds by default; one may be lost."""
UNAVAILABLE_SECONDS = 300.0
"""How long a stream waits for an unavailable server."""

Variables = Callable[[], Mapping[str, Any]]
"""Called for each connection, so that they hold the current cursor."""


class StageState(Struct, frozen=True, rename="camel"):
    name: str
    status: str
    progress: float | None = None
    attempt: int | None = None
    message: str | None = None


class RequestState(Struct, frozen=True, rename="camel"):
    uuid: UUID
    type: str
    status: str
    correlation_id: str
    title: str | None = None
    current_stage: str | None = None
    result: Json | None = None
    error_stage: str | None = None
    error: Json | None = None
    cancel_reason: str | None = None
    stages: tuple[StageState, ...] = ()


class LoggedEvent(Struct, frozen=True, rename="camel"):
    seq: int
    type: str
    severity: str
    occurred_at: datetime
    stage: str | None = None
    attempt: int | None = None
    message: str | None = None
    data: Json | None = None


class Progress(Struct, frozen=True, rename="camel"):
    """Progress of a request: its current state first (``event`` is None), then each event.

    ``progress`` is 0 to 1; ``eta_seconds`` is the estimated remaining time, if known.
    """

    request: RequestState
    seq: int
    progress: float
    replayed: bool
    event: LoggedEvent | None = None
    eta_seconds: float | None = None


def progress_of(data: Json) -> Progress:
    return msgspec.convert(data["requestProgress"], Progress)


async def stream_answers(
    http: httpx.AsyncClient,
    url: str,
    document: str,
    variables: Variables,
    away_seconds: float = UNAVAILABLE_SECONDS,
) -> AsyncGenerator[Json]:
    """Yield the data of every answer until the server completes the subscription.

    A lost connection is reopened with the current value of ``variables``. Raises
    ``ServerRefusedError``, or ``ServerUnavailableError`` after ``away_seconds`` without a server.
    """
    backoff, heard = new_backoff(), time.monotonic()
    while True:
        try:
            async with aclosing(_stream(http, url, document, variables())) as stream:
                async for data in stream:
                    backoff.succeed()
                    heard = time.monotonic()
                    if data is not None:
                        yield data
            return
        except ServerUnavailableError as failure:
            delay = backoff.fail(failure.retry_after)
            if time.monotonic() + delay - heard > away_seconds:
                raise
            await asyncio.sleep(delay)


async def _stream(
    http: httpx.AsyncClient, url: str, document: str, variables: Mapping[str, Any]
) -> AsyncGenerator[Json | None]:
    headers, timeout = {"Accept": EVENT_STREAM}, httpx.Timeout(SILENCE_SECONDS, connect=5)
    body = encode_request(document, variables)
    try:
        async with http.stream(
            "POST", url, content=body, headers=headers, timeout=timeout
        ) as response:
            if not response.headers.get("content-type", "").startswith(EVENT_STREAM):
                await response.aread()
                data_of(response)
                raise ServerUnavailableError("the server does not stream")
            events = EventStream()
            async for piece in response.aiter_bytes():
                yield None
                for event in events.feed(piece):
                    if event.name == "complete":
                        return
                    yield data_of_event(event)
    except httpx.TransportError as error:
        raise connection_failure(error, url) from None
    except EventStreamError as error:
        raise ServerUnavailableError(str(error)) from None
    raise ServerUnavailableError("the server ended the stream")


def data_of_event(event: ServerEvent) -> Json | None:
    if event.name != "next":
        return None
    answer = msgspec.json.decode(event.data)
    for error in answer.get("errors") or ():
        raise error_of(error)
    data: Json = answer["data"]
    return data
