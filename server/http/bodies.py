"""Read GraphQL requests from HTTP, bounded, with an error message for everything that is wrong."""

import json
from codecs import BOM_UTF8
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn, Protocol
from urllib.parse import unquote_to_bytes

import msgspec
from pydantic import Field
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from server.http.compression import (
    ENCODINGS,
    InflatedTooLargeError,
    Inflater,
    MalformedEncodingError,
    UnknownEncodingError,
)
from server.http.headers import headers_of
from server.http.json_size import holds_more_values_in_turns
from server.http.negotiation import JSON
from server.http.variables import problem_of_size
from store.setting_types import GIB, KIB, MIB, ByteCount

NAME, DOCUMENT_ID = "operationName", "documentId"
QUERY_PARAMETERS = ("query", NAME, "variables", "extensions", DOCUMENT_ID)
QUERY_METHODS = ("GET", "HEAD")
"""Methods that carry the request in the URL; HEAD is GET without a response body."""


BAD_USER_INPUT = "BAD_USER_INPUT"
MIN_JSON_VALUES = 1_000_000
"""Values that any request may hold: 10,000 operations of 100 values, some 100 MB once parsed."""
MAX_UTF8_BYTES = 4
"""Per character."""
Headers = Sequence[tuple[str, str]]


class HttpError(Exception):
    def __init__(
        self,
        status: int,
        message: str,
        headers: Headers = (),
        code: str = BAD_USER_INPUT,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers
        self.code = code

    @property
    def body(self) -> dict[str, Any]:
        return {"errors": [{"message": self.message, "extensions": {"code": self.code}}]}


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None
    document_id: str | None = None


class DocumentKeeper(Protocol):
    @property
    def restricts_documents(self) -> bool: ...

    def with_document(self, request: GraphQLRequest) -> GraphQLRequest: ...


def needs_post() -> HttpError:
    return HttpError(405, "Send mutations by POST.")


async def read_body(receive: Receive, announced: str, limit: int, encoding: str = "") -> bytes:
    """Return the body, at most ``limit`` bytes of it; ``announced`` is its Content-Length.

    A compressed body counts both as received and inflated. Raises ``HttpError``.
    """
    inflater = inflater_of(encoding, limit) if encoding else None
    # More than 18 digits exceed any limit.
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > limit):
        raise too_large(limit)
    chunks, size, has_more = [], 0, True
    while has_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        if inflater is not None:
            chunk = inflate(inflater, chunk)
        size += len(chunk)
        if size > limit:
            raise too_large(limit)
        chunks.append(chunk)
        has_more = message.get("more_body", False)
    if inflater is not None and not inflater.is_complete:
        raise HttpError(400, f"The body is incomplete: it ends before its {encoding} stream.")
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def inflater_of(encoding: str, limit: int) -> Inflater | None:
    if encoding.strip().lower() == "identity":
        return None
    try:
        return Inflater(encoding, limit)
    except UnknownEncodingError:
        encodings = ", ".join(ENCODINGS)
        message = (
            f"Content-Encoding {encoding[:40]!r} is not supported. Use {encodings}, or no encoding."
        )
        raise HttpError(415, message, (("accept-encoding", encodings),)) from None


def inflate(inflater: Inflater, chunk: bytes) -> bytes:
    try:
        return inflater.feed(chunk)
    except InflatedTooLargeError as error:
        raise too_large(error.limit) from None
    except MalformedEncodingError as error:
        raise HttpError(400, f"The body is not valid {inflater.name}: {error}.") from None


def too_large(limit: int) -> HttpError:
    return HttpError(
        413, f"The body must not exceed {limit:,} bytes. Split it into several requests."
    )


def decode_json(content: bytes, subject: str = "The body") -> Any:
    """Decode JSON as in RFC 8259; lone surrogates pass, for the store to replace.

    A leading byte order mark is ignored, as the RFC allows.
    """
    content = content.removeprefix(BOM_UTF8)
    try:
        return msgspec.json.decode(content)
    except RecursionError:
        raise HttpError(400, "The JSON is nested too deeply.") from None
    except UnicodeDecodeError:
        raise HttpError(400, f"{subject} is not UTF-8.") from None
    except msgspec.DecodeError as error:
        message = str(error)
    try:
        return json.loads(content.decode(), parse_constant=_no_constant)
    except RecursionError:
        raise HttpError(400, "The JSON is nested too deeply.") from None
    except UnicodeDecodeError:
        raise HttpError(400, f"{subject} is not UTF-8.") from None
    except ValueError:
        raise HttpError(400, f"{subject} is not valid JSON: {message}.") from None


def _no_constant(name: str) -> NoReturn:
    raise HttpError(400, f"{name} is not valid JSON. Omit the value, or send null.")


def graphql_request(content: Any) -> GraphQLRequest:
    if isinstance(content, list):
        raise HttpError(400, "Batched requests are not supported. Send them one by one.")
    if not isinstance(content, dict):
        raise HttpError(400, 'The body must be a JSON object like {"query": "..."}.')
    # Clients send an empty string for "none".
    name, id = (None if content.get(n) == "" else content.get(n) for n in (NAME, DOCUMENT_ID))
    if name is not None and not isinstance(name, str):
        raise HttpError(400, "operationName must be a string or null.")
    for field in ("variables", "extensions"):
        if not (content.get(field) is None or isinstance(content[field], dict)):
            raise HttpError(400, f"{field} must be an object or null.")
    query, extensions = content.get("query"), content.get("extensions")
    if id is not None and not isinstance(id, str):
        raise HttpError(400, "documentId must be a string or null.")
    by_id = id is not None or (extensions or {}).get("persistedQuery") is not None
    if not (isinstance(query, str) and query.strip()) and not (by_id and query in (None, "")):
        raise HttpError(400, "query is missing. It must be a string with a GraphQL document.")
    return GraphQLRequest(query or "", content.get("variables"), name, extensions, id)


