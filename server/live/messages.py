"""Messages of the graphql-transport-ws protocol: what is read, strictly, and what is written."""

from enum import IntEnum
from typing import Any

import msgspec

from server.http.bodies import GraphQLRequest, too_many_values
from server.http.json_size import holds_more_values

PROTOCOL = "graphql-transport-ws"
ENDED = "the API key or the sign-in of this connection has ended"
ACCESS_CHANGED = "what this API key may do or see has changed: subscribe again"
MAX_CONTROL_CHARACTERS = 16 * 1024
"""Of a message that is no operation: a connection_init, or a ping."""
MAX_ID_CHARACTERS = 1_000
"""Of an operation's id, which stands in every answer to it."""
MAX_REASON_BYTES = 123
"""Of a close frame: RFC 6455, section 5.5."""


class Close(IntEnum):
    """Close codes of the protocol, and those of RFC 6455 that clients answer by coming back."""

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
    """The connection must be closed, with a code and a reason."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")


class Message(msgspec.Struct):
    """A message that is formed as the protocol says; ``id`` and ``asked`` where its type has them."""

    type: str
    id: str = ""
    payload: dict[str, Any] | None = None
    asked: GraphQLRequest | None = None


class Kind(msgspec.Struct):
    """A message of which nothing but its type is parsed."""

    type: str


def check_size(text: str, max_values: int) -> None:
    """Refuse a large message before it is parsed; raises ``ConnectionClosedError``.

    Only operations are large, and hold many values.
    """
    if len(text) <= MAX_CONTROL_CHARACTERS:
        return
    try:
        kind = msgspec.json.decode(text, type=Kind).type
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        raise bad("the message is not JSON, or has no type") from None
    if kind != "subscribe":
        raise bad(f"only subscribe may have more than {MAX_CONTROL_CHARACTERS:,} characters")
    if len(text) > max_values and holds_more_values(text.encode(errors="replace"), max_values):
        raise bad(too_many_values(max_values))


def read_message(text: str | None, max_values: int) -> Message:
    """The message in a frame; raises ``ConnectionClosedError`` for anything that is none."""
    if text is None:
        raise bad("messages are text")
    check_size(text, max_values)
    try:
        found = msgspec.json.decode(text)
    except RecursionError:
        raise bad("the JSON is nested too deeply") from None
    except (msgspec.DecodeError, UnicodeError):
        raise bad("the message is not JSON") from None
    if not isinstance(found, dict):
        raise bad("a message is a JSON object")
    kind = found.get("type")
    if not isinstance(kind, str):
        raise bad("a message has a type, a string")
    if kind in ("connection_init", "ping", "pong"):
        return Message(kind, payload=member(found, "payload", kind))
    if kind in ("subscribe", "complete"):
        id = found.get("id")
        if not isinstance(id, str) or not id:
            raise bad(f"{kind} has an id, a string that is not empty")
        if len(id) > MAX_ID_CHARACTERS:
            raise bad(f"an id has at most {MAX_ID_CHARACTERS:,} characters")
        asked = read_request(found.get("payload")) if kind == "subscribe" else None
        return Message(kind, id, None, asked)
    raise bad(f"there is no message of type {kind[:40]!r} from clients")


def read_request(payload: Any) -> GraphQLRequest:
    """The operation in the payload of a subscribe message."""
    if not isinstance(payload, dict):
        raise bad("the payload of subscribe is an object")
    query, name = payload.get("query"), payload.get("operationName")
    if not isinstance(query, str):
        raise bad("the payload of subscribe has a query, a string")
    if name is not None and not isinstance(name, str):
        raise bad("operationName is a string")
    variables = member(payload, "variables", "subscribe")
    return GraphQLRequest(
        query, variables, name or None, member(payload, "extensions", "subscribe")
    )


def member(found: dict[str, Any], name: str, kind: str) -> dict[str, Any] | None:
    """A member that is an object, where it is there."""
    value = found.get(name)
    if value is not None and not isinstance(value, dict):
        raise bad(f"{name} of {kind} is an object")
    return value


def bad(reason: str) -> ConnectionClosedError:
    """What ends a connection whose client does not speak the protocol."""
    return ConnectionClosedError(Close.BAD_REQUEST, reason)


def write(type: str, id: str | None = None, payload: Any = None) -> str:
    """A message of the server."""
    found: dict[str, Any] = {"type": type}
    if id is not None:
        found = {"id": id, **found}
    if payload is not None:
        found["payload"] = payload
    return msgspec.json.encode(found).decode()


def next_before(id: str) -> str:
    """What stands before the answer in a message that carries one; a brace stands after it."""
    return f'{{"id":{msgspec.json.encode(id).decode()},"type":"next","payload":'
