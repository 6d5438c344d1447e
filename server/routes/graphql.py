"""Serve GraphQL over HTTP: read, authenticate, execute, answer."""

import asyncio
from typing import Any

from starlette.types import Message, Receive, Scope, Send
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from schema.context import Hydrators, RequestContext
from schema.requests import Request as RequestType
from schema.sessions import Session as SessionType
from server.access.authentication import Authenticator
from server.fast_path.pipeline import FastPath
from server.graphql.call_scheduler import Call
from server.graphql.document_limits import NO_OPERATION
from server.graphql.encoding import encode_answer
from server.graphql.errors import format_errors, format_store_error, root_of
from server.graphql.execution_limits import ExecutionLimits
from server.graphql.persisted_documents import NOT_FOUND, NOT_SUPPORTED
from server.graphql.responses import bounded_answer, excess_answer
from server.graphql.schema import TrackstoreSchema
from server.http.bodies import GraphQLRequest, Headers, HttpError, RequestReader, needs_post
from server.http.headers import headers_of
from server.http.negotiation import GRAPHQL_JSON, JSON, OFFERED_TYPES, preferred
from server.live.engine import DocumentRefusedError
from server.live.server import LiveServer
from server.live.streaming import HttpStream, StreamFormat, stream_format_of, stream_of
from server.observability.clients import CALLER
from server.observability.metrics import STREAM
from store.auth.access import Principal
from store.errors import (
    OutcomeUnknownError,
    OverloadedError,
    QueryTimeoutError,
    StoreError,
    TooManyRequestsError,
    UnauthenticatedError,
)
from store.store import Store

CONTENT_TYPES = {
    name: (b"content-type", f"{name}; charset=utf-8".encode()) for name in (GRAPHQL_JSON, JSON)
}
RETRY_SECONDS = 5
PERSISTED_CODES = {NOT_FOUND[1], NOT_SUPPORTED[1]}
NO_STORE = (b"cache-control", b"no-store")
HEADERS_BY_STATUS = {
    401: ((b"www-authenticate", b"Bearer"),),
    405: ((b"allow", b"POST"),),
}
HYDRATE = Hydrators(request=RequestType.from_row, session=SessionType.from_row)
ALLOWED_OPERATIONS = {
    "GET": {OperationType.QUERY},
    "HEAD": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}


STREAM_REQUIRED = (
    "A subscription is a stream. Accept text/event-stream, or use a WebSocket "
    "(graphql-transport-ws)."
)

Answer = tuple[Message, Message]
"""The head and the body of a response, as sent."""