def parameters_of(query_string: bytes) -> Mapping[str, Any]:
    try:
        unquote_to_bytes(query_string).decode()
    except UnicodeDecodeError:
        raise HttpError(400, "The parameters are not UTF-8.") from None
    content: dict[str, Any] = {}
    parameters = QueryParams(query_string)
    for name in QUERY_PARAMETERS:
        values = parameters.getlist(name)
        if len(values) > 1:
            raise HttpError(400, f"{name} is set {len(values)} times. Set it once.")
        if values and values[0]:  # a parameter without a value counts as omitted
            is_json = name in ("variables", "extensions")
            content[name] = decode_json(values[0].encode(), name) if is_json else values[0]
    return content


Arrived = Callable[[int], Awaitable[None]]
"""Receives the size of a request in bytes, and waits until it may be decoded."""
ReadQuickly = Callable[[bytes], Awaitable[GraphQLRequest | None]]
"""Decodes a body on the fast path; None if it must be read as usual."""


@dataclass(frozen=True, slots=True)
class RequestBounds:
    """Bound the size of one request; all but ``json_values`` are settings."""

    body_bytes: Annotated[
        ByteCount,
        Field(
            validation_alias="max_body_bytes",
            ge=KIB,
            le=GIB,
            description="Largest body of a request; 413 answers a larger one.",
        ),
    ] = 32 * MIB
    document_bytes: Annotated[
        ByteCount,
        Field(
            validation_alias="max_document_bytes",
            ge=KIB,
            le=64 * MIB,
            description="Size of a document, variables aside; parsing takes half a second for each "
            "MiB.",
        ),
    ] = 512 * KIB
    variable_values: Annotated[
        int,
        Field(
            validation_alias="max_variable_values",
            ge=1,
            le=100_000_000,
            description="JSON values in a request's variables.",
        ),
    ] = 300_000

    @property
    def json_values(self) -> int:
        return max(MIN_JSON_VALUES, self.variable_values)


class RequestReader:
    def __init__(self, bounds: RequestBounds, documents: DocumentKeeper) -> None:
        self.bounds = bounds
        self._documents = documents
        self._restricts_documents = documents.restricts_documents

    async def read(
        self,
        scope: Scope,
        receive: Receive,
        read_quickly: ReadQuickly | None = None,
        arrived: Arrived | None = None,
    ) -> GraphQLRequest:
        """Return the GraphQL request of an HTTP request; raise ``HttpError``.

        ``arrived`` is awaited with the number of bytes before anything is decoded.
        """
        if scope["method"] in QUERY_METHODS:
            if arrived is not None:
                await arrived(len(scope["query_string"]))
            return self.admit(graphql_request(parameters_of(scope["query_string"])))
        headers = headers_of(scope)
        check_content_type(headers.get("content-type", ""))
        body = await read_body(
            receive,
            headers.get("content-length", ""),
            self.bounds.body_bytes,
            headers.get("content-encoding", ""),
        )
        if arrived is not None:
            await arrived(len(body))
        if await holds_more_values_in_turns(body, self.bounds.json_values):
            raise HttpError(400, too_many_values(self.bounds.json_values))
        decoded = await read_quickly(body) if read_quickly is not None else None
        # The body as a whole holds no more values than its variables may.
        is_counted = self.bounds.json_values <= self.bounds.variable_values
        return self.admit(decoded or graphql_request(decode_json(body)), is_counted)

    def admit(self, request: GraphQLRequest, is_counted: bool = False) -> GraphQLRequest:
        """Return the request with its document; raise ``HttpError`` if it may not be served.

        ``is_counted`` says that its values were counted before they were decoded.
        """
        if is_longer(request.query, self.bounds.document_bytes):
            raise HttpError(
                400,
                f"The document must not exceed {self.bounds.document_bytes:,} bytes. Send values as "
                "variables, or split it into several requests.",
            )
        maximum = self.bounds.variable_values
        if request.variables and not is_counted:
            problem = problem_of_size(request.variables, maximum)
            if problem is not None:
                raise HttpError(400, problem)
        if (
            request.extensions is None
            and request.document_id is None
            and not self._restricts_documents
        ):
            return request
        return self._documents.with_document(request)


def is_longer(text: str, maximum: int) -> bool:
    return len(text) > maximum or (
        len(text) * MAX_UTF8_BYTES > maximum
        and not text.isascii()
        and len(text.encode(errors="replace")) > maximum
    )


def too_many_values(maximum: int) -> str:
    return f"The request must not exceed {maximum:,} values. Split it into several requests."


def check_content_type(value: str) -> None:
    if value == JSON:
        return
    media_type, *parameters = value.lower().split(";")
    if media_type.strip() != JSON:
        raise HttpError(415, f"Send the request as Content-Type: {JSON}.", (("accept", JSON),))
    for parameter in parameters:
        name, _, charset = parameter.partition("=")
        if name.strip() == "charset" and charset.strip().strip('"') not in ("utf-8", "utf8"):
            raise HttpError(415, "Send the request in UTF-8.")
