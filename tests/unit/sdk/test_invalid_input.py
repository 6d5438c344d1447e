"""An almost right fact costs that fact, never its record: odd values in every place, on a real server."""

import logging
from typing import Any

import pytest

from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import MakeTracker
from tests.unit.sdk.invalid_values import ODD, Unreadable
from tests.unit.sdk.stored_operations import stored_ids
from trackstore import InvalidItemError, new_id
from trackstore.arguments import OperationArguments
from trackstore.entries import CircuitBreaker, CreateRequest, LogEvent, Operation, Session
from trackstore.testing import RecordingTracker

FACTS = sorted({"kind", "name", *OperationArguments.__annotations__})
LARGE = {"a shared dict", "a wide dict"}
BATCH = 400


def facts_for(odd: str) -> list[str]:
    # The facts to try a value for: every one, but for those that take long to look through.
    return ["attributes", "parameters", "message", "user_id"] if odd in LARGE else FACTS


@pytest.mark.parametrize("odd", ODD)
def test_no_value_of_any_fact_costs_the_record(odd: str) -> None:
    tracker = RecordingTracker(strict=False)
    for fact in facts_for(odd):
        facts: dict[str, Any] = {"kind": "API", "name": "x", "user_id": "u_1", fact: ODD[odd]()}
        tracker.track_operation(**facts)
    assert tracker.stats().dropped == {}
    assert len(tracker.operations) == len(facts_for(odd))
    operations = [
        o for o in tracker.operations if o.labels is not None and o.labels.user_id == "u_1"
    ]
    assert len(operations) >= len(tracker.operations) - 2  # but where it was the user that was odd


def test_the_server_refuses_nothing_that_the_client_lets_through(
    server: ServerProcess, make_tracker: MakeTracker
) -> None:
    tracker = make_tracker(server.url, interval_seconds=5, batch_items=BATCH)
    ids = set()
    for odd, make in ODD.items():
        for fact in facts_for(odd):
            facts: dict[str, Any] = {"name": "odd", fact: make()}
            ids.add(tracker.track_operation(**facts))
        assert tracker.flush(30).is_done
        assert tracker.stats().dropped == {}, odd
    stored = set(stored_ids(server.url))
    assert ids <= stored


def everything_else(tracker: Any, value: Any) -> None:
    """Pass the value to every recording method beside those of operations, in every place."""
    for fact in ("state", "total_calls", "total_failures", "message", "organization_id", "name"):
        facts = {"name": f"odd {new_id()}", "state": "closed", fact: value}
        if fact == "state":
            continue
        tracker.report_breaker(**facts)
    for fact in ("name", "client", "id", "attributes", "user_id", "colour"):
        with tracker.session(**{"name": "odd", fact: value}):
            tracker.track_operation(kind="API", name="in an odd session")
    for fact in (
        "type",
        "stages",
        "title",
        "correlation_id",
        "attributes",
        "id",
        "user_id",
        "colour",
    ):
        with tracker.request(**{"type": "odd", "stages": ["a"], fact: value}) as request:
            request.log("note", "in words", value=value)
    with tracker.request("odd", stages=[{"name": "a", "weight": value}, value]) as request:
        request.log("note", value)
        request.log("note", severity=value)
        with request.stage("a") as stage:
            stage.output["value"] = value
            stage.progress(0.5, value=value)
            stage.progress(value)
            stage.progress(message=value)
        request.result["value"] = value


@pytest.mark.parametrize("odd", ODD)
def test_no_value_costs_a_session_request_or_breaker(odd: str) -> None:
    tracker = RecordingTracker(strict=False)
    everything_else(tracker, ODD[odd]())
    assert set(tracker.stats().dropped) <= {"INVALID"}
    assert len(tracker.all_of(CreateRequest)) == 9
    assert len(tracker.all_of(Session)) == 12
    assert len(tracker.all_of(LogEvent)) == 10
    assert len(tracker.all_of(CircuitBreaker)) >= 4


def test_the_server_refuses_no_session_request_or_breaker(
    server: ServerProcess, make_tracker: MakeTracker
) -> None:
    tracker = make_tracker(server.url, interval_seconds=5, batch_items=BATCH)
    for odd, make in ODD.items():
        before = dict(tracker.stats().dropped)
        everything_else(tracker, make())
        assert tracker.flush(30).is_done
        dropped = {k: v - before.get(k, 0) for k, v in tracker.stats().dropped.items()}
        assert {k for k, v in dropped.items() if v} <= {"INVALID"}, odd


