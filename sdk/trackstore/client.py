"""Sync and async clients for queries, mutations and subscriptions."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import AbstractContextManager, aclosing
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import httpx

from trackstore.calls import Json, connection_failure, data_of, encode_request, new_backoff
from trackstore.connection import client_options
from trackstore.documents import (
    EVENT_FIELDS,
    PROGRESS_FIELDS,
    VIEWER,
    request_events,
    request_progress,
)
from trackstore.errors import ServerUnavailableError
from trackstore.exporting import Export, ExportFormat, open_export
from trackstore.settings import Settings
from trackstore.stats import StatsAnswer, StatsQuestion
from trackstore.subscriptions import (
    UNAVAILABLE_SECONDS,
    StatusListener,
    Subscription,
    Variables,
    ignore_status,
)
from trackstore.viewers import Viewer, viewer_of
from trackstore.watching import Gap, Progress, gap_of, progress_of


class Client:
    """Client for queries and mutations. Thread-safe; ``with`` closes it.

    Without arguments it is configured from the environment, see ``Settings``. ``user_agent`` names
    the program to the server. Once ``stop`` is set, no call is retried: for signal handlers.
    """

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        settings: Settings | None = None,
        user_agent: str | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._settings = settings or Settings.from_environment(url=url, api_key=api_key)
        self._stop = stop or threading.Event()
        self._http = httpx.Client(**client_options(self._settings, user_agent))

    @property
    def url(self) -> str:
        return self._settings.url

    def query(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        retry: bool = True,
    ) -> Json:
        """Run a query or mutation and return its data.

        Retries within ``timeout`` seconds (default: that of the settings) while the server is
        unavailable or busy, then raises ``ServerUnavailableError``; any other error is a
        ``ServerRefusedError``. Without ``retry``, the first failure is raised.
        """
        allowed = self._settings.timeout_seconds if timeout is None else timeout
        deadline, backoff = time.monotonic() + allowed, new_backoff()
        body = encode_request(document, variables)
        while True:
            try:
                return self._try(body, max(0.05, deadline - time.monotonic()))
            except ServerUnavailableError as failure:
                delay = backoff.fail(failure.retry_after)
                if not retry or time.monotonic() + delay >= deadline or self._stop.wait(delay):
                    raise

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

    def viewer(self, *, timeout: float | None = None, retry: bool = True) -> Viewer:
        """Return who the server takes this client for. Raises the errors of ``query``."""
        return viewer_of(self.query(VIEWER, timeout=timeout, retry=retry))

    def export(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        format: ExportFormat = "csv",
        keep_formulas: bool = False,
    ) -> AbstractContextManager[Export]:
        """Open an export of the one list in a query; iterate over the result for its bytes.

        ``with client.export("{ operations { nodes { name } } }", format="jsonl") as export:``.
        ``keep_formulas`` leaves texts in CSV as they are that a spreadsheet would run as a formula.
        Raises ``ServerRefusedError`` or ``ServerUnavailableError``, without a retry, and
        ``IncompleteExportError`` if the server breaks off.
        """
        parameters: dict[str, str] = {"format": format}
        if keep_formulas:
            parameters["formulas"] = "keep"
        return open_export(self._http, self._settings, document, variables, parameters)

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
        user_agent: str | None = None,
    ) -> None:
        self._settings = settings or Settings.from_environment(url=url, api_key=api_key)
        self._http = httpx.AsyncClient(**client_options(self._settings, user_agent))

    @property
    def url(self) -> str:
        return self._settings.url

    async def query(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        timeout: float | None = None,
        retry: bool = True,
    ) -> Json:
        allowed = self._settings.timeout_seconds if timeout is None else timeout
        deadline, backoff = time.monotonic() + allowed, new_backoff()
        body = encode_request(document, variables)
        while True:
            try:
                return await self._try(body, max(0.05, deadline - time.monotonic()))
            except ServerUnavailableError as failure:
                delay = backoff.fail(failure.retry_after)
                if not retry or time.monotonic() + delay >= deadline:
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
        on_status: StatusListener = ignore_status,
    ) -> AsyncGenerator[Progress]:
        """Yield the current state of a request, then every event once until it has ended.

        A lost connection is reopened and continues after the last event; ``on_status`` is called
        for each change of the connection. ``after_seq`` starts after an event, without the current
        state. Raises ``ServerRefusedError`` (``NOT_FOUND`` for an unknown request) or, after
        ``away_seconds`` without a server, ``ServerUnavailableError``. Needs the extra ``live``.
        """
        items = self.watch_fields(
            request_id,
            PROGRESS_FIELDS,
            after_seq=after_seq,
            away_seconds=away_seconds,
            on_status=on_status,
        )
        async with aclosing(items) as stream:
            async for item in stream:
                yield progress_of(item)

    async def watch_fields(
        self,
        request_id: UUID | str,
        fields: str,
        *,
        after_seq: int | None = None,
        away_seconds: float = UNAVAILABLE_SECONDS,
        on_status: StatusListener = ignore_status,
    ) -> AsyncGenerator[Json]:
        """Yield what ``watch`` does, as JSON with ``seq`` and these fields of ``RequestProgress``."""
        last = after_seq

        def variables() -> dict[str, Any]:
            return {"id": request_id, "afterSeq": last}

        answers = self.subscribe(
            request_progress(fields), variables, away_seconds=away_seconds, on_status=on_status
        )
        async with aclosing(answers) as stream:
            async for data in stream:
                item: Json = data["requestProgress"]
                if last is None or item["seq"] > last:
                    last = item["seq"]
                    yield item

    async def watch_events(
        self,
        where: Mapping[str, Any] | None = None,
        *,
        after: str | None = None,
        fields: str = EVENT_FIELDS,
        away_seconds: float = UNAVAILABLE_SECONDS,
        on_status: StatusListener = ignore_status,
    ) -> AsyncGenerator[Json | Gap]:
        """Yield the events of many requests as they are committed, without end.

        Each is JSON with ``feedCursor`` and these fields of ``Event``; a ``Gap`` stands for events
        that were skipped because the reader was too slow. ``where`` is an ``EventFilter``, ``after``
        the ``feedCursor`` to continue from. Otherwise like ``watch``.
        """
        cursor = after

        def variables() -> dict[str, Any]:
            return {"where": where, "after": cursor}

        answers = self.subscribe(
            request_events(fields), variables, away_seconds=away_seconds, on_status=on_status
        )
        async with aclosing(answers) as stream:
            async for data in stream:
                item: Json = data["requestEvents"]
                if item.pop("__typename") == "Gap":
                    gap = gap_of(item)
                    cursor = gap.to_cursor
                    yield gap
                else:
                    cursor = item["feedCursor"]
                    yield item

    async def subscribe(
        self,
        document: str,
        variables: Mapping[str, Any] | Variables | None = None,
        *,
        away_seconds: float = UNAVAILABLE_SECONDS,
        on_status: StatusListener = ignore_status,
    ) -> AsyncGenerator[Json]:
        """Yield the data of every answer to a subscription until it is complete.

        ``variables`` may be a function, which is called for each connection: it may hold a cursor
        such as ``after``, so that nothing is missed or repeated. Raises the errors of ``watch``.
        """
        make_variables = variables if callable(variables) else lambda: variables or {}
        source = Subscription(
            self._http, self._settings.url, document, make_variables, away_seconds, on_status
        )
        async with aclosing(source.answers()) as stream:
            async for data in stream:
                yield data

    async def stats(self, question: StatsQuestion) -> StatsAnswer:
        return question.answer(await self.query(question.document, question.variables))

    async def viewer(self, *, timeout: float | None = None, retry: bool = True) -> Viewer:
        return viewer_of(await self.query(VIEWER, timeout=timeout, retry=retry))

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
