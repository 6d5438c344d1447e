"""A subscription that outlives its connection: GraphQL over server-sent events, taken up again."""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import httpx

from cli.api_client import (
    CallRefusedError,
    RetryPolicy,
    ServerUnreachableError,
    TryAgainError,
    data_of,
    failure_of,
    graphql_address,
    headers_of,
    key_hint,
)
from cli.watch.event_stream import EventStream, EventTooLongError, Message
from server.access.key_requirement import is_loopback

EVENT_STREAM = "text/event-stream"
SILENCE_SECONDS = 30.0
"""A server says something every 12 seconds unless it is told otherwise: one sign may be lost."""
TIMEOUT = httpx.Timeout(SILENCE_SECONDS, connect=5)
PATIENCE = RetryPolicy()

Json = dict[str, Any]
Variables = Callable[[], Mapping[str, Any]]
"""Asked again for every connection: they hold the cursor."""


@dataclass(frozen=True, slots=True)
class Link:
    """How the connection is; ``reason`` says why it is not there."""

    is_up: bool = False
    reason: str = ""


class LiveConnection:
    """Subscribes at one server, for as long as ``away_seconds`` without it; an async context.

    ``told`` hears of every change of the connection.
    """

    def __init__(
        self,
        url: str,
        key: str | None,
        away_seconds: float,
        told: Callable[[Link], None] = lambda _: None,
    ) -> None:
        self.url = graphql_address(url)
        self._key_hint = key_hint(key)
        self._away_seconds = away_seconds
        self._told = told
        self._http = httpx.AsyncClient(
            headers={**headers_of(key), "Accept": EVENT_STREAM},
            timeout=TIMEOUT,
            # A proxy of the environment cannot know the servers of this machine.
            trust_env=not is_loopback(self.url.host),
        )

    async def __aenter__(self) -> "LiveConnection":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def answer(self, document: str, variables: Mapping[str, Any]) -> Json:
        """The answer to a query."""
        async with aclosing(self.answers(document, lambda: variables)) as answers:
            return await anext(answers)

    async def answers(self, document: str, variables: Variables) -> AsyncGenerator[Json]:
        """The data of every answer until the server says that the operation is complete.

        Where the connection is lost, it is made again with what ``variables`` are then. Raises
        ``CallRefusedError``, or ``ServerUnreachableError`` after too long a time.
        """
        failures, heard = 0, time.monotonic()
        while True:
            try:
                async with aclosing(self._stream(document, variables())) as stream:
                    async for answer in stream:
                        failures, heard = 0, time.monotonic()
                        if answer is not None:
                            yield answer
                return
            except TryAgainError as failure:
                failures += 1
                self._told(Link(reason=str(failure)))
                delay = PATIENCE.delay(failures, failure.after)
                if time.monotonic() + delay - heard > self._away_seconds:
                    raise ServerUnreachableError(
                        f"{self.url} has been away for {self._away_seconds:g} s: {failure}"
                    ) from None
                await asyncio.sleep(delay)

    async def _stream(
        self, document: str, variables: Mapping[str, Any]
    ) -> AsyncGenerator[Json | None]:
        """Answers over one connection; None for any other sign of life."""
        body = json.dumps({"query": document, "variables": variables}).encode()
        try:
            async with self._http.stream("POST", self.url, content=body) as response:
                if not response.headers.get("content-type", "").startswith(EVENT_STREAM):
                    await response.aread()
                    data_of(response, self._key_hint)
                    raise CallRefusedError(
                        f"{self.url} does not stream: is it an older Trackstore?"
                    )
                self._told(Link(is_up=True))
                stream = EventStream()
                async for chunk in response.aiter_bytes():
                    for message in stream.feed(chunk):
                        if message.event == "complete":
                            return
                        yield data_in(message, self._key_hint)
                    if not chunk.strip(b":\r\n"):
                        yield None
        except httpx.ReadTimeout:
            raise TryAgainError(f"nothing was heard for {SILENCE_SECONDS:g} s") from None
        except httpx.TransportError as error:
            raise TryAgainError(str(error) or type(error).__name__) from None
        except EventTooLongError:
            raise TryAgainError("what came was no stream of events") from None
        raise TryAgainError("the server ended the stream")


def data_in(message: Message, key_note: str) -> Json | None:
    """The data of one message; None where it carries no answer. Raises what an error in it means."""
    if message.event != "next":
        return None
    try:
        answer = json.loads(message.data)
    except ValueError:
        raise TryAgainError("what came was no stream of events") from None
    errors = answer.get("errors")
    if errors:
        raise failure_of(errors[0], key_note)
    data: Json = answer["data"]
    return data
