"""Parse messages of the graphql-transport-ws protocol strictly, and write them."""

from enum import IntEnum
from typing import Any

import msgspec

from server.http.bodies import GraphQLRequest, too_many_values
from server.http.json_size import holds_more_values

PROTOCOL = "graphql-transport-ws"
ENDED = "the API key or sign-in of this connection has expired or was revoked"
ACCESS_CHANGED = "the permissions of this API key have changed: subscribe again"
MAX_CONTROL_CHARACTERS = 16 * 1024
"""For messages other than subscribe, such as connection_init and ping."""
MAX_ID_CHARACTERS = 1_000
"""For operation ids, which every answer repeats."""
MAX_REASON_BYTES = 123
"""Of a close frame, by RFC 6455 section 5.5."""


class Close(IntEnum):
    """List the close codes of the protocol, and those of RFC 6455 that make clients reconnect."""

    NORMAL = 1000
    TOO_LARGE = 1009
    RESTART = 1012
    BUSY = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    NO_SUBPROTOCOL = 4406
    INIT_TIMEOUT = 4408
    TAKEN = 4409
    INIT_AGAIN = 4429


class ConnectionClosedError(Exception):
    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")


class Message(msgspec.Struct):
    type: str
    id: str = ""
    payload: dict[str, Any] | None = None
    request: GraphQLRequest | None = None


class Kind(msgspec.Struct):
    type: str


def check_size(text: str, max_values: int) -> None:
    """Refuse a large message before it is parsed; raise ``ConnectionClosedError``.

    Only operations may be large and hold many values.
    """
    if len(text) <= MAX_CONTROL_CHARACTERS:
        return
    try:
        kind = msgspec.json.decode(text, type=Kind).type
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise protocol_error("the message is not JSON, or has no type") from None
    if kind != "subscribe":
        raise protocol_error(
            f"only subscribe may have more than {MAX_CONTROL_CHARACTERS:,} characters"
        )
    if len(text) > max_values and holds_more_values(text.encode(errors="replace"), max_values):
        raise protocol_error(too_many_values(max_values))


def read_message(text: str | None, max_values: int) -> Message:
    if text is None:
        raise protocol_error("messages must be text")
    check_size(text, max_values)
    try:
        message = msgspec.json.decode(text)
    except RecursionError:
        raise protocol_error("the JSON is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeError):
        raise protocol_error("the message is not JSON") from None
    if not isinstance(message, dict):
        raise protocol_error("a message must be a JSON object")
    kind = message.get("type")
    if not isinstance(kind, str):
        raise protocol_error("a message needs a type, which is a string")
    if kind in ("connection_init", "ping", "pong"):
        return Message(kind, payload=member(message, "payload", kind))
    if kind in ("subscribe", "complete"):
        id = message.get("id")
        if not isinstance(id, str) or not id:
            raise protocol_error(f"{kind} needs an id, which is a string and not empty")
        if len(id) > MAX_ID_CHARACTERS:
            raise protocol_error(f"an id must not exceed {MAX_ID_CHARACTERS:,} characters")
        request = read_request(message.get("payload")) if kind == "subscribe" else None
        return Message(kind, id, None, request)
    raise protocol_error(f"unknown message type {kind[:40]!r}")


def read_request(payload: Any) -> GraphQLRequest:
    if not isinstance(payload, dict):
        raise protocol_error("the payload of subscribe must be an object")
    query, name = payload.get("query"), payload.get("operationName")
    if not isinstance(query, str):
        raise protocol_error("the payload of subscribe needs a query, which is a string")
    if name is not None and not isinstance(name, str):
        raise protocol_error("operationName must be a string")
    variables = member(payload, "variables", "subscribe")
    return GraphQLRequest(
        query, variables, name or None, member(payload, "extensions", "subscribe")
    )


def member(parent: dict[str, Any], name: str, kind: str) -> dict[str, Any] | None:
    value = parent.get(name)
    if value is not None and not isinstance(value, dict):
        raise protocol_error(f"{name} of {kind} must be an object")
    return value


def protocol_error(reason: str) -> ConnectionClosedError:
    return ConnectionClosedError(Close.BAD_REQUEST, reason)


def write(type: str, id: str | None = None, payload: Any = None) -> str:
    message: dict[str, Any] = {"type": type}
    if id is not None:
        message = {"id": id, **message}
    if payload is not None:
        message["payload"] = payload
    return msgspec.json.encode(message).decode()


def next_message_prefix(id: str) -> str:
    """Return the start of a ``next`` message, up to its payload; a closing brace follows the payload."""
    return f'{{"id":{msgspec.json.encode(id).decode()},"type":"next","payload":'
