"""Answers have a bound in bytes: beyond it there is a clear error, and little work is done for it."""

import json
from typing import Any

import msgspec
import pytest

from server.graphql import encoding
from store.dialects.row_columns import FetchedColumns
from store.response_size import ResponseTooLargeError
from tests.api.exporting.calls import export, json_rows, refusal
from tests.api.live.conftest import Serve
from tests.api.live.conftest import serve as serve  # noqa: PLC0414  # a fixture
from tests.api.paging.statements import statements_of
from tests.support.api import Api, Json, StartApi

LIMIT = 20_000
SAID = f"the answer is larger than {LIMIT:,} bytes (TRACKSTORE_MAX_ANSWER_BYTES): ask for fewer records"
READ = f"more than {4 * LIMIT:,} bytes were read for an answer of at most {LIMIT:,}"
FEED = "subscription { operationFeed { ... on Operation { message } } }"
TRACK = """mutation ($items: [OperationInput!]!) {
  trackOperations(operations: $items) { accepted rejected }
}"""


async def chats(api: Api, count: int, characters: int) -> None:
    """Record chats with long texts."""
    chat = {"provider": "x", "model": "m", "message": "m" * characters, "response": "r"}
    item = {"kind": "LLM", "name": "chat", "llm": chat, "attributes": {"a": "x" * 100}}
    told = (await api(TRACK, {"items": [item] * count}))["trackOperations"]
    assert told == {"accepted": count, "rejected": 0}


def too_large(answer: Json, said: str = SAID) -> bool:
    """Whether an answer is nothing but that error."""
    (error,) = answer["errors"]
    assert error["message"].startswith(said), error
    for way_out in ("first", "after", "fewer fields", "/export"):
        assert way_out in error["message"]
    return bool(answer["data"] is None and error["extensions"]["code"] == "BAD_USER_INPUT")


@pytest.mark.parametrize("fast_path", [True, False])
async def test_an_answer_beyond_the_bound(start_api: StartApi, fast_path: bool) -> None:
    api = await start_api(max_answer_bytes=LIMIT, fast_path=fast_path)
    await chats(api, 30, 700)
    shown = "a0: attributes " + " ".join(f"a{n}: attributes" for n in range(1, 20))
    once = " ".join(f"a{n}: message" for n in range(29))
    half = "operations(first: 15) { nodes { message } }"
    for query in (
        "{ operations { nodes { message } } }",
        "{ operations { edges { node { message } } } }",
        f"{{ operations(first: 10) {{ nodes {{ {shown} }} }} }}",
        f"{{ operations(first: 1) {{ nodes {{ {once} }} }} }}",
        f"{{ a: {half} b: {half} }}",
    ):
        for accept in ("application/json", "application/graphql-response+json"):
            for _ in range(2):  # also as a document that is known
                answer = await api.raw({"query": query}, headers={"accept": accept})
                assert answer.status_code == 200
                assert too_large(answer.json()), query
                assert len(answer.content) < 1_000
    found = await api("{ operations(first: 20) { nodes { message } } }")
    assert [len(node["message"]) for node in found["operations"]["nodes"]] == [700] * 20


async def test_the_bound_is_exact(start_api: StartApi) -> None:
    query = {"query": "{ operations { nodes { name message attributes occurredAt } totalCount } }"}
    api = await start_api()
    await chats(api, 9, 500)
    whole = await api.raw(query)
    size = len(whole.content)
    exact = await start_api(max_answer_bytes=size)
    assert (await exact.raw(query)).content == whole.content
    short = await start_api(max_answer_bytes=size - 1)
    assert "data" in (await short.raw(query)).json()
    assert f"larger than {size - 1:,} bytes" in (await short.raw(query)).text


async def test_a_mutation_says_that_it_was_executed(start_api: StartApi) -> None:
    api = await start_api(max_answer_bytes=2_000)
    query = """mutation ($chat: ChatInput!) { trackChat(input: $chat) { operation { message } } }"""
    chat = {"provider": "x", "model": "m", "message": "m" * 3_000}
    answer = (await api.raw({"query": query, "variables": {"chat": chat}})).json()
    assert answer["errors"][0]["message"].startswith("the mutation was executed, but the answer is")
    assert (await api("{ operations { totalCount } }"))["operations"]["totalCount"] == 1