class GraphQLEndpoint:
    """Serve ``/graphql`` as plain ASGI, which costs less than Starlette's requests and responses."""

    def __init__(
        self,
        schema: TrackstoreSchema,
        store: Store,
        authenticator: Authenticator,
        reader: RequestReader,
        limits: ExecutionLimits,
        live: LiveServer,
        fast: FastPath | None = None,
    ) -> None:
        self._schema = schema
        self._store = store
        self._authenticator = authenticator
        self._reader = reader
        self._limits = limits
        self._live = live
        self._fast = fast
        self._read = fast.read if fast else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await self._serve(scope, receive, send)
        if answer is not None:
            head, body = answer
            await send(head)
            await send(body)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        headers = headers_of(scope)
        accept = headers.get("accept", "")
        media_type = preferred(accept)
        form = stream_format_of(accept) if scope["method"] != "HEAD" else None
        if media_type is None and form is None:
            refusal = HttpError(406, f"Answers are available as {', '.join(OFFERED_TYPES)}.")
            return self._answer(refusal.body, 406, JSON)
        answer_type = media_type or JSON
        try:
            principal = await self._authenticator.authenticate(headers, scope.get("client"))
            scope[CALLER] = principal
            async with self._limits.scheduler.call(principal) as call:
                request, principal = await self._receive(scope, receive, call)
                context = RequestContext(self._store, principal, HYDRATE)
                answer = None
                if media_type is not None:
                    task = self._limits.deadlines.begin()
                    try:
                        answer = await self._execute(scope["method"], request, context, media_type)
                    finally:
                        self._limits.deadlines.end(task)
            if answer is not None:
                return answer
            if form is None:
                raise HttpError(400, STREAM_REQUIRED)
            scope[STREAM] = True
            await HttpStream(self._live, form, scope, receive, send).run(request, principal)
        except (DocumentRefusedError, HttpError, StoreError) as error:
            return self._refusal(error, media_type, form)
        except asyncio.CancelledError:
            if self._limits.deadlines.has_cancelled_current():
                return self._refuse(QueryTimeoutError(self._limits.deadlines.message), answer_type)
            # Otherwise only a stop cancels calls, those that exceed its timeout.
            return self._refuse(
                OverloadedError("The server is stopping. Send the request again."), answer_type
            )
        return None

    async def _receive(
        self, scope: Scope, receive: Receive, call: Call
    ) -> tuple[GraphQLRequest, Principal]:
        """Return the request and its caller, whose key may have been revoked while the body arrived."""
        request = await self._reader.read(scope, receive, self._read, call.wait_for_turn)
        headers, client = headers_of(scope), scope.get("client")
        return request, await self._authenticator.renew(call.principal, headers, client)

    def _refusal(
        self,
        error: DocumentRefusedError | HttpError | StoreError,
        media_type: str | None,
        form: StreamFormat | None,
    ) -> Answer:
        answer_type = media_type or JSON
        if isinstance(error, StoreError):
            return self._refuse(error, answer_type)
        headers: Headers = ()
        if isinstance(error, DocumentRefusedError):
            body: dict[str, Any] = {"errors": error.errors}
            status = 400 if answer_type == GRAPHQL_JSON else 200
        else:
            # Apollo's clients act on this error: they send the document.
            is_persisted_error = error.code in PERSISTED_CODES and answer_type == JSON
            status = 200 if is_persisted_error else error.status
            body, headers = error.body, error.headers
        if status == 200 and media_type is None and form is not None:
            return stream_of(form, body)
        return self._answer(body, status, answer_type, headers)

    def _refuse(self, error: StoreError, media_type: str) -> Answer:
        status = status_of(error)
        wait = error.retry_seconds if isinstance(error, TooManyRequestsError) else RETRY_SECONDS
        headers = (("retry-after", str(wait)),) if status in (429, 503) else ()
        return self._answer({"errors": [format_store_error(error)]}, status, media_type, headers)

    async def _execute(
        self, method: str, request: GraphQLRequest, context: RequestContext, media_type: str
    ) -> Answer | None:
        try:
            allowed = ALLOWED_OPERATIONS[method]
            quick = await self._fast.execute(request, context, allowed) if self._fast else None
            result = quick or await self._schema.execute(
                request.query,
                variable_values=request.variables,
                context_value=context,
                operation_name=request.operation_name,
                allowed_operation_types=allowed,
                operation_extensions=request.extensions,
            )
        except InvalidOperationTypeError as error:
            if error.operation_type is OperationType.SUBSCRIPTION:
                return None
            raise needs_post() from None
        except (CannotGetOperationTypeError, MissingQueryError):
            raise HttpError(400, NO_OPERATION) from None
        finally:
            await context.settle()
        if context.has_read_too_much:
            return self._answer_of(excess_answer(context, request), 200, media_type)
        crowded = overload_error(result)
        if crowded is not None:
            raise crowded
        return self._complete(result, request, context, media_type)

    def _complete(
        self, result: Any, request: GraphQLRequest, context: RequestContext, media_type: str
    ) -> Answer:
        body: dict[str, Any] = {}
        if result.errors:
            body["errors"] = format_errors(result.errors, self._schema.enum_values)
        not_executed = isinstance(result, PreExecutionError) or (
            result.data is None and all(e.path is None for e in result.errors or ())
        )
        if not not_executed:
            body["data"] = result.data
        if getattr(result, "extensions", None):
            body["extensions"] = result.extensions
        if request.extensions and request.extensions.get("cost") is True and not not_executed:
            body.setdefault("extensions", {})["cost"] = self._limits.costs.explain(request)
        # Older clients ignore the body of any other status.
        status = 400 if not_executed and media_type == GRAPHQL_JSON else 200
        return self._answer_of(bounded_answer(body, context, request), status, media_type)

    def _answer(
        self, body: dict[str, Any], status: int, media_type: str, extra_headers: Headers = ()
    ) -> Answer:
        return self._answer_of(encode_answer(body), status, media_type, extra_headers)

    def _answer_of(
        self, content: bytes, status: int, media_type: str, extra_headers: Headers = ()
    ) -> Answer:
        headers = [
            NO_STORE,
            *HEADERS_BY_STATUS.get(status, ()),
            *((name.encode(), value.encode()) for name, value in extra_headers),
            (b"content-length", b"%d" % len(content)),
            CONTENT_TYPES[media_type],
        ]
        return (
            {"type": "http.response.start", "status": status, "headers": headers},
            {"type": "http.response.body", "body": content},
        )


def overload_error(result: Any) -> TooManyRequestsError | None:
    """Return the error of an operation refused as a whole because its organization is overloaded.

    Partial answers have status 200, as with any other error.
    """
    if not result.errors or any(value is not None for value in (result.data or {}).values()):
        return None
    causes = [root_of(error) for error in result.errors]
    refusals = [cause for cause in causes if isinstance(cause, TooManyRequestsError)]
    return refusals[0] if len(refusals) == len(causes) else None


def status_of(error: StoreError) -> int:
    if isinstance(error, TooManyRequestsError):
        return 429
    if isinstance(error, UnauthenticatedError):
        return 401
    if isinstance(error, OverloadedError | OutcomeUnknownError | QueryTimeoutError):
        return 503
    return 400
