"""The first users' calls, with their own names and in their own shape."""

import logging
import time
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.sdk.invalid_values import Unreadable
from trackstore import (
    EventBus,
    InvalidItemError,
    StatsQuestion,
    TrackingRules,
    annotate,
    track_api_usage,
    track_route_operation,
)
from trackstore.breakers import BreakerReporter
from trackstore.cost_alerts import CostWatch
from trackstore.entries import CompleteRequest, CompleteStage, FailRequest, FailStage
from trackstore.integrations.logging import RequestEventHandler
from trackstore.redaction import fingerprint
from trackstore.served_calls import CallRecorder
from trackstore.testing import RecordingTracker


def request_of(**state: Any) -> Any:
    # A request of Starlette, as far as it is looked at.
    scope = {
        "type": "http", "method": "POST", "path": "/v1/memory", "query_string": b"",
        "headers": [(b"x-client-type", b"web"), (b"x-api-key", b"s3cret")], "state": state,
    }  # fmt: skip
    return SimpleNamespace(scope=scope)


async def test_a_memory_operation_in_its_own_words() -> None:
    tracker, started = RecordingTracker(), time.time()
    await tracker.track_operation(
        user_id="u_1", workspace_id="ws_1", route="v1/memory", method="POST",
        is_memory_operation=True, organization_id="org_1", developer_id="d_1",
        operation_type="add_memory", memory_id="mem_1", latency_ms=(time.time() - started) * 1_000,
        status_code=200, api_key="s3cret", client_type="web", ip_address="203.0.113.7",
        user_agent="client/1", metadata={"error": "none"},
    )  # fmt: skip
    operation = tracker.one(user_id="u_1", api_key_id=fingerprint("s3cret"), resource_id="mem_1")
    assert (operation.kind, operation.name, operation.client) == ("API", "POST v1/memory", "web")
    assert operation.interaction is not None
    assert (operation.interaction.type, operation.interaction.units) == ("api_operation", 1)
    assert operation.attributes == {"error": "none"}
    assert operation.duration_ms is not None
    assert operation.duration_ms >= 0


@pytest.mark.parametrize("start", [time.time, time.perf_counter, lambda: datetime.now(UTC)])
async def test_the_helper_in_its_own_words(start: Any) -> None:
    tracker = RecordingTracker()
    await track_route_operation(
        route="v1/memory", method="POST", request=request_of(user_id="u_1", workspace_id="ws_1"),
        start_time=start(), status_code=200, is_memory_operation=True, memory_id="mem_1", tracker=tracker,
    )  # fmt: skip
    operation = tracker.one(user_id="u_1", resource_id="mem_1")
    assert operation.interaction is not None
    assert operation.duration_ms is not None
    assert 0 <= operation.duration_ms < 10_000


async def test_the_helper_may_be_awaited_where_it_records_nothing() -> None:
    tracker = RecordingTracker()
    assert await track_route_operation(request_of(user_id="u_1"), tracker=tracker) is None
    assert await track_route_operation(tracker=RecordingTracker(strict=False)) is None
    assert tracker.stats().skipped == {"labels": 1}


async def test_a_chat_in_its_own_words() -> None:
    tracker, start_time = RecordingTracker(), time.time()
    id = await tracker.track_chat(
        user_id="u_1", user_email="u@example.com", message="Why?", response="Because.",
        duration=time.time() - start_time, tokens_used=12,
    )  # fmt: skip
    operation = tracker.one(id=id)
    assert operation.llm is not None
    assert operation.llm.input_tokens == 12
    assert operation.attributes == {"email": "u@example.com"}
    assert operation.duration_ms is not None


async def test_a_tool_operation_in_its_own_words() -> None:
    tracker = RecordingTracker()
    await tracker.track_operation(
        tool_name="read", operation_mode="overview", parameters={"compress": True},
        file_path="src/main.py", tokens_original=5_000, tokens_actual=500, tokens_prevented=4_500,
        response_time_ms=123.45, tool_id="claude-code",
    )  # fmt: skip
    operation = tracker.one(tool_name="read", operation_mode="overview", tokens_actual=500)
    assert (operation.kind, operation.client, operation.duration_ms) == (
        "TOOL",
        "claude-code",
        123.45,
    )


async def test_a_decorated_chat_carries_message_tokens_and_model() -> None:
    tracker = RecordingTracker()

    @track_api_usage(operation="chat", tracker=tracker, rules=TrackingRules(requires=("user_id",)))
    async def chat(request: dict[str, str], current_user: dict[str, str]) -> str:
        annotate(message=request["message"], response="Because.", model="parrot-1", tokens=12)
        return f"Because, {current_user['name']}."

    user = {"user_id": "u_1", "name": "Ada"}
    assert await chat({"message": "Why?"}, current_user=user) == "Because, Ada."
    operation = tracker.one(user_id="u_1", model="parrot-1", input_tokens=12)
    assert (operation.kind, operation.name, operation.operation_type) == ("LLM", "chat", "chat")
    assert operation.llm is not None
    assert (operation.llm.message, operation.llm.response) == ("Why?", "Because.")


