"""GraphQL over HTTP: one route that reads, authenticates, executes and answers."""

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
from server.http.negotiation import GRAPHQL_JSON, JSON, OFFERED, preferred
from server.live.engine import DocumentRefusedError
from server.live.server import LiveServer
from server.live.streaming import Form, HttpStream, form_of, stream_of
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
NOT_CACHED = (b"cache-control", b"no-store")
MORE_HEADERS = {
    401: ((b"www-authenticate", b"Bearer"),),
    405: ((b"allow", b"POST"),),
}
HYDRATE = Hydrators(request=RequestType.from_row, session=SessionType.from_row)
ALLOWED = {
    "GET": {OperationType.QUERY},
    "HEAD": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}


NO_STREAM = (
    "a subscription is a stream: accept text/event-stream, or use a websocket "
    "(graphql-transport-ws)"
)

Answer = tuple[Message, Message]
"""The head of an answer and its body, as they are sent."""


class GraphQLEndpoint:
    """The application behind ``/graphql``: plain ASGI, which costs less than requests and responses."""

    def __init__(
        self,
        schema: TrackstoreSchema,
        store: Store,
        authenticator: Authenticator,
        reader: RequestReader,
        work: ExecutionLimits,
        live: LiveServer,
        fast: FastPath | None = None,
    ) -> None:
        self._schema = schema
        self._store = store
        self._authenticator = authenticator
        self._reader = reader
        self._work = work
        self._live = live
        self._fast = fast
        self._read = fast.read if fast else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer = await self._serve(scope, receive, send)
        if answer is not None:
            head, body = answer
            await send(head)
            await send(body)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> Answer | None:
        """The answer; an expected error of any kind is one, too. None where it was streamed."""
        headers = headers_of(scope)
        accept = headers.get("accept", "")
        media_type = preferred(accept)
        form = form_of(accept) if scope["method"] != "HEAD" else None
        if media_type is None and form is None:
            refusal = HttpError(406, f"an answer is one of {', '.join(OFFERED)}")
            return self._answer(refusal.body, 406, JSON)
        shown = media_type or JSON
        try:
            principal = await self._authenticator.authenticate(headers, scope.get("client"))
            scope[CALLER] = principal
            async with self._work.turns.call(principal) as call:
                asked, principal = await self._receive(scope, receive, call)
                context = RequestContext(self._store, principal, HYDRATE)
                answer = None
                if media_type is not None:
                    task = self._work.deadlines.begin()
                    try:
                        answer = await self._execute(scope["method"], asked, context, media_type)
                    finally:
                        self._work.deadlines.end(task)
            if answer is not None:
                return answer
            if form is None:
                raise HttpError(400, NO_STREAM)
            scope[STREAM] = True
            await HttpStream(self._live, form, scope, receive, send).run(asked, principal)
        except (DocumentRefusedError, HttpError, StoreError) as error:
            return self._refusal(error, media_type, form)
        except asyncio.CancelledError:
            if self._work.deadlines.has_ended_this():
                return self._refuse(QueryTimeoutError(self._work.deadlines.sentence), shown)
            # Else only a stop cancels calls, those that outlasted its patience.
            return self._refuse(OverloadedError("the server is stopping: send this again"), shown)
        return None

    async def _receive(
        self, scope: Scope, receive: Receive, call: Call
    ) -> tuple[GraphQLRequest, Principal]:
        """The request and its caller, whose key may have been revoked while the body arrived."""
        asked = await self._reader.read(scope, receive, self._read, call.arrived)
        headers, client = headers_of(scope), scope.get("client")
        return asked, await self._authenticator.renew(call.principal, headers, client)

    def _refusal(
        self,
        error: DocumentRefusedError | HttpError | StoreError,
        media_type: str | None,
        form: Form | None,
    ) -> Answer:
        """Return the answer that says why nothing was executed."""
        shown = media_type or JSON
        if isinstance(error, StoreError):
            return self._refuse(error, shown)
        headers: Headers = ()
        if isinstance(error, DocumentRefusedError):
            body: dict[str, Any] = {"errors": error.errors}
            status = 400 if shown == GRAPHQL_JSON else 200
        else:
            # Apollo's clients know from the error itself that they are to send the document.
            known = error.code in PERSISTED_CODES and shown == JSON
            status = 200 if known else error.status
            body, headers = error.body, error.headers
        if status == 200 and media_type is None and form is not None:
            return stream_of(form, body)
        return self._answer(body, status, shown, headers)

    def _refuse(self, error: StoreError, media_type: str) -> Answer:
        status = status_of(error)
        wait = error.retry_seconds if isinstance(error, TooManyRequestsError) else RETRY_SECONDS
        headers = (("retry-after", str(wait)),) if status in (429, 503) else ()
        return self._answer({"errors": [format_store_error(error)]}, status, media_type, headers)

    async def _execute(
        self, method: str, asked: GraphQLRequest, context: RequestContext, media_type: str
    ) -> Answer | None:
        """The answer; None where the operation is a subscription."""
        try:
            allowed = ALLOWED[method]
            quick = await self._fast.execute(asked, context, allowed) if self._fast else None
            result = quick or await self._schema.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.operation_name,
                allowed_operation_types=allowed,
                operation_extensions=asked.extensions,
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
            return self._answer_of(excess_answer(context, asked), 200, media_type)
        crowded = crowded_out(result)
        if crowded is not None:
            raise crowded
        return self._complete(result, asked, context, media_type)

    def _complete(
        self, result: Any, asked: GraphQLRequest, context: RequestContext, media_type: str
    ) -> Answer:
        """Return the answer with the result of an operation."""
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
        if asked.extensions and asked.extensions.get("cost") is True and not not_executed:
            body.setdefault("extensions", {})["cost"] = self._work.costs.explain(asked)
        # Older clients take an answer with another status for no answer at all.
        status = 400 if not_executed and media_type == GRAPHQL_JSON else 200
        return self._answer_of(bounded_answer(body, context, asked), status, media_type)

    def _answer(
        self, body: dict[str, Any], status: int, media_type: str, more: Headers = ()
    ) -> Answer:
        return self._answer_of(encode_answer(body), status, media_type, more)

    def _answer_of(
        self, content: bytes, status: int, media_type: str, more: Headers = ()
    ) -> Answer:
        headers = [
            NOT_CACHED,
            *MORE_HEADERS.get(status, ()),
            *((name.encode(), value.encode()) for name, value in more),
            (b"content-length", b"%d" % len(content)),
            CONTENT_TYPES[media_type],
        ]
        return (
            {"type": "http.response.start", "status": status, "headers": headers},
            {"type": "http.response.body", "body": content},
        )


def crowded_out(result: Any) -> TooManyRequestsError | None:
    """Return why an operation has no answer at all where its organization has too much under way.

    Answers of which a part is there are told with status 200, as those with any other error.
    """
    if not result.errors or any(value is not None for value in (result.data or {}).values()):
        return None
    causes = [root_of(error) for error in result.errors]
    refusals = [cause for cause in causes if isinstance(cause, TooManyRequestsError)]
    return refusals[0] if len(refusals) == len(causes) else None


def status_of(error: StoreError) -> int:
    """The HTTP status of an error that met the request as a whole."""
    if isinstance(error, TooManyRequestsError):
        return 429
    if isinstance(error, UnauthenticatedError):
        return 401
    if isinstance(error, OverloadedError | OutcomeUnknownError | QueryTimeoutError):
        return 503
    return 400
