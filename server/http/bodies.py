"""Reads GraphQL requests from HTTP: bounded, and with a sentence for everything that is wrong."""

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
from server.http.json_size import holds_more_values
from server.http.negotiation import JSON
from server.http.variables import problem_of_size
from store.setting_types import GIB, KIB, MIB, ByteCount

NAME, DOCUMENT_ID = "operationName", "documentId"
QUERY_PARAMETERS = ("query", NAME, "variables", "extensions", DOCUMENT_ID)
QUERY_METHODS = ("GET", "HEAD")
"""Methods that carry the request in the address; HEAD is GET without the answer's body."""


BAD_USER_INPUT = "BAD_USER_INPUT"
MIN_JSON_VALUES = 1_000_000
"""Values that any request may hold: 10,000 operations of 100 values. Parsed they take some 100 MB."""
MAX_UTF8_BYTES = 4
"""Of one character."""
Headers = Sequence[tuple[str, str]]


class HttpError(Exception):
    """A request that is no GraphQL request: its status and why."""

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
        """The answer that says so."""
        return {"errors": [{"message": self.message, "extensions": {"code": self.code}}]}


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """One operation to execute."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None
    document_id: str | None = None


class DocumentKeeper(Protocol):
    """Knows documents by their ids, and which of them may be asked."""

    @property
    def trusts_few(self) -> bool:
        """Whether a document may be refused that comes with the request."""

    def with_document(self, asked: GraphQLRequest) -> GraphQLRequest:
        """The request with its document; raises ``HttpError``."""


def needs_post() -> HttpError:
    """The refusal of a mutation in the address of a GET or HEAD."""
    return HttpError(405, "a mutation is sent by POST")


async def read_body(receive: Receive, announced: str, limit: int, encoding: str = "") -> bytes:
    """The body, never more than ``limit`` bytes of it; ``announced`` is its Content-Length.

    A compressed one counts as it comes and as it is inflated. Raises ``HttpError``.
    """
    inflater = inflater_of(encoding, limit) if encoding else None
    # More than 18 digits are too much, whatever they say.
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > limit):
        raise too_large(limit)
    chunks, size, more = [], 0, True
    while more:
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
        more = message.get("more_body", False)
    if inflater is not None and not inflater.is_whole:
        raise HttpError(400, f"the body is not whole: it ends before its {encoding} does")
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def inflater_of(encoding: str, limit: int) -> Inflater | None:
    """What reads a body of this Content-Encoding; None where it is not compressed."""
    if encoding.strip().lower() == "identity":
        return None
    try:
        return Inflater(encoding, limit)
    except UnknownEncodingError:
        known = ", ".join(ENCODINGS)
        message = (
            f"Content-Encoding {encoding[:40]!r} is not read here: send one of {known}, or none"
        )
        raise HttpError(415, message, (("accept-encoding", known),)) from None


def inflate(inflater: Inflater, chunk: bytes) -> bytes:
    """Some more of a compressed body; the refusals are those of any other body."""
    try:
        return inflater.feed(chunk)
    except InflatedTooLargeError as error:
        raise too_large(error.limit) from None
    except MalformedEncodingError as error:
        raise HttpError(400, f"the body is not {inflater.name}: {error}") from None


def too_large(limit: int) -> HttpError:
    """The refusal of a body beyond the limit."""
    return HttpError(413, f"the body is larger than {limit:,} bytes: send several requests")


def decode_json(content: bytes, what: str = "the body") -> Any:
    """JSON as RFC 8259 has it; lone surrogates pass, for the store to repair them one by one.

    A byte order mark before it is ignored, as the RFC allows.
    """
    content = content.removeprefix(BOM_UTF8)
    try:
        return msgspec.json.decode(content)
    except RecursionError:
        raise HttpError(400, "the JSON is nested too deeply") from None
    except UnicodeDecodeError:
        raise HttpError(400, f"{what} is not UTF-8") from None
    except msgspec.DecodeError as error:
        message = str(error)
    try:
        return json.loads(content.decode(), parse_constant=_no_constant)
    except RecursionError:
        raise HttpError(400, "the JSON is nested too deeply") from None
    except UnicodeDecodeError:
        raise HttpError(400, f"{what} is not UTF-8") from None
    except ValueError:
        raise HttpError(400, f"{what} is not JSON: {message}") from None


def _no_constant(name: str) -> NoReturn:
    raise HttpError(400, f"{name} is not JSON: leave the value out, or send null")


def graphql_request(content: Any) -> GraphQLRequest:
    """The request that a decoded body describes; without a document where it names a kept one."""
    if isinstance(content, list):
        raise HttpError(400, "a list of requests is not supported: send them one by one")
    if not isinstance(content, dict):
        raise HttpError(400, 'the body must be a JSON object such as {"query": "..."}')
    # Clients send an empty text for "none".
    name, id = (None if content.get(n) == "" else content.get(n) for n in (NAME, DOCUMENT_ID))
    if name is not None and not isinstance(name, str):
        raise HttpError(400, "operationName must be a text or null")
    for field in ("variables", "extensions"):
        if not (content.get(field) is None or isinstance(content[field], dict)):
            raise HttpError(400, f"{field} must be an object or null")
    query, extensions = content.get("query"), content.get("extensions")
    if id is not None and not isinstance(id, str):
        raise HttpError(400, "documentId must be a text or null")
    by_id = id is not None or (extensions or {}).get("persistedQuery") is not None
    if not (isinstance(query, str) and query.strip()) and not (by_id and query in (None, "")):
        raise HttpError(400, "query is missing: it must be a text with a GraphQL document")
    return GraphQLRequest(query or "", content.get("variables"), name, extensions, id)


def parameters_of(query_string: bytes) -> Mapping[str, Any]:
    """The same from the parameters of a GET."""
    try:
        unquote_to_bytes(query_string).decode()
    except UnicodeDecodeError:
        raise HttpError(400, "the parameters are not UTF-8") from None
    found: dict[str, Any] = {}
    parameters = QueryParams(query_string)
    for name in QUERY_PARAMETERS:
        values = parameters.getlist(name)
        if len(values) > 1:
            raise HttpError(400, f"{name} is given {len(values)} times: give it once")
        if values and values[0]:  # a parameter without a value is not given
            is_json = name in ("variables", "extensions")
            found[name] = decode_json(values[0].encode(), name) if is_json else values[0]
    return found


Arrived = Callable[[int], Awaitable[None]]
"""Told how many bytes a request has, it waits until they may be decoded."""
ReadQuickly = Callable[[bytes], GraphQLRequest | None]
"""Reads a body that is plainly in order; None for all others."""


@dataclass(frozen=True, slots=True)
class RequestBounds:
    """Bound the size of one request."""

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
        """Values in all of a request, counted before it is parsed."""
        return max(MIN_JSON_VALUES, self.variable_values)


class RequestReader:
    """Reads the GraphQL requests of one server, within its bounds."""

    def __init__(self, bounds: RequestBounds, documents: DocumentKeeper) -> None:
        self.bounds = bounds
        self._documents = documents
        self._trusts_few = documents.trusts_few

    async def read(
        self,
        scope: Scope,
        receive: Receive,
        read_quickly: ReadQuickly | None = None,
        arrived: Arrived | None = None,
    ) -> GraphQLRequest:
        """The GraphQL request that an HTTP request carries; raises ``HttpError``.

        ``arrived`` is awaited when the whole request is there, before anything is decoded.
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
        if holds_more_values(body, self.bounds.json_values):
            raise HttpError(400, too_many_values(self.bounds.json_values))
        quick = read_quickly(body) if read_quickly is not None else None
        return self.admit(quick or graphql_request(decode_json(body)))

    def admit(self, asked: GraphQLRequest) -> GraphQLRequest:
        """The request with its document; raises ``HttpError`` where it may not be served."""
        if is_longer(asked.query, self.bounds.document_bytes):
            raise HttpError(
                400,
                f"the document is larger than {self.bounds.document_bytes:,} bytes: send values as "
                "variables, or several requests",
            )
        most = self.bounds.variable_values
        problem = problem_of_size(asked.variables, most) if asked.variables else None
        if problem is not None:
            raise HttpError(400, problem)
        if asked.extensions is None and asked.document_id is None and not self._trusts_few:
            return asked
        return self._documents.with_document(asked)


def is_longer(text: str, most: int) -> bool:
    """Whether a text takes more than ``most`` bytes in UTF-8."""
    return len(text) > most or (
        len(text) * MAX_UTF8_BYTES > most
        and not text.isascii()
        and len(text.encode(errors="replace")) > most
    )


def too_many_values(most: int) -> str:
    """What is said of a request that is not parsed because of its values."""
    return f"more than {most:,} values in the request: send several requests"


def check_content_type(value: str) -> None:
    """Raises ``HttpError`` for anything but JSON in UTF-8."""
    if value == JSON:
        return
    media_type, *parameters = value.lower().split(";")
    if media_type.strip() != JSON:
        raise HttpError(415, f"send the request as Content-Type: {JSON}", (("accept", JSON),))
    for parameter in parameters:
        name, _, charset = parameter.partition("=")
        if name.strip() == "charset" and charset.strip().strip('"') not in ("utf-8", "utf8"):
            raise HttpError(415, "send the request in UTF-8")
