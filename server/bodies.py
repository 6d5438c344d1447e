"""Reads GraphQL requests from HTTP: bounded, and with a sentence for everything that is wrong."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import msgspec
from starlette.requests import Request

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


async def read_body(request: Request, limit: int) -> bytes:
    """The body, never more than ``limit`` bytes of it."""
    too_large = HttpRefusal(413, f"the body is larger than {limit:,} bytes: send several requests")
    announced = request.headers.get("content-length", "")
    # More than 18 digits are too much, whatever they say.
    if announced.isdecimal() and (len(announced) > 18 or int(announced) > limit):
        raise too_large
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)


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


def parameters_of(request: Request) -> Mapping[str, Any]:
    """The same from the parameters of a GET."""
    found: dict[str, Any] = {}
    for name in QUERY_PARAMETERS:
        value = request.query_params.get(name)
        if value is not None:
            is_json = name in ("variables", "extensions")
            found[name] = decode_json(value.encode(errors="replace"), name) if is_json else value
    return found


ReadQuickly = Callable[[bytes], GraphQLRequest | None]
"""Reads a body that is plainly in order; None for all others."""


async def read_request(
    request: Request, limit: int, read_quickly: ReadQuickly | None = None
) -> GraphQLRequest:
    """The GraphQL request that an HTTP request carries; raises ``HttpRefusal``."""
    if request.method in QUERY_METHODS:
        return graphql_request(parameters_of(request))
    media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if media_type != "application/json":
        raise HttpRefusal(415, "send the request as Content-Type: application/json")
    body = await read_body(request, limit)
    quick = read_quickly(body) if read_quickly is not None else None
    return quick or graphql_request(decode_json(body))
