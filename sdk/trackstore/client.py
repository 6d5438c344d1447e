"""Questions to the server, for which the caller waits: ``query``, sync and async."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx

from trackstore.calls import Json, connection_failure, data_of, encode_request, new_backoff
from trackstore.connection import client_options
from trackstore.documents import REQUEST_PROGRESS
from trackstore.errors import ServerUnavailableError
from trackstore.settings import Settings
from trackstore.stats import StatsAnswer, StatsQuestion
from trackstore.watching import (
    UNAVAILABLE_SECONDS,
    Progress,
    Variables,
    progress_of,
    stream_answers,
)


class Client:
    """A connection for questions. May be used from several threads; ``with`` closes it.

    Without arguments it is set up from the environment, as ``Settings`` says.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        settings: Settings | None = None,
    ) -> None:
        self._settings = settings or Settings.from_environment(url=url, api_key=api_key)
        self._http = httpx.Client(**client_options(self._settings))

    def query(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
    ) -> Json:
        """The data of the answer to a query or mutation.

        Tried again within ``timeout`` seconds (default: that of the settings) where the server is
        away or busy. Raises ``ServerUnavailableError`` then, ``ServerRefusedError`` for any other error.
        """
        allowed = self._settings.timeout_seconds if timeout is None else timeout
        deadline, backoff = time.monotonic() + allowed, new_backoff()
        body = encode_request(document, variables)
        while True:
            try:
                return self._try(body, max(0.05, deadline - time.monotonic()))
            except ServerUnavailableError as failure:
                delay = backoff.fail(failure.retry_after)
                if time.monotonic() + delay >= deadline:
                    raise
                time.sleep(delay)

    def _try(self, body: bytes, seconds: float) -> Json:
        timeout = httpx.Timeout(seconds, connect=min(seconds, self._settings.connect_seconds))
        try:
            response = self._http.post(self._settings.url, content=body, timeout=timeout)
        except httpx.TransportError as error:
            raise connection_failure(error, self._settings.url) from None
        return data_of(response)

    def stats(self, question: StatsQuestion) -> StatsAnswer:
        """The answer to an aggregation.

        ``client.stats(StatsQuestion("operations", ["count", "duration_ms.p95"], by=["model"]))``.
        Errors as for ``query``.
        """
        return question.answer(self.query(question.document, question.variables))

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class AsyncClient:
    """The same for asyncio, with live streams; one for each event loop."""

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        settings: Settings | None = None,
    ) -> None:
        self._settings = settings or Settings.from_environment(url=url, api_key=api_key)
        self._http = httpx.AsyncClient(**client_options(self._settings))

    async def query(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
    ) -> Json:
        """The data of the answer, as ``Client.query`` says."""
        allowed = self._settings.timeout_seconds if timeout is None else timeout
        deadline, backoff = time.monotonic() + allowed, new_backoff()
        body = encode_request(document, variables)
        while True:
            try:
                return await self._try(body, max(0.05, deadline - time.monotonic()))
            except ServerUnavailableError as failure:
                delay = backoff.fail(failure.retry_after)
                if time.monotonic() + delay >= deadline:
                    raise
                await asyncio.sleep(delay)

    async def _try(self, body: bytes, seconds: float) -> Json:
        timeout = httpx.Timeout(seconds, connect=min(seconds, self._settings.connect_seconds))
        try:
            response = await self._http.post(self._settings.url, content=body, timeout=timeout)
        except httpx.TransportError as error:
            raise connection_failure(error, self._settings.url) from None
        return data_of(response)

    async def watch(
        self,
        request_id: UUID,
        *,
        after_seq: int | None = None,
        away_seconds: float = UNAVAILABLE_SECONDS,
    ) -> AsyncGenerator[Progress]:
        """A request as it happens: its present state, then every event once, until it has ended.

        A connection that is lost is made again, and goes on after the last event; ``after_seq``
        does so from the start, without the present state. Raises ``ServerRefusedError`` (``NOT_FOUND``
        where there is no such request yet) or, after ``away_seconds`` without a server,
        ``ServerUnavailableError``.
        """
        last = after_seq

        def variables() -> dict[str, Any]:
            return {"id": request_id, "afterSeq": last}

        answers = self.subscribe(REQUEST_PROGRESS, variables, away_seconds=away_seconds)
        async with aclosing(answers) as stream:
            async for data in stream:
                progress = progress_of(data)
                last = progress.seq
                yield progress

    async def subscribe(
        self,
        document: str,
        variables: Mapping[str, Any] | Variables | None = None,
        *,
        away_seconds: float = UNAVAILABLE_SECONDS,
    ) -> AsyncGenerator[Json]:
        """The data of every answer to a subscription, until it is complete.

        A function as ``variables`` is asked anew for every connection: it may hold a cursor, such
        as ``after``, so that nothing is missed or told twice. Errors as for ``watch``.
        """
        make_variables = variables if callable(variables) else lambda: variables or {}
        source = stream_answers(
            self._http, self._settings.url, document, make_variables, away_seconds
        )
        async with aclosing(source) as stream:
            async for data in stream:
                yield data

    async def stats(self, question: StatsQuestion) -> StatsAnswer:
        """The answer to an aggregation, as ``Client.stats`` says."""
        return question.answer(await self.query(question.document, question.variables))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()
