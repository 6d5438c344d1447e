"""Rows A and B of the first users through the client, its integrations and a real server."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from starlette.requests import Request

from tests.acceptance.documents import INTERACTIONS, OPERATIONS, SET_LIMIT, USAGE
from tests.support.processes import ServerProcess
from tests.unit.sdk_integrations.services import caller_of, memory_app
from trackstore import Client, EventBus, RouteRule, Tracker, TrackingRules, track_api_usage
from trackstore.event_records import record_chats
from trackstore.integrations.asgi import TrackingMiddleware

MakeTracker = Callable[..., Tracker]


def asked(server: ServerProcess, document: str, **variables: Any) -> Any:
    # The one field that a document asks for.
    with Client(server.url) as client:
        (data,) = client.query(document, variables).values()
    return data


def stored(server: ServerProcess, tracker: Tracker, **where: Any) -> list[dict[str, Any]]:
    # What is in the store once everything was sent; oldest first, without what is unknown.
    assert tracker.flush(10).is_done
    assert not tracker.stats().dropped
    nodes = asked(server, OPERATIONS, where=where)["nodes"]
    return [{k: v for k, v in node.items() if v is not None} for node in reversed(nodes)]


async def test_a5_a7_the_middleware_keeps_log_counter_and_limit_in_step(
    server: ServerProcess, make_tracker: MakeTracker
) -> None:
    tracker = await asyncio.to_thread(make_tracker, server.url)
    subject = {"subject": "WORKSPACE", "subjectId": "ws_a7", "organizationId": "org_7"}
    limit = {**subject, "interactionType": "memory_operation", "period": "MONTH", "maximum": 5}
    await asyncio.to_thread(asked, server, SET_LIMIT, input=limit)
    rules = TrackingRules(
        routes=(RouteRule("v1/memory", methods=["POST"], counts_as="memory_operation"),)
    )
    who = {"x-user": "u_1", "x-workspace": "ws_a7", "x-organization": "org_7"}
    async with caller_of(TrackingMiddleware(memory_app(), tracker, rules)) as http:
        for _ in range(7):
            await http.post("/v1/memory", headers=who)
        await http.get("/v1/memory/mem_51", headers=who)
        await http.get("/v1/broken", headers=who)
    where = {"workspaceId": {"eq": "ws_a7"}}
    rows = await asyncio.to_thread(stored, server, tracker, **where)
    assert [row["outcome"] for row in rows] == ["OK"] * 8 + ["ERROR"]
    counted = [(row["interactionType"], row["countsAgainstLimits"]) for row in rows]
    assert counted == [("memory_operation", True)] * 7 + [("api_operation", False)] * 2
    counters = (await asyncio.to_thread(asked, server, INTERACTIONS, where=where))["nodes"]
    free = [c for c in counters if not c["countsAgainstLimits"]]
    assert sorted((c["route"], c["method"], c["operationType"], c["calls"]) for c in free) == [
        ("v1/broken", "GET", "get_broken", 1),
        ("v1/memory/{memory_id}", "GET", "get_memory", 1),
    ]
    (counter,) = [c for c in counters if c["countsAgainstLimits"]]
    assert (counter["route"], counter["method"], counter["operationType"]) == (
        "v1/memory", "POST", "add_memory",
    )  # fmt: skip
    assert (counter["units"], counter["calls"]) == (7, 7)
    (level,) = await asyncio.to_thread(
        asked, server, USAGE, subject=subject, type="memory_operation"
    )
    # The calls were made: they are counted, and the next question is answered with no.
    assert (level["used"], level["remaining"], level["exceeded"]) == (7, 0, True)
    answer = await tracker.aconsume(
        "memory_operation", organization_id="org_7", workspace_id="ws_a7"
    )
    assert not answer.allowed


def test_b1_a_chat_is_in_the_store_as_its_event_told_it(
    server: ServerProcess, make_tracker: MakeTracker
) -> None:
    tracker, bus = make_tracker(server.url), EventBus()
    record_chats(bus, tracker)
    with tracker.session("support", user_id="u_b1") as session:
        bus.emit(
            "chat.completed", user_id="u_b1", email="u@example.com", message="Why?",
            response="Because.", duration_ms=800.5, tokens=12, model="parrot-1",
        )  # fmt: skip
        bus.emit("chat.failed", user_id="u_b1", message="Why not?", error=RuntimeError("x" * 300))
    answered, failed = stored(server, tracker, userId={"eq": "u_b1"})
    assert (answered["message"], answered["response"]) == ("Why?", "Because.")
    assert (answered["inputTokens"], answered["durationMs"]) == (12, 800.5)
    assert answered["attributes"] == {"email": "u@example.com"}
    assert answered["sessionId"] == failed["sessionId"] == str(session.id)
    assert (failed["outcome"], failed["error"]) == ("ERROR", "x" * 200)


async def test_b2_decorated_handlers_are_in_the_store(
    server: ServerProcess, make_tracker: MakeTracker
) -> None:
    tracker = await asyncio.to_thread(make_tracker, server.url)

    @track_api_usage("chat", tracker=tracker)
    def chat(user_id: str, workspace_id: str, fails: bool) -> str:
        if fails:
            raise LookupError(f"{user_id} has no {workspace_id}")
        return "fine"

    assert chat("u_b2", "ws_b2", fails=False) == "fine"
    with pytest.raises(LookupError):
        chat("u_b2", "ws_b2", fails=True)
    rows = await asyncio.to_thread(stored, server, tracker, userId={"eq": "u_b2"})
    assert [(row["name"], row["outcome"], row.get("error")) for row in rows] == [
        ("chat", "OK", None),
        ("chat", "ERROR", "LookupError: u_b2 has no ws_b2"),
    ]
    assert all(row["durationMs"] > 0 for row in rows)


async def test_a6_b5_a_service_answers_as_ever_while_the_server_is_away(
    make_tracker: MakeTracker,
) -> None:
    tracker = make_tracker("http://127.0.0.1:9", queue_items=50)

    async def hello(scope: Any, receive: Any, send: Any) -> None:
        Request(scope, receive).state.user_id = "u_1"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})

    app = TrackingMiddleware(hello, tracker, TrackingRules(requires=("user_id",)))
    async with caller_of(app, raises=True) as http:
        begun = time.perf_counter()
        for _ in range(200):
            assert (await http.get("/hello")).text == "hello"
        assert (time.perf_counter() - begun) / 200 < 0.015
    stats = tracker.stats()
    assert stats.tracked == stats.queued + stats.dropped_total == 200
    assert stats.dropped["QUEUE_FULL"] > 0