async def test_reading_stops(start_api: StartApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 400 long texts, and of pages below pages, only those are read that show that it is too much."""
    read: list[int] = []
    size: Any = vars(FetchedColumns)["size"]

    def note(fetched: FetchedColumns) -> int:
        found: int = size.fget(fetched)
        read.append(found)
        return found

    api = await start_api(max_answer_bytes=LIMIT)
    await chats(api, 400, 5_000)
    monkeypatch.setattr(FetchedColumns, "size", property(note))
    with statements_of(api) as sent:
        answer = (
            await api.raw({"query": "{ operations(first: 400) { nodes { message } } }"})
        ).json()
    assert too_large(answer, READ)
    assert len([text for text in sent if "operation_texts" in text]) == 1
    assert sum(read) < 110 * 5_200
    shown = " ".join(
        f"a{n}: operations(first: 400) {{ nodes {{ attributes }} }}" for n in range(20)
    )
    read.clear()
    answer = (await api.raw({"query": f"{{ {shown} }}"})).json()
    assert too_large(answer, READ)


def test_encoding_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a thousand rows that show long texts thirty times, one piece more than the bound is encoded."""
    encoded: list[int] = []

    def encode(value: Any) -> bytes:
        content = msgspec.json.encode(value)
        encoded.append(len(content))
        return content

    monkeypatch.setattr(encoding, "encode", encode)
    names = [f"f{number}" for number in range(30)]
    row_of = msgspec.defstruct("Row", names)
    text = "x" * 10_000
    nodes: list[Any] = [row_of(*[text] * 30) for _ in range(1_000)]
    plain = [dict.fromkeys(names, text) for _ in range(1_000)]
    nested = [{"name": "n", "operations": {"nodes": nodes}} for _ in range(1_000)]
    for rows in (nodes, plain, nested):
        encoded.clear()
        with pytest.raises(ResponseTooLargeError):
            encoding.encode_answer({"data": {"operations": {"nodes": rows}}}, 1_000_000)
        assert sum(encoded) < 1_000_000 + 8 * 30 * 10_100
    small = {"data": {"a": [{"b": [1, None, "x", {"c": []}]}, None, {}]}, "errors": []}
    assert json.loads(encoding.encode_answer(small, 1_000)) == small


async def test_every_transport_has_the_bound(serve: Serve) -> None:
    live = await serve(max_answer_bytes=LIMIT)
    await chats(live, 30, 700)
    query = "{ operations { nodes { message } } }"
    async with live.socket() as socket:
        operation = await socket.subscribe(query)
        message = await operation.message()
        assert message["type"] == "next"
        assert too_large(message["payload"])
        assert (await operation.message())["type"] == "complete"
    for accept in ("text/event-stream", "multipart/mixed;subscriptionSpec=1.0"):
        lines = [line async for line in live.streamed(query, None, accept)]
        (line,) = [line for line in lines if "errors" in line]
        answer = json.loads(line[line.index("{") :])
        assert too_large(answer.get("payload", answer))


async def test_an_event_beyond_the_bound_leaves_the_stream(serve: Serve) -> None:
    live = await serve(max_answer_bytes=2_000)
    async with live.socket() as socket:
        operation = await socket.subscribe(FEED)
        assert await operation.is_quiet(0.2)  # it has begun
        await chats(live, 1, 3_000)
        assert too_large((await operation.message())["payload"], "the answer is larger than 2,000")
        await chats(live, 1, 10)
        assert (await operation.next())["message"] == "m" * 10


async def test_exports_take_smaller_pages(start_api: StartApi) -> None:
    api = await start_api(max_answer_bytes=LIMIT)
    await chats(api, 150, 700)
    query = "{ operations { nodes { uuid message } } }"
    rows = json_rows(await export(api, query, format="jsonl"))
    assert len({row["uuid"] for row in rows}) == 150
    assert {len(row["message"]) for row in rows} == {700}
    await chats(api, 1, 30_000)
    status, error = await refusal(api, query)
    assert (status, error["message"].startswith(SAID)) == (400, True)
