"""Reads GraphQL requests from HTTP: bounded, and with a sentence for everything that is wrong."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from server.headers import headers_of

JSON = "application/json"
QUERY_PARAMETERS = ("query", "operationName", "variables", "extensions")
QUERY_METHODS = ("GET", "HEAD")
"""Methods that carry the request in the address; HEAD is GET without the answer's body."""


class HttpRefusal(Exception):
    """A request that is no GraphQL request: its status and why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """One operation to execute."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None
    extensions: dict[str, Any] | None


async def read_body(receive: Receive, announced: str, limit: int) -> bytes:
    """The body, never more than ``limit`` bytes of it; ``announced`` is its Content-Length."""
    # More than 18 digits are too much, whatever they say.
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > limit):
        raise too_large(limit)
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise too_large(limit)
        chunks.append(chunk)
        more = message.get("more_body", False)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def too_large(limit: int) -> HttpRefusal:
    """The refusal of a body beyond the limit."""
    return HttpRefusal(413, f"the body is larger than {limit:,} bytes: send several requests")


def decode_json(content: bytes, what: str = "the body") -> Any:
    """JSON as RFC 8259 has it; lone surrogates pass, for the store to repair them one by one."""
    try:
        return msgspec.json.decode(content)
    except RecursionError:
        raise HttpRefusal(400, "the JSON is nested too deeply") from None
    except UnicodeDecodeError:
        raise HttpRefusal(400, f"{what} is not UTF-8") from None
    except msgspec.DecodeError as error:
        message = str(error)
    try:
        return json.loads(content.decode(), parse_constant=_no_constant)
    except RecursionError:
        raise HttpRefusal(400, "the JSON is nested too deeply") from None
    except UnicodeDecodeError:
        raise HttpRefusal(400, f"{what} is not UTF-8") from None
    except ValueError:
        raise HttpRefusal(400, f"{what} is not JSON: {message}") from None


def _no_constant(name: str) -> NoReturn:
    raise HttpRefusal(400, f"{name} is not JSON: leave the value out, or send null")


def graphql_request(content: Any) -> GraphQLRequest:
    """The request that a decoded body describes."""
    if isinstance(content, list):
        raise HttpRefusal(400, "a list of requests is not supported: send them one by one")
    if not isinstance(content, dict):
        raise HttpRefusal(400, 'the body must be a JSON object such as {"query": "..."}')
    query = content.get("query")
    if not isinstance(query, str) or not query.strip():
        raise HttpRefusal(400, "query is missing: it must be a text with a GraphQL document")
    name = content.get("operationName")
    if name is not None and not isinstance(name, str):
        raise HttpRefusal(400, "operationName must be a text or null")
    for field in ("variables", "extensions"):
        if not (content.get(field) is None or isinstance(content[field], dict)):
            raise HttpRefusal(400, f"{field} must be an object or null")
    return GraphQLRequest(query, content.get("variables"), name, content.get("extensions"))


def parameters_of(query_string: bytes) -> Mapping[str, Any]:
    """The same from the parameters of a GET."""
    found: dict[str, Any] = {}
    parameters = QueryParams(query_string)
    for name in QUERY_PARAMETERS:
        value = parameters.get(name)
        if value is not None:
            is_json = name in ("variables", "extensions")
            found[name] = decode_json(value.encode(errors="replace"), name) if is_json else value
    return found


ReadQuickly = Callable[[bytes], GraphQLRequest | None]
"""Reads a body that is plainly in order; None for all others."""


async def read_request(
    scope: Scope, receive: Receive, limit: int, read_quickly: ReadQuickly | None = None
) -> GraphQLRequest:
    """The GraphQL request that an HTTP request carries; raises ``HttpRefusal``."""
    if scope["method"] in QUERY_METHODS:
        return graphql_request(parameters_of(scope["query_string"]))
    headers = headers_of(scope)
    media_type = headers.get("content-type", "")
    if media_type != JSON and media_type.split(";")[0].strip().lower() != JSON:
        raise HttpRefusal(415, f"send the request as Content-Type: {JSON}")
    body = await read_body(receive, headers.get("content-length", ""), limit)
    quick = read_quickly(body) if read_quickly is not None else None
    return quick or graphql_request(decode_json(body))