def test_what_was_left_out_is_counted_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    tracker = RecordingTracker(strict=False)
    with caplog.at_level(logging.WARNING, "trackstore"):
        for _ in range(3):
            tracker.track_api_operation(
                route="v1/memory",
                method="POST",
                status_code="201",  # type: ignore[arg-type]
                duration_ms=-4,
                user_id="u_1",
                counts_against_plan=True,
                workspce_id="ws_1",  # type: ignore[call-arg]
            )
    assert tracker.stats().adjusted == {"operation.duration_ms": 3, "operation.workspce_id": 3}
    assert len(caplog.records) == 2
    assert "Did you mean workspace_id?" in caplog.text
    for operation in tracker.operations:
        assert operation.api is not None
        assert operation.labels is not None
        assert operation.interaction is not None
        assert (operation.api.status_code, operation.labels.user_id) == (201, "u_1")
        assert operation.interaction.units == 1


def test_a_strict_tracker_raises_what_another_one_counts() -> None:
    tracker = RecordingTracker()
    wrong: dict[str, dict[str, Any]] = {
        "duration_ms: must be a number": {"duration_ms": -4},
        "unknown. Did you mean workspace_id": {"workspce_id": "ws_1"},
        "cannot be read": {"user_id": Unreadable()},
        "no time zone": {"occurred_at": "2026-03-01 12:00"},
        "not one of API, LLM, TOOL": {"kind": "SQL"},
    }
    for message, facts in wrong.items():
        with pytest.raises(InvalidItemError, match=message):
            tracker.track_operation(**{"kind": "api", "name": "x", **facts})
    for call in (
        lambda: tracker.track_chat("Why?", "Because."),  # type: ignore[call-arg]
        lambda: tracker.track_api_operation(method="GET"),  # type: ignore[call-arg]
        lambda: tracker.report_breaker("renderer", "ajar"),
        lambda: tracker.request("lesson", id="lesson 7"),
        lambda: tracker.session("lesson", colour="red"),  # type: ignore[call-arg]
    ):
        with pytest.raises(InvalidItemError):
            call()


def test_mistakes_in_a_call_cost_what_was_mistaken() -> None:
    tracker = RecordingTracker(strict=False)
    tracker.track_chat("Why?", "Because.", 3, user_id="u_1")  # type: ignore[call-arg,arg-type]
    tracker.track_chat(user_id="u_2")  # type: ignore[call-arg]
    tracker.track_tool_operation(mode="FULL")  # type: ignore[call-arg]
    tracker.track_api_operation("v1/memory", status_code=503)  # type: ignore[call-arg]
    tracker.track_operation("API", "x", 3, "z")  # type: ignore[call-arg,arg-type]
    first, second, third, fourth, fifth = tracker.operations
    assert first.llm is not None
    assert (first.llm.message, first.llm.response, first.llm.model) == ("Why?", "Because.", None)
    assert (second.kind, second.name) == ("LLM", "chat")
    assert third.tool is not None
    assert (third.kind, third.name, third.tool.operation_mode) == ("TOOL", "unknown", "full")
    assert (fourth.name, fourth.outcome) == ("v1/memory", "ERROR")
    assert (fifth.kind, fifth.name) == ("API", "x")
    assert tracker.stats().dropped == {}


def test_the_case_of_closed_lists_does_not_matter() -> None:
    tracker = RecordingTracker()
    tracker.track_operation(kind="llm", name="x", outcome="error")
    tracker.track_operation(kind="Tool", name="x", outcome="Success")
    tracker.track_tool_operation(tool="read", mode="Tri_Index")
    tracker.track_tool_operation(tool="read", mode="MyOwn")
    tracker.report_breaker("renderer", "half-open")
    with tracker.request("lesson") as request:
        for severity in ("info", "Warning", "warn", "fatal", 40):
            request.log("note", severity=severity)
    kinds = [(str(operation.kind), str(operation.outcome)) for operation in tracker.operations]
    assert kinds == [("LLM", "ERROR"), ("TOOL", "OK"), ("TOOL", "OK"), ("TOOL", "OK")]
    modes = [operation.tool.operation_mode for operation in tracker.operations if operation.tool]
    assert modes == ["tri_index", "MyOwn"]
    assert [breaker.state for breaker in tracker.all_of(CircuitBreaker)] == ["HALF_OPEN"]
    assert [event.severity for event in tracker.logged] == [
        "INFO", "WARNING", "WARNING", "CRITICAL", "ERROR",
    ]  # fmt: skip


def test_entries_of_the_callers_own_are_fitted_and_left_as_they_are() -> None:
    tracker = RecordingTracker(strict=False)
    operation = Operation(kind="api", name="x", duration_ms="12.5")  # type: ignore[arg-type]
    tracker.record(operation)
    assert [operation.kind, operation.duration_ms] == ["api", "12.5"]
    (recorded,) = tracker.operations
    assert [recorded.kind, recorded.duration_ms] == ["API", 12.5]
