"""GraphQL over HTTP: one route that reads, authenticates, executes and answers."""

import asyncio
import json
from typing import Any

import msgspec
from graphql import OperationType as GraphQLOperationType
from starlette.requests import Request
from starlette.responses import Response
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from models.types import clean_text
from schema.context import Hydrators, RequestContext
from schema.requests import Request as RequestType
from schema.sessions import Session as SessionType
from server.authentication import Authenticator
from server.bodies import GraphQLRequest, HttpRefusal, read_request
from server.errors import extensions_of, format_errors
from server.execution.fast_path import FastPath
from server.schema import TrackstoreSchema
from store.errors import Overloaded, StoreError, TimedOut, Unauthenticated
from store.store import Store

GRAPHQL_JSON = "application/graphql-response+json"
PLAIN_JSON = "application/json"
HYDRATE = Hydrators(request=RequestType.from_row, session=SessionType.from_row)
ALLOWED = {
    "GET": {OperationType.QUERY},
    "HEAD": {OperationType.QUERY},
    "POST": {OperationType.QUERY, OperationType.MUTATION},
}


class GraphQLEndpoint:
    """The handler of ``/graphql``."""

    def __init__(
        self,
        schema: TrackstoreSchema,
        store: Store,
        authenticator: Authenticator,
        max_body_bytes: int,
        fast: FastPath | None = None,
    ) -> None:
        self._schema = schema
        self._store = store
        self._authenticator = authenticator
        self._max_body_bytes = max_body_bytes
        self._fast = fast
        self._encoder = msgspec.json.Encoder()

    async def __call__(self, request: Request) -> Response:
        """Answer one request; an expected error of any kind is an answer, too."""
        media_type = accepted(request.headers.get("accept", ""))
        try:
            principal = await self._authenticator.authenticate(request.headers)
            asked = await read_request(
                request, self._max_body_bytes, self._fast.read if self._fast else None
            )
            loaders = self._store.loaders(principal.bounds)
            context = RequestContext(self._store, principal, loaders, HYDRATE)
            return await self._execute(request.method, asked, context, media_type)
        except HttpRefusal as refusal:
            error = {"message": refusal.message, "extensions": {"code": "BAD_USER_INPUT"}}
            return self._answer({"errors": [error]}, refusal.status, media_type)
        except StoreError as error:
            return self._refuse(error, media_type)
        except asyncio.CancelledError:
            # Only a stop cancels calls, those that outlasted its patience: they may be sent again.
            return self._refuse(Overloaded("the server is stopping: send this again"), media_type)

    def _refuse(self, error: StoreError, media_type: str) -> Response:
        formatted = {"message": error.message, "extensions": extensions_of(error)}
        return self._answer({"errors": [formatted]}, status_of(error), media_type)

    async def _execute(
        self, method: str, asked: GraphQLRequest, context: RequestContext, media_type: str
    ) -> Response:
        try:
            quick = (
                await self._fast.execute(asked, context, ALLOWED[method]) if self._fast else None
            )
            result = quick or await self._schema.execute(
                asked.query,
                variable_values=asked.variables,
                context_value=context,
                operation_name=asked.operation_name,
                allowed_operation_types=ALLOWED[method],
                operation_extensions=asked.extensions,
            )
        except InvalidOperationTypeError as error:
            raise HttpRefusal(*not_allowed(error.operation_type)) from None
        except (CannotGetOperationTypeError, MissingQueryError):
            raise HttpRefusal(
                400, "the document has no operation of that name: name one in operationName"
            ) from None
        body: dict[str, Any] = {}
        if result.errors:
            body["errors"] = format_errors(result.errors, self._schema.enum_values)
        refused = isinstance(result, PreExecutionError) or (
            result.data is None and all(e.path is None for e in result.errors or ())
        )
        if not refused:
            body["data"] = result.data
        if getattr(result, "extensions", None):
            body["extensions"] = result.extensions
        # Older clients take an answer with another status for no answer at all.
        status = 400 if refused and media_type == GRAPHQL_JSON else 200
        return self._answer(body, status, media_type)

    def _answer(self, body: dict[str, Any], status: int, media_type: str) -> Response:
        headers = {"Cache-Control": "no-store"}
        if status == 401:
            headers["WWW-Authenticate"] = "Bearer"
        elif status == 405:
            headers["Allow"] = "POST"
        content_type = f"{media_type}; charset=utf-8"
        return Response(self._encode(body), status, headers=headers, media_type=content_type)

    def _encode(self, body: dict[str, Any]) -> bytes:
        try:
            return self._encoder.encode(body)
        except UnicodeEncodeError:  # a message repeats a lone surrogate that the caller sent
            text = json.dumps(body, ensure_ascii=False, default=msgspec.to_builtins)
            return clean_text(text).encode()


def not_allowed(operation: OperationType) -> tuple[int, str]:
    """Status and reason for an operation that this method cannot carry."""
    if operation.value == GraphQLOperationType.MUTATION.value:
        return 405, "a mutation is sent by POST"
    return 400, "a subscription needs a streaming transport, which this route does not have"


def accepted(accept: str) -> str:
    """The media type of the answer: GraphQL's own where the client names it."""
    return GRAPHQL_JSON if GRAPHQL_JSON in accept.lower() else PLAIN_JSON


def status_of(error: StoreError) -> int:
    """The HTTP status of an error that met the request as a whole."""
    if isinstance(error, Unauthenticated):
        return 401
    if isinstance(error, Overloaded | TimedOut):
        return 503
    return 400