def test_limits_take_other_names_and_refuse_unknown_ones() -> None:
    tracker = RecordingTracker(limits={"mini": 3})
    consumption = tracker.consume("mini", operation="add_memory", batch_size="2", user_id="u_1")  # type: ignore[arg-type]
    assert (consumption.allowed, consumption.units) == (True, 2)
    assert not tracker.consume("mini", 2, if_unavailable="ALLOW").allowed  # type: ignore[arg-type]
    wrong: list[dict[str, Any]] = [
        {"units": -1}, {"units": 1.5}, {"workspace": "ws_1"}, {"if_unavailable": "perhaps"},
        {"user_id": "u" * 300}, {"id": "seven"},
    ]  # fmt: skip
    for facts in wrong:
        with pytest.raises(InvalidItemError):
            tracker.consume("mini", **facts)
    with pytest.raises(InvalidItemError):
        tracker.reserve("mini", ttl="soon")  # type: ignore[arg-type]
    assert tracker.used == {"mini": 2}


def test_a_breaker_of_unknown_state_changes_nothing() -> None:
    tracker = RecordingTracker(strict=False)
    reporter = BreakerReporter(tracker, "renderer")
    reporter.changed("ajar")
    reporter.changed(None)  # type: ignore[arg-type]
    reporter.changed("Half Open")
    assert (reporter.state, tracker.stats().adjusted) == ("HALF_OPEN", {"breaker.state": 2})


def test_facts_of_a_call_that_are_odd_cost_themselves_alone() -> None:
    tracker = RecordingTracker(strict=False)
    recorder = CallRecorder(tracker)
    state = {"user_id": "u_1", "workspace_id": "ws_1"}
    facts: dict[str, Any] = {
        "status_code": "201", "batch_size": -3, "started_at": "yesterday", "colour": "red",
        "attributes": [1], "error": None, "resource_id": object(),
    }  # fmt: skip
    assert track_route_operation(request_of(**state), recorder=recorder, **facts)
    operation = tracker.one(user_id="u_1", status_code=201)
    assert operation.api is not None
    assert operation.api.batch_size is None
    assert {"call.colour", "call.started_at", "operation.api.batch_size"} <= set(
        tracker.stats().adjusted
    )
    assert recorder.skipped == {}


def test_a_pipeline_in_its_own_words() -> None:
    tracker = RecordingTracker()
    with tracker.request("lesson", stages=["script", "video"], metadata={"grade": "10"}) as request:
        request.log(
            event_type="rag_completed", message="5 chunks", stage_name="script", severity="info",
            event_data={"chunks": 5}, source="cache",
        )  # fmt: skip
        with request.stage("script") as stage:
            stage.complete(output_data={"words": 840}, language="en")
        with request.stage("video") as stage:
            stage.fail(error_message="timeout", error_details={"status": 504}, is_retryable=False)
        request.fail(error_message="timeout", error_stage="video", error_details={"status": 504})
    (event,) = tracker.logged
    assert (event.type, event.stage, event.severity) == ("rag_completed", "script", "INFO")
    assert event.data == {"chunks": 5, "source": "cache"}
    (completed,) = tracker.all_of(CompleteStage)
    assert completed.output == {"words": 840, "language": "en"}
    (failed,) = tracker.all_of(FailStage)
    assert (failed.message, failed.details, failed.retryable) == ("timeout", {"status": 504}, False)
    (ended,) = tracker.all_of(FailRequest)
    assert (ended.message, ended.stage, ended.details) == ("timeout", "video", {"status": 504})
    assert tracker.requests[0].attributes == {"grade": "10"}


def test_mistakes_in_commands_cost_what_was_mistaken() -> None:
    tracker = RecordingTracker(strict=False)
    with tracker.request("lesson", stages=["script"]) as request, request.stage("script") as stage:
        request.log()  # type: ignore[call-overload]
        request.log("note", "in words", "loud", 7)  # type: ignore[call-overload]
        stage.progress(0.5, 1, 2)  # type: ignore[call-arg]
        stage.fail(colour="red", details=[1])  # type: ignore[call-overload]
        request.complete({"video_url": "x"})  # type: ignore[call-arg]
        with request.stage(7, attempt="two"):  # type: ignore[arg-type]
            pass
    assert [event.type for event in tracker.logged] == ["unknown", "note"]
    (failed,) = tracker.all_of(FailStage)
    assert (failed.message, failed.details) == ("", None)
    assert len(tracker.all_of(CompleteRequest)) == 1
    assert tracker.stats().dropped == {}


def test_log_fields_of_any_kind_become_data_of_the_event() -> None:
    tracker = RecordingTracker(strict=False)
    facts = {"name": "x", "levelno": 20, "msg": "odd %d", "args": ("seven",)}
    record = logging.makeLogRecord({**facts, "value": Unreadable(), "parts": [1]})
    with tracker.request("lesson"):
        RequestEventHandler(tracker).handle(record)
    (event,) = tracker.logged
    assert event.data is not None
    assert (event.message, event.data["value"], event.data["parts"]) == ("odd %d", None, [1])


def test_closed_lists_of_questions_and_watches_in_any_case() -> None:
    question = StatsQuestion("Operations", ["count"], bucket="hour")  # type: ignore[arg-type]
    assert (question.source, question.bucket) == ("operations", "HOUR")
    CostWatch(EventBus(), Decimal(1), period="DAY")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="hour, day, month"):
        CostWatch(EventBus(), Decimal(1), period="decade")  # type: ignore[arg-type]
