"""Live from code: watching a request through restarts; aggregations as questions."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from graphql import parse, validate

from tests.support.processes import ServerProcess, server_process
from tests.unit.sdk.conftest import ONCE, MakeTracker
from tests.unit.sdk.test_documents import SCHEMA
from tests.unit.sdk.test_outages import port_of
from trackstore import (
    AsyncClient,
    Client,
    Gap,
    ServerRefusedError,
    StatsQuestion,
    StreamStatus,
    new_id,
)
from trackstore.stats import Source


async def test_a_request_is_watched_to_its_end(
    server: ServerProcess, make_tracker: MakeTracker
) -> None:
    tracker = make_tracker(server.url)
    request = tracker.request("lesson", stages=["a", "b"])
    await asyncio.to_thread(tracker.flush, 10)
    seen = []
    async with AsyncClient(server.url) as client:
        async with asyncio.timeout(20):
            async for progress in client.watch(request.id):
                if progress.event is None:
                    assert progress.request.status == "PENDING"
                    assert [stage.name for stage in progress.request.stages] == ["a", "b"]
                    await asyncio.to_thread(work, request)
                    continue
                seen.append((progress.seq, progress.event.type))
        assert seen == [
            (2, "request.started"), (3, "stage.started"), (4, "stage.completed"),
            (5, "stage.started"), (6, "stage.failed"), (7, "request.completed"),
        ]  # fmt: skip
        assert progress.request.result == {"url": "x"}
        again = [item.seq async for item in client.watch(request.id, after_seq=4)]
        assert again == [5, 6, 7]
        with pytest.raises(ServerRefusedError) as refused:
            await anext(client.watch(new_id()))
        assert refused.value.code == "NOT_FOUND"


def work(request: Any) -> None:
    """Two stages; the second fails, and nobody minds."""
    request.start()
    with request.stage("a"):
        pass
    stage = request.stage("b")
    stage.start()
    stage.fail("no")
    request.complete(url="x")


@ONCE
async def test_a_watcher_survives_a_restart(
    database_url: str, tmp_path: Path, make_tracker: MakeTracker
) -> None:
    seen: list[int] = []

    async def watch(client: AsyncClient, id: Any, first: asyncio.Event) -> None:
        async for progress in client.watch(id):
            if progress.event is not None:
                seen.append(progress.seq)
            first.set()

    with server_process(database_url, tmp_path) as first:
        tracker = make_tracker(first.url)
        request = tracker.request("lesson")
        request.start()
        await asyncio.to_thread(tracker.flush, 10)
        client = AsyncClient(first.url)
        begun = asyncio.Event()
        watching = asyncio.create_task(watch(client, request.id, begun))
        async with asyncio.timeout(20):
            await begun.wait()
        for number in range(5):
            request.log("note", number=number)
        await asyncio.to_thread(tracker.flush, 10)
        await asyncio.to_thread(first.kill)
    for number in range(5):
        request.log("note", number=number)
    request.complete()
    with server_process(database_url, tmp_path, port=port_of(first)):
        assert (await asyncio.to_thread(tracker.flush, 20)).is_done
        async with asyncio.timeout(20):
            await watching
    assert seen == list(range(3, 14)), "each event once, none left out"
    await client.aclose()


def test_stats_are_asked_as_questions(server: ServerProcess, make_tracker: MakeTracker) -> None:
    tracker = make_tracker(server.url)
    for plan, tokens in (("free", 100), ("free", 300), ("paid", 1_000)):
        tracker.track_tool_operation(
            tool="asked", mode="full", tokens_original=tokens, tokens_actual=50,
            attributes={"plan": {"name": plan}}, duration_ms=2.0,
        )  # fmt: skip
    assert tracker.flush(10).is_done
    question = StatsQuestion(
        "operations",
        ["count", "tokens_prevented.sum", "durationMs.p95", "cost.saved"],
        by=["tool_name", "attribute:plan.name"],
        where={"name": {"eq": "asked"}},
        order_by=[{"by": {"measure": "COUNT"}}],
    )
    with Client(server.url) as client:
        answer = client.stats(question)
        assert [row.key["attribute:plan.name"] for row in answer.rows] == ["free", "paid"]
        assert answer.rows[0].key["tool_name"] == "asked"
        assert answer.rows[0].values["tokens_prevented.sum"] == 300
        assert answer.rows[0].values["durationMs.p95"] == 2.0
        assert answer.totals["count"] == 3
        sliced = StatsQuestion("operations", bucket="DAY", where={"name": {"eq": "asked"}})
        (day,) = client.stats(sliced).rows
        assert day.values == {"count": 3}
        assert day.start is not None
        assert day.end is not None
        assert (day.end - day.start).days == 1
        for last in ("90m", "24h", "7d", "2w", "all"):
            recent = StatsQuestion("operations", where={"name": {"eq": "asked"}}, last=last)
            assert client.stats(recent).totals == {"count": 3}, last
        with pytest.raises(ServerRefusedError, match="Use 90m, 24h, 7d or 2w"):
            client.stats(StatsQuestion("operations", last="3 weeks"))


@pytest.mark.parametrize("source", ["operations", "requests", "stages", "events", "interactions"])
def test_questions_are_valid_documents(source: Source) -> None:
    last = None if source == "interactions" else "24h"
    question = StatsQuestion(source, by=["organization_id"], bucket="HOUR", top={"n": 1}, last=last)
    assert validate(SCHEMA, parse(question.document)) == []


def test_a_question_takes_names_only() -> None:
    with pytest.raises(ValueError, match="counted per month"):
        StatsQuestion("interactions", last="24h")
    with pytest.raises(ValueError, match="Invalid name"):
        StatsQuestion("operations", ["count } evil {"])


async def test_events_of_many_requests_are_followed(
    server: ServerProcess, make_tracker: MakeTracker
) -> None:
    tracker = make_tracker(server.url)
    cursor = (await _cursor(server.url))["requestEvents"]
    with tracker.request("followed"), tracker.request("other"):
        pass
    assert (await asyncio.to_thread(tracker.flush, 10)).is_done
    where = {"requestType": {"eq": "followed"}}
    statuses: list[StreamStatus] = []
    events = []
    async with AsyncClient(server.url) as client, asyncio.timeout(20):
        async for item in client.watch_events(where, after=cursor, on_status=statuses.append):
            assert not isinstance(item, Gap)
            events.append(item)
            if item["type"] == "request.completed":
                break
        (first, *rest) = events
        again = client.watch_events(where, after=first["feedCursor"])
        assert [await anext(again) for _ in rest] == rest
        await again.aclose()
    assert first["type"] == "request.created"
    assert statuses == [StreamStatus(is_connected=True)]


async def _cursor(url: str) -> dict[str, str]:
    async with AsyncClient(url) as client:
        cursors: dict[str, str] = (await client.query("{ feedCursors { requestEvents } }"))[
            "feedCursors"
        ]
        return cursors


def test_rows_are_exported(server: ServerProcess, make_tracker: MakeTracker) -> None:
    tracker = make_tracker(server.url)
    for number in range(3):
        tracker.track_tool_operation(tool=f"exported-{number}", tokens_original=1, tokens_actual=1)
    assert tracker.flush(10).is_done
    document = """query($n: Int) {
      operations(where: {name: {startsWith: "exported"}}, first: $n) { nodes { name } }
    }"""
    with Client(server.url) as client:
        with client.export(document, {"n": 2}, format="jsonl") as export:
            assert not export.is_truncated
            rows = b"".join(export).splitlines()
        assert rows == [b'{"name":"exported-2"}', b'{"name":"exported-1"}']
        with client.export(document) as export:
            assert b"".join(export).split() == [
                b"name", b"exported-2", b"exported-1", b"exported-0",
            ]  # fmt: skip
        with (
            pytest.raises(ServerRefusedError, match="viewer"),
            client.export("{ viewer { name } }"),
        ):
            pass
    with (
        Client(f"{server.url}/elsewhere/graphql") as client,
        pytest.raises(ServerRefusedError, match="/elsewhere/export: POST is not served"),
        client.export(document),
    ):
        pass


async def test_viewers(server: ServerProcess) -> None:
    with Client(server.url) as client:
        viewer = client.viewer()
    assert "ADMIN" in viewer.scopes
    async with AsyncClient(server.url) as client_:
        assert await client_.viewer() == viewer
