"""B1, B5 and B6: business tests without a server, and what is built on the event bus."""

import logging
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from trackstore import EventBus, InvalidItemError, get_tracker, set_tracker, track_api_usage
from trackstore.cost_alerts import CostAlert, CostWatch, ModelPrice, start_of
from trackstore.entries import CompleteStage, FailStage
from trackstore.event_records import record_chats
from trackstore.publishing import PublishingTracker, log_operations
from trackstore.recorder import Recorder
from trackstore.rules import TrackingRules
from trackstore.testing import NullTracker, RecordingTracker


class Lessons:
    """Business code, as a service writes it."""

    def __init__(self, tracker: Recorder) -> None:
        self.tracker = tracker

    def make(self, topic: str) -> str:
        if not self.tracker.consume("lesson", user_id="u_1").allowed:
            return "no more lessons this month"
        with self.tracker.request("lesson", stages=["script"]) as request:
            with request.stage("script") as stage:
                if not topic:
                    raise ValueError("no topic")
                stage.output["words"] = 840
            self.tracker.track_tool_operation(tool="speak", user_id="u_1")
        return f"a lesson on {topic}"


def test_b5_business_tests_run_with_a_recording_tracker() -> None:
    tracker = RecordingTracker(limits={"lesson": 2})
    lessons = Lessons(tracker)
    assert lessons.make("fractions") == "a lesson on fractions"
    with pytest.raises(ValueError, match="no topic"):
        lessons.make("")
    assert lessons.make("one more") == "no more lessons this month"
    assert tracker.used == {"lesson": 2}
    assert [request.type for request in tracker.requests] == ["lesson", "lesson"]
    assert [stage.output for stage in tracker.all_of(CompleteStage)] == [{"words": 840}]
    assert [stage.message for stage in tracker.all_of(FailStage)] == ["no topic"]
    speak = tracker.one(tool_name="speak", user_id="u_1")
    assert speak.request_id == tracker.requests[0].id
    assert tracker.find(tool_name="speak", user_id="u_2") == []
    with pytest.raises(AssertionError, match="0 operations have"):
        tracker.one(tool_name="sing")


def test_b5_business_tests_run_with_a_null_tracker() -> None:
    tracker = NullTracker()
    assert Lessons(tracker).make("fractions") == "a lesson on fractions"
    assert tracker.stats().tracked == 0
    assert tracker.flush().is_done


def test_b5_the_fixture_stands_in_for_the_default_tracker(
    recording_tracker: RecordingTracker,
) -> None:
    @track_api_usage("chat", rules=TrackingRules(requires=()))
    def chat(user_id: str) -> None: ...

    assert get_tracker() is recording_tracker
    chat("u_1")
    recording_tracker.one(operation_type="chat", user_id="u_1")


def test_b5_a_decorated_function_follows_the_default_tracker() -> None:
    @track_api_usage("chat", rules=TrackingRules(requires=()))
    def chat() -> None: ...

    trackers = [RecordingTracker(), RecordingTracker()]
    before = set_tracker(trackers[0])
    try:
        chat()
        set_tracker(trackers[1])
        chat()
    finally:
        set_tracker(before)
    assert [len(tracker.operations) for tracker in trackers] == [1, 1]


def test_b5_what_the_server_would_refuse_is_raised_in_the_test() -> None:
    with pytest.raises(InvalidItemError, match="duration_ms"):
        RecordingTracker().track_operation(kind="API", name="x", duration_ms="slow")  # type: ignore[arg-type]
    with pytest.raises(InvalidItemError, match="colour"):
        RecordingTracker().track_operation(kind="API", name="x", colour="red")  # type: ignore[call-arg]


def test_b5_reservations_are_kept_in_step() -> None:
    tracker = RecordingTracker(limits={"premium": 10})
    first = tracker.reserve("premium", 8)
    assert first.id is not None
    assert not tracker.reserve("premium", 8).allowed
    assert tracker.commit(first.id, 3).allowed
    second = tracker.reserve("premium", 7)
    assert second.id is not None
    tracker.release(second.id)
    assert tracker.used == {"premium": 3}


