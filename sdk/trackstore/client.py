"""Sync and async clients for queries, mutations and subscriptions."""

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
    """Client for queries and mutations. Thread-safe; ``with`` closes it.

    Without arguments it is configured from the environment, see ``Settings``.
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
        """Run a query or mutation and return its data.

        Retries within ``timeout`` seconds (default: that of the settings) while the server is
        unavailable or busy, then raises ``ServerUnavailableError``; any other error is a
        ``ServerRefusedError``.
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
        """Run an aggregation. Raises the errors of ``query``.

        ``client.stats(StatsQuestion("operations", ["count", "duration_ms.p95"], by=["model"]))``.
        """
        return question.answer(self.query(question.document, question.variables))

    def close(self) -> None:
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
    """Asyncio client with live streams; create one for each event loop."""

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
        """Yield the current state of a request, then every event once until it has ended.

        A lost connection is reopened and continues after the last event; ``after_seq`` starts after
        an event, without the current state. Raises ``ServerRefusedError`` (``NOT_FOUND`` for an
        unknown request) or, after ``away_seconds`` without a server, ``ServerUnavailableError``.
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
        """Yield the data of every answer to a subscription until it is complete.

        ``variables`` may be a function, which is called for each connection: it may hold a cursor
        such as ``after``, so that nothing is missed or repeated. Raises the errors of ``watch``.
        """
        make_variables = variables if callable(variables) else lambda: variables or {}
        source = stream_answers(
            self._http, self._settings.url, document, make_variables, away_seconds
        )
        async with aclosing(source) as stream:
            async for data in stream:
                yield data

    async def stats(self, question: StatsQuestion) -> StatsAnswer:
        return question.answer(await self.query(question.document, question.variables))

    async def aclose(self) -> None:
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
