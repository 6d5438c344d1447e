"""Answer exports: with rows while they are read, or with errors before the first row."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import msgspec
from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send

from schema.context import RequestContext
from server.access.authentication import Authenticator
from server.exporting.bounds import ExportBounds
from server.exporting.formats import Writer, format_of, writer_of
from server.exporting.pages import DEFAULT_PAGE_ROWS, ExportExecutor, Pages
from server.exporting.questions import ExportQuestion, ExportRefusedError, Reader
from server.fast_path.pipeline import FastPath
from server.graphql.document_limits import DocumentBounds
from server.graphql.errors import format_errors, format_store_error, root_of
from server.graphql.schema import TrackstoreSchema
from server.http.bodies import HttpError, RequestReader
from server.http.headers import headers_of
from server.observability.clients import CALLER
from server.routes.graphql import HYDRATE
from store.database import DatabaseFailureError
from store.errors import StoreError, TooManyRequestsError
from store.scheduling.fair_queue import Tenant
from store.store import Store

STATUS_BY_CODE = {
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "OVERLOADED": 503,
    "OUTCOME_UNKNOWN": 503,
    "TIMEOUT": 503,
    "INTERNAL": 500,
}
"""By error code; any other code is 400."""
RETRY_SECONDS = 5
log = logging.getLogger("trackstore.export")


class ExportAbortedError(Exception):
    pass


class ExportEndpoint:
    def __init__(
        self,
        schema: TrackstoreSchema,
        store: Store,
        authenticator: Authenticator,
        document_bounds: DocumentBounds,
        bounds: ExportBounds,
        reader: RequestReader,
        fast: FastPath | None = None,
    ) -> None:
        self._schema = schema
        self._store = store
        self._authenticator = authenticator
        self._bounds = bounds
        self._bodies = reader
        config = store.config
        self._page_rows = config.pages.maximum
        page_rows = min(self._page_rows, DEFAULT_PAGE_ROWS)
        self._reader = Reader(schema._schema, document_bounds, config.answers.rows, page_rows)
        self._executor = ExportExecutor(schema, fast)
        self._running: Counter[Tenant] = Counter()
        self.waiting = 0
        """Always 0: an export beyond the bound is refused at once."""
        self.refused = 0
        """Exports refused because too many were running."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            principal = scope[CALLER] = await self._authenticator.authenticate(
                headers_of(scope), scope.get("client")
            )
            request = await self._bodies.read(scope, receive)
            question = self._question(self._reader.read(request))
            parameters = QueryParams(scope["query_string"])
            format = format_of(parameters, headers_of(scope).get("accept", ""))
            writer = writer_of(format, question.columns, parameters)
            tenant = principal.bounds.organization_id
            self._admit(tenant)
        except (HttpError, StoreError, ExportRefusedError) as error:
            await self._refuse(error, send)
            return
        self._running[tenant] += 1
        try:
            await self._answer(question, writer, scope, receive, send)
        finally:
            self._running[tenant] -= 1
            if not self._running[tenant]:
                del self._running[tenant]

    @property
    def running(self) -> int:
        return self._running.total()

    def _admit(self, tenant: Tenant) -> None:
        bounds, running_of_tenant = self._bounds, self._running[tenant]
        owner, running, maximum = "this organization", running_of_tenant, bounds.at_once
        if running_of_tenant < maximum:
            owner, running, maximum = "all organizations", self.running, bounds.total
        if running >= maximum:
            self.refused += 1
            raise TooManyRequestsError(
                f"{running} exports of {owner} are running (maximum {maximum}). Try again later.",
                RETRY_SECONDS,
            )

    def _question(self, question: ExportQuestion) -> ExportQuestion:
        if question.limit is not None and question.limit > self._bounds.rows:
            raise HttpError(
                400,
                f"An export must not exceed {self._bounds.rows:,} rows (got {question.limit:,}). "
                "Split it, for example by time.",
            )
        return question

    async def _answer(
        self, question: ExportQuestion, writer: Writer, scope: Scope, receive: Receive, send: Send
    ) -> None:
        async def context() -> RequestContext:
            principal = await self._authenticator.authenticate(
                headers_of(scope), scope.get("client")
            )
            return RequestContext(self._store, principal, HYDRATE)

        pages = Pages(self._executor, question, context, self._page_rows)
        async with aclosing(self._chunks(pages, writer)) as chunks:
            try:
                first_chunk = await anext(chunks)
            except (StoreError, ExportRefusedError) as error:
                await self._refuse(error, send)
                return
            stream = Stream(send, self._bounds.stall_seconds)
            await stream.begin(self._headers(question, writer, pages))
            if scope["method"] == "HEAD":
                await stream.end()
                return
            disconnected = asyncio.create_task(until_gone(receive))
            try:
                await stream.send(first_chunk)
                async for chunk in chunks:
                    if disconnected.done():
                        log.info("export caller disconnected")
                        return
                    await stream.send(chunk)
                await stream.end()
            except (
                ExportAbortedError,
                StoreError,
                ExportRefusedError,
                DatabaseFailureError,
            ) as error:
                # Without the final chunk the caller sees that the answer is incomplete.
                log.warning("export aborted", extra={"reason": str(error)})
            finally:
                disconnected.cancel()

    async def _chunks(self, pages: Pages, writer: Writer) -> AsyncGenerator[bytes]:
        """Yield what is sent, page by page; empty while a writer buffers."""
        rows, head = 0, await writer.start()
        async with aclosing(pages.each()) as page_stream:
            async for page, count in page_stream:
                rows += count
                if rows > self._bounds.rows:
                    raise ExportAbortedError(
                        f"The export has more than {self._bounds.rows:,} rows."
                    )
                yield head + await writer.write(page)
                head = b""
        yield head + await writer.finish()

    def _headers(
        self, question: ExportQuestion, writer: Writer, pages: Pages
    ) -> list[tuple[bytes, bytes]]:
        name = f"{question.name}.{writer.extension}"
        headers = [
            (b"content-type", writer.media_type.encode()),
            (b"content-disposition", f'attachment; filename="{name}"'.encode()),
            (b"cache-control", b"no-store"),
            (b"x-content-type-options", b"nosniff"),
            (b"trackstore-row-limit", b"%d" % self._bounds.rows),
        ]
        if pages.truncated:
            headers.append((b"trackstore-truncated", b"true"))
        return headers

    async def _refuse(self, error: HttpError | StoreError | ExportRefusedError, send: Send) -> None:
        status = 400
        if isinstance(error, HttpError):
            status = error.status
            errors: list[Any] = error.body["errors"]
        elif isinstance(error, ExportRefusedError):
            errors = format_errors(error.errors, self._schema.enum_values)
            for formatted_error in errors:
                if (
                    "path" in formatted_error
                ):  # positions in a generated document, meaningless to the caller
                    formatted_error.pop("locations", None)
            status = status_of(errors[0]["extensions"])
        else:
            errors = [format_store_error(error, lists_names=self._schema.introspection)]
            status = status_of(errors[0]["extensions"])
        if status == 503 and is_overloaded(error):
            status = 429
        body = msgspec.json.encode({"errors": errors})
        headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", b"%d" % len(body)),
            (b"cache-control", b"no-store"),
        ]
        if status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        if status in (429, 503):
            headers.append((b"retry-after", b"%d" % RETRY_SECONDS))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


class Stream:
    """Send the body of an answer; a caller that reads nothing for too long is disconnected."""

    def __init__(self, send: Send, stall_seconds: float) -> None:
        self._send = send
        self._stall_seconds = stall_seconds

    async def begin(self, headers: list[tuple[bytes, bytes]]) -> None:
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def send(self, chunk: bytes) -> None:
        if not chunk:
            return
        try:
            async with asyncio.timeout(self._stall_seconds):
                await self._send({"type": "http.response.body", "body": chunk, "more_body": True})
        except TimeoutError:
            raise ExportAbortedError(
                f"The caller read nothing for {self._stall_seconds:g} s."
            ) from None

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b""})


async def until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def is_overloaded(error: HttpError | StoreError | ExportRefusedError) -> bool:
    if isinstance(error, ExportRefusedError):
        return all(
            isinstance(root_of(graphql_error), TooManyRequestsError)
            for graphql_error in error.errors
        )
    return isinstance(error, TooManyRequestsError)


def status_of(extensions: Mapping[str, Any]) -> int:
    return STATUS_BY_CODE.get(extensions["code"], 400)
