"""Server-sent events and multipart: the same answers over plain HTTP."""

import asyncio
import gc
import json
from typing import Any

import httpx
import pytest
from graphql.execution.collect_fields import FieldDetails

from tests.api.live.conftest import Serve
from tests.api.live.documents import COMPLETE, EVENTS, PROGRESS, new_request, tell
from tests.api.live.serving import PATIENCE_SECONDS, Served, eventually

APOLLO = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"


async def test_events_as_the_protocol_has_them(live: Served) -> None:
    id = await new_request(live)
    lines: list[str] = []
    begun = asyncio.Event()

    async def read() -> None:
        async for line in live.streamed(PROGRESS, {"id": str(id)}):
            lines.append(line)
            begun.set()

    reading = asyncio.create_task(read())
    await asyncio.wait_for(begun.wait(), PATIENCE_SECONDS)
    await tell(live, id, "line\nbreak")
    await live(COMPLETE, {"id": str(id)})
    await asyncio.wait_for(reading, PATIENCE_SECONDS)
    assert lines[::3] == ["event: next"] * 5 + ["event: complete"]
    data = [json.loads(line.removeprefix("data: ")) for line in lines[1:-3:3]]
    seqs = [item["data"]["requestProgress"]["seq"] for item in data]
    assert seqs == [2, 3, 4, 5, 6]
    assert lines[-2:] == ["data:", ""]


async def test_apollos_multipart(live: Served) -> None:
    id = await new_request(live)
    await live(COMPLETE, {"id": str(id)})
    body = "\n".join([line async for line in live.streamed(PROGRESS, {"id": str(id)}, APOLLO)])
    parts = [part for part in body.split("--graphql") if "{" in part]
    (answer,) = [json.loads(part[part.index("{") :]) for part in parts]
    assert answer["payload"]["data"]["requestProgress"]["request"]["status"] == "COMPLETED"
    assert body.rstrip().endswith("--graphql--")


async def test_signs_of_life_on_an_idle_stream(serve: Serve) -> None:
    live = await serve(live_ping_seconds=0.1)
    found = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for line in live.streamed(PROGRESS, {"id": str(await new_request(live))}):
            found.append(line)
            if found.count(":") == 3:
                break
    assert "event: next" in found


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/graphql-response+json"])
async def test_a_subscription_without_a_stream_is_refused(live: Served, accept: str) -> None:
    answer = await live.raw({"query": EVENTS}, headers={"accept": accept})
    assert answer.status_code == 400
    (error,) = answer.json()["errors"]
    assert "Accept text/event-stream" in error["message"]


async def test_the_kind_of_operation_decides_where_a_client_takes_both(live: Served) -> None:
    accept = "application/json, text/event-stream"
    query = await live.raw({"query": "{ viewer { name } }"}, headers={"accept": accept})
    assert query.headers["content-type"].startswith("application/json")
    first = await anext(live.streamed(PROGRESS, {"id": str(await new_request(live))}, accept))
    assert first == "event: next"


async def test_a_client_that_goes_away_leaves_nothing(live: Served) -> None:
    async def watch() -> None:
        async with httpx.AsyncClient(base_url=live.http.base_url) as http:
            body: Any = {"query": EVENTS}
            headers = {"accept": "text/event-stream"}
            async with http.stream("POST", "/graphql", json=body, headers=headers) as answer:
                async for _ in answer.aiter_lines():
                    pass

    side = live.server.live
    assert side is not None
    tasks = [asyncio.create_task(watch()) for _ in range(20)]
    await eventually(lambda: side.connections == 20)
    for task in tasks:
        task.cancel()
    await eventually(
        lambda: (
            not (
                side.connections or side.operations or side.engine.executions or side.hub.is_watched
            )
        )
    )


async def test_metrics_say_who_watches(live: Served) -> None:
    id = await new_request(live)
    async with live.socket() as socket:
        await (await socket.subscribe(PROGRESS, {"id": str(id)})).next()
        text = (await live.http.get("/metrics")).text
    for line in (
        "trackstore_live_connections 1.0", "trackstore_live_operations 1.0",
        "trackstore_live_executions 1.0", 'trackstore_live_watched{kind="requests"} 1.0',
        "trackstore_live_answers_total 1.0",
    ):  # fmt: skip
        assert line in text


