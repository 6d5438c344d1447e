"""graphql-transport-ws to the letter: what is answered, and with which code a socket is closed."""

import asyncio
import json
from typing import Any

import pytest
import websockets
from websockets.typing import Origin, Subprotocol

from tests.api.live.conftest import Serve
from tests.api.live.documents import EVENTS, PROGRESS, new_request, tell
from tests.api.live.serving import PATIENCE_SECONDS, PROTOCOL, Served
from tests.support.api import Json

INIT = {"type": "connection_init"}
VIEWER = {"id": "1", "type": "subscribe", "payload": {"query": "{ viewer { name } }"}}
DEEP = "[" * 100_000

NO_MESSAGES: list[Any] = [
        "nonsense", "null", "[]", "7", '"text"', "{}", DEEP, '{"type":"ping","payload":' + DEEP,
        b"{}", {"type": 3}, {"type": "start"}, {"type": "connection_ack"},
        {"type": "ping", "payload": "text"}, {"type": "pong", "payload": []},
        {"type": "subscribe", "payload": {"query": "{a}"}},
        {"id": 1, "type": "subscribe", "payload": {"query": "{a}"}},
        {"id": "", "type": "subscribe", "payload": {"query": "{a}"}},
        {"id": "1", "type": "subscribe"}, {"id": "1", "type": "subscribe", "payload": "text"},
        {"id": "1", "type": "subscribe", "payload": {}},
        {"id": "1", "type": "subscribe", "payload": {"query": 1}},
        {"id": "1", "type": "subscribe", "payload": {"query": "{a}", "variables": []}},
        {"id": "1", "type": "subscribe", "payload": {"query": "{a}", "operationName": 1}},
        {"id": "1", "type": "subscribe", "payload": {"query": "{a}", "extensions": "text"}},
        {"type": "complete"}, {"id": 5, "type": "complete"},
]  # fmt: skip


async def closed_with(live: Served, *frames: Any, init: bool = True, **options: Any) -> int:
    """The code with which the server closes a socket after these frames."""
    options = {"subprotocols": [PROTOCOL], **options}
    async with websockets.connect(live.socket_url, compression=None, **options) as raw:
        if init:
            await raw.send(json.dumps(INIT))
            assert json.loads(await raw.recv()) == {"type": "connection_ack"}
        for frame in frames:
            await raw.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))
        async with asyncio.timeout(PATIENCE_SECONDS):
            await raw.wait_closed()
        assert raw.close_code is not None
        return raw.close_code


async def test_what_is_no_message_closes_with_4400(live: Served) -> None:
    codes = [await closed_with(live, frame) for frame in NO_MESSAGES]
    assert codes == [4400] * len(NO_MESSAGES)


async def test_the_order_of_messages_is_kept(serve: Serve) -> None:
    live = await serve(live_init_seconds=0.3)
    assert await closed_with(live, VIEWER, init=False) == 4401
    assert await closed_with(live, INIT) == 4429
    assert await closed_with(live, init=False) == 4408
    assert await closed_with(live, init=False, subprotocols=[Subprotocol("graphql-ws")]) == 4406
    subscription = {"id": "1", "type": "subscribe", "payload": {"query": EVENTS}}
    assert await closed_with(live, subscription, subscription) == 4409
    bad_init = {"type": "connection_init", "payload": "text"}
    assert await closed_with(live, bad_init, init=False) == 4400


async def test_pings_are_answered_at_any_time(live: Served) -> None:
    async with websockets.connect(live.socket_url, subprotocols=[PROTOCOL]) as raw:
        await raw.send(json.dumps({"type": "ping"}))
        assert json.loads(await raw.recv()) == {"type": "pong"}
        await raw.send(json.dumps(INIT))
        assert json.loads(await raw.recv()) == {"type": "connection_ack"}
        await raw.send(json.dumps({"type": "ping", "payload": {"n": 1}}))
        assert json.loads(await raw.recv()) == {"type": "pong", "payload": {"n": 1}}
        await raw.send(json.dumps({"type": "pong"}))


async def test_queries_and_mutations_go_over_a_socket_too(live: Served) -> None:
    async with live.socket() as socket:
        query = await socket.subscribe("{ viewer { name } }")
        assert await query.rest() == [{"name": "open"}]
        mutation = await socket.subscribe(
            'mutation { trackOperation(input: {kind: API, name: "x"}) { status } }'
        )
        assert await mutation.rest() == [{"status": "ACCEPTED"}]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("{", "Syntax Error"),
        ("{ nope }", "Cannot query field 'nope'"),
        ("subscription { nope }", "Cannot query field 'nope'"),
        (
            "query A { viewer { name } } query B { viewer { name } }",
            "Set operationName to one of them",
        ),
        ("subscription($id: UUID!) { requestProgress(id: $id) { seq } }", "id: Expected"),
        ("subscription { a: operationFeed { __typename } b: operationFeed { __typename } }", "one"),
    ],
)
async def test_an_operation_that_cannot_begin_ends_alone(
    live: Served, query: str, words: str
) -> None:
    id = await new_request(live)
    async with live.socket() as socket:
        neighbour = await socket.subscribe(PROGRESS, {"id": str(id), "afterSeq": 2})
        message = await (await socket.subscribe(query)).message()
        assert message["type"] == "error"
        (error,) = message["payload"]
        assert words in error["message"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        await tell(live, id, "goes on")
        assert (await neighbour.next())["event"]["message"] == "goes on"


async def test_complete_ends_an_operation_and_frees_its_id(live: Served) -> None:
    id = await new_request(live)
    async with live.socket() as socket:
        operation = await socket.subscribe(PROGRESS, {"id": str(id)})
        await operation.next()
        await operation.complete()
        await tell(live, id, "unheard")
        assert await operation.is_quiet()
        assert live.server.live is not None
        assert live.server.live.operations == 0
        message: Json = {"id": operation.id, "type": "subscribe"}
        await socket.send({**message, "payload": {"query": "{ viewer { name } }"}})
        assert (await operation.message())["type"] == "next"


async def test_bounds_of_operations_and_connections(serve: Serve) -> None:
    live = await serve(live_per_connection=2, live_connections=2, live_per_caller=3)
    async with live.socket() as one, live.socket() as other:
        for _ in range(2):
            assert await (await one.subscribe(EVENTS)).is_quiet(0.1)
        refused = await (await one.subscribe(EVENTS)).message()
        assert "must not exceed 2 streaming operations" in refused["payload"][0]["message"]
        assert await (await other.subscribe(EVENTS)).is_quiet(0.1)
        refused = await (await other.subscribe(EVENTS)).message()
        assert "(maximum 3)" in refused["payload"][0]["message"]
        with pytest.raises(websockets.InvalidStatus) as rejected:
            await websockets.connect(live.socket_url, subprotocols=[PROTOCOL])
        assert rejected.value.response.status_code == 503
        assert b"2 streams are open" in (rejected.value.response.body or b"")


async def test_pages_of_strangers_cannot_connect(serve: Serve) -> None:
    live = await serve(allowed_origins="https://ops.example.com")
    own = live.socket_url.replace("ws://", "http://").removesuffix("/graphql")
    for origin in (own, "https://ops.example.com", None):
        async with live.socket(origin=origin):
            pass
    for origin in ("https://evil.example.com", "null", "http://127.0.0.1:1"):
        with pytest.raises(websockets.InvalidStatus) as rejected:
            await websockets.connect(
                live.socket_url, subprotocols=[PROTOCOL], origin=Origin(origin)
            )
        assert rejected.value.response.status_code == 403
