"""Websocket frames of any kind: an answer, or a close that says why; never silence, never a fault."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.frames import Close
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.fuzz.conftest import BOUNDED, LEAKS, SECONDS, Target
from tests.fuzz.test_bodies import JSON_VALUES, QUERIES

MANY = settings(BOUNDED, max_examples=80)
CLOSES = {1002, 1007, 1009, 4400, 4401, 4403, 4409, 4429}
"""What a client is closed with: by the protocol of websockets, and by that of GraphQL over them."""
TYPES = st.sampled_from(
    ["connection_init", "ping", "pong", "subscribe", "complete", "next", "connection_ack", "start"]
)
PAYLOADS = JSON_VALUES | st.fixed_dictionaries(
    {"query": QUERIES | st.text() | JSON_VALUES},
    optional={"variables": JSON_VALUES, "operationName": JSON_VALUES, "extensions": JSON_VALUES},
)
MESSAGES = st.fixed_dictionaries(
    {"type": TYPES | JSON_VALUES},
    optional={"id": st.sampled_from(["1", "2", ""]) | JSON_VALUES, "payload": PAYLOADS},
).map(json.dumps)
FRAMES = MESSAGES | MESSAGES | JSON_VALUES.map(json.dumps) | st.text(st.characters(codec="utf-8"))
LAST = {"type": "ping", "payload": {"last": True}}


@MANY
@given(frames=st.lists(FRAMES | st.binary(max_size=20), max_size=6), is_known=st.booleans())
def test_frames(target: Target, frames: list[str | bytes], is_known: bool) -> None:
    url = f"{target.server.url.replace('http', 'ws')}/graphql"
    protocols = [Subprotocol("graphql-transport-ws")]
    with connect(url, subprotocols=protocols, compression=None, close_timeout=SECONDS) as socket:
        try:
            if is_known:
                socket.send(json.dumps({"type": "connection_init"}))
            for frame in frames:
                socket.send(frame)
            socket.send(json.dumps(LAST))
            while True:
                answer = json.loads(socket.recv(timeout=SECONDS))
                if answer == {**LAST, "type": "pong"}:
                    return
                check(answer)
        except ConnectionClosed as closed:
            if closed.rcvd is None and not is_known:
                return  # before a key nobody is waited for: what was still sent may cost the reason
            check_end(closed.rcvd, frames)


def check_end(end: Close | None, frames: list[str | bytes]) -> None:
    """A close that says why."""
    assert end is not None, frames
    assert end.code in CLOSES, (frames, end)
    assert not any(leak in end.reason for leak in LEAKS)


def check(answer: dict[str, Any]) -> None:
    """A message of the protocol, without anything from the inside of the server."""
    assert answer["type"] in {"connection_ack", "ping", "pong", "next", "error", "complete"}
    payload = answer.get("payload")
    errors = payload if answer["type"] == "error" else (payload or {}).get("errors", ())
    for error in errors or ():
        assert error["extensions"]["code"] != "INTERNAL", error
        assert not any(leak in error["message"] for leak in LEAKS), error