INVALID: list[tuple[str, Any, str]] = [
    ("subscription { nothing { seq } }", None, "Cannot query field 'nothing'"),
    ("{ viewer { nam } }", None, "Cannot query field 'nam'"),
    ("{ viewer { name ", None, "Syntax Error"),
    (PROGRESS, {"id": "x"}, "id: Invalid UUID 'x'"),
    ("query ($n: Int!) { operations(first: $n) { totalCount } }", {"n": "x"}, "n: Int cannot"),
    (
        "query A { viewer { name } } query B { viewer { name } }",
        None,
        "Set operationName to one of them",
    ),
    ("{ " + " ".join(f"a{n}: viewer {{ name }}" for n in range(31)) + " }", None, "31 aliases"),
]


@pytest.mark.parametrize("accept", ["text/event-stream", "multipart/mixed;subscriptionSpec=1.0"])
async def test_what_is_not_executed_is_told_in_the_stream(live: Served, accept: str) -> None:
    for query, variables, said in INVALID:
        lines = [line async for line in live.streamed(query, variables, accept)]
        (data,) = [line[line.index("{") :] for line in lines if "message" in line]
        answer = json.loads(data)
        answer = answer if accept == "text/event-stream" else answer["payload"]
        assert list(answer) == ["errors"]
        assert said in answer["errors"][0]["message"]
        if accept == "text/event-stream":
            assert [line for line in lines if line.startswith("event")] == [
                "event: next",
                "event: complete",
            ]
        else:
            assert lines[-1] == "--graphql--"


async def test_an_unknown_id_of_a_document_is_told_in_the_stream(live: Served) -> None:
    body = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "ab"}}}
    headers = {"accept": "text/event-stream"}
    answer = await live.http.post("/graphql", json=body, headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert "event: next" in answer.text
    assert "PERSISTED_QUERY_NOT_FOUND" in answer.text
    assert answer.text.endswith("event: complete\ndata:\n\n")


async def test_streams_list_no_values_without_introspection(serve: Serve) -> None:
    live = await serve(introspection=False)
    literal = "subscription { operationFeed(where: {kind: {eq: APIX}}) { __typename } }"
    query = """subscription ($k: [OperationKind!]) {
      operationFeed(where: {kind: {in: $k}}) { __typename } }"""
    for document, variables in ((query, {"k": "APIX"}), (literal, {})):
        lines = [line async for line in live.streamed(document, variables)]
        async with live.socket() as socket:
            message = await (await socket.subscribe(document, variables)).message()
        assert message["type"] == "error"
        for told in (str(message["payload"]), "".join(lines)):
            assert "does not exist in 'OperationKind' enum" in told
            assert "TOOL" not in told


async def test_a_stop_before_the_first_byte_is_told(
    live: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stop comes between the subscription and the head of the answer: the client comes back."""
    server = live.server.live
    assert server is not None
    stops: list[asyncio.Task[None]] = []
    open_stream = server.engine.open

    async def open_and_stop(*arguments: Any, **options: Any) -> Any:
        opened = await open_stream(*arguments, **options)
        stops.append(asyncio.create_task(server.drain()))
        return opened

    monkeypatch.setattr(server.engine, "open", open_and_stop)
    body = {"query": PROGRESS, "variables": {"id": str(await new_request(live))}}
    headers = {"accept": "text/event-stream"}
    answer = await live.http.post("/graphql", json=body, headers=headers)
    assert answer.status_code == 503, answer.text
    assert answer.json()["errors"][0]["extensions"]["code"] == "OVERLOADED"
    await asyncio.gather(*stops)


async def test_a_stream_does_not_grow_with_its_events(live: Served) -> None:
    id = await new_request(live)

    def selections() -> int:
        gc.collect()
        return sum(type(one) is FieldDetails for one in gc.get_objects())

    async with live.socket() as socket:
        feed = await socket.subscribe(EVENTS)
        assert await feed.is_quiet(0.5), "it begins once the server has read the subscription"
        held = []
        for _ in range(3):
            await tell(live, id, *map(str, range(20)))
            await feed.take(20)
            held.append(selections())
    assert held[2] - held[1] < 20, held