def test_b1_chats_are_recorded_from_events() -> None:
    tracker, bus = RecordingTracker(), EventBus()
    record_chats(bus, tracker)
    bus.emit(
        "chat.completed", user_id="u_1", email="u@example.com", message="hi", response="hello",
        duration_ms=800.0, tokens=12, model="m",
    )  # fmt: skip
    bus.emit("chat.failed", user_id="u_1", message="hi", error=RuntimeError("x" * 300))
    bus.emit("order.completed", user_id="u_1")
    done, failed = tracker.operations
    assert done.llm is not None
    assert (done.llm.message, done.llm.response, done.llm.input_tokens) == ("hi", "hello", 12)
    assert (done.duration_ms, done.attributes) == (800.0, {"email": "u@example.com"})
    assert (failed.outcome, failed.error) == ("ERROR", "x" * 200)
    assert not bus.failures


PRICES = {"m": ModelPrice(Decimal("0.010"), Decimal("0.030"), Decimal("0.001"))}


def test_b6_costs_are_alerted_once_for_each_threshold() -> None:
    bus, alerts = EventBus(), list[CostAlert]()
    bus.on("cost.alert", lambda event: alerts.append(event.data["alert"]))
    watch = CostWatch(bus, Decimal(1), prices=PRICES, period="month", by="workspace_id")
    tracker = PublishingTracker(RecordingTracker(), bus)
    for _ in range(6):
        tracker.track_chat(
            message=None, model="m", input_tokens=11_000, cached_input_tokens=1_000,
            output_tokens=3_300, workspace_id="ws_12",
        )  # fmt: skip
    tracker.track_tool_operation(tool="read", tokens_actual=5_000, workspace_id="ws_13")
    tracker.track_operation(kind="API", name="x", workspace_id="ws_13")
    # 10,000 fresh at 0.010, 1,000 cached at 0.001, 3,300 out at 0.030, each per 1,000
    assert watch.spent("ws_12") == Decimal("1.200")
    assert watch.spent("ws_13") == Decimal("0.075")
    assert [(a.scope, a.threshold, a.spent) for a in alerts] == [
        ("ws_12", Decimal("0.8"), Decimal("0.800")),
        ("ws_12", Decimal(1), Decimal("1.000")),
    ]
    assert alerts[0].since == start_of("month", datetime.now(UTC))


def test_b6_a_model_without_a_price_is_told_never_zero() -> None:
    bus = EventBus()
    watch = CostWatch(bus, Decimal(1), prices=PRICES)
    tracker = PublishingTracker(NullTracker(), bus)
    tracker.track_chat(message="hi", model="unheard-of", tokens=10)
    assert (watch.unpriced, watch.spent()) == ({"unheard-of": 1}, Decimal(0))
    with pytest.raises(ValueError, match="above 0"):
        CostWatch(bus, Decimal(0))


@pytest.mark.parametrize(
    ("period", "expected"),
    [("hour", (21, 15)), ("day", (21, 0)), ("month", (1, 0))],
)
def test_b6_a_period_begins_where_its_name_says(period: str, expected: tuple[int, int]) -> None:
    now = datetime(2026, 11, 21, 15, 42, 7, 5, UTC)
    begin = start_of(period, now)  # type: ignore[arg-type]
    assert (begin.day, begin.hour, begin.minute, begin.microsecond) == (*expected, 0, 0)


def test_b6_operations_are_logged_with_fields(caplog: pytest.LogCaptureFixture) -> None:
    bus = EventBus()
    log_operations(bus, logging.getLogger("operations"))
    inner = RecordingTracker(limits={"premium": 1})
    tracker = PublishingTracker(inner, bus)
    with caplog.at_level(logging.INFO, "operations"):
        tracker.track_api_operation(
            route="v1/x", method="GET", status_code=503, user_id="u_1", duration_ms=1.5
        )
        tracker.track_chat(message="a secret", model="m", tokens=3)
        with tracker.request("lesson"):
            pass
    failed, chat = caplog.records
    assert (failed.levelname, failed.getMessage()) == ("WARNING", "operation GET v1/x")
    assert failed.__dict__["status_code"] == 503
    assert failed.__dict__["user_id"] == "u_1"
    assert chat.__dict__["input_tokens"] == 3
    assert "secret" not in str(chat.__dict__)
    assert len(inner.entries) == 5
    assert (tracker.consume("premium").allowed, tracker.consume("premium").allowed) == (True, False)
    assert tracker.stats() == inner.stats()
