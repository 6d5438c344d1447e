"""Rows of the first users that the tracker itself fulfils: what is recorded, and at what price."""

import statistics
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import ONCE, MakeTracker
from tests.unit.sdk.network import FINE, SILENT, Network, wait_until
from trackstore import (
    Client,
    InvalidItemError,
    Labels,
    ServerRefusedError,
    ServerUnavailableError,
    Stats,
    bind,
    get_tracker,
    new_id,
    set_tracker,
    versions,
)

FIELDS = """kind name route method operationType resourceId batchSize statusCode durationMs client
  ipAddress userAgent outcome error userId workspaceId organizationId developerId apiKeyId
  interactionType units attributes occurredAt model inputTokens outputTokens sessionId message
  response correlationId"""
ONE = f"query ($name: String!) {{ operations(where: {{name: {{eq: $name}}}}) {{ nodes {{ {FIELDS} }} }} }}"
COUNTERS = """query ($user: ID!) {
  interactions(where: {userId: {eq: $user}}) {
    nodes { interactionType operationType year month calls units }
  }
}"""
LIMIT = """mutation ($user: ID!) {
  setLimit(input: {
    subject: USER, subjectId: $user, interactionType: "premium", maximum: 3
  }) { limit { uuid } }
}"""


def ask(url: str, document: str, **variables: Any) -> Any:
    with Client(url) as client:
        (answer,) = client.query(document, variables).values()
        return answer["nodes"]


def test_a1_an_api_call_with_all_of_its_facts(
    server: ServerProcess, make_tracker: MakeTracker
) -> None:
    tracker = make_tracker(server.url, strict=True)
    facts: dict[str, Any] = {
        "method": "POST", "operation_type": "add_memory", "resource_id": "m-1", "batch_size": 3,
        "status_code": 201, "duration_ms": 12.5, "client": "sdk", "ip_address": "203.0.113.7",
        "user_agent": "client/1.0", "user_id": "a1", "workspace_id": "w", "developer_id": "d",
        "api_key_id": "k", "attributes": {"plan": "pro"},
    }  # fmt: skip
    at = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    tracker.track_api_operation(
        route="v1/memory/a1", occurred_at=at, counts_against_plan=True, **facts
    )
    assert tracker.flush(10).is_done
    (row,) = ask(server.url, ONE, name="POST v1/memory/a1")
    assert row["occurredAt"] == "2026-11-20T09:30:00Z"
    assert (row["kind"], row["outcome"]) == ("API", "OK")
    assert (row["route"], row["interactionType"], row["units"]) == (
        "v1/memory/a1", "api_operation", 1,
    )  # fmt: skip
    camel = {"".join(p.title() if i else p for i, p in enumerate(n.split("_"))): n for n in facts}
    assert {name: row[key] for key, name in camel.items()} == facts


def test_a5_log_row_and_monthly_counter_are_in_step(
    server: ServerProcess, make_tracker: MakeTracker
) -> None:
    tracker = make_tracker(server.url)
    at = datetime(2026, 10, 31, 23, 59, tzinfo=UTC)
    ids = [new_id() for _ in range(20)]
    for id in ids * 3:  # whoever sends an item again counts it once
        tracker.track_api_operation(
            route="v1/a5", method="POST", operation_type="add_memory",
            id=id, occurred_at=at, user_id="a5", counts_against_plan=True,
        )  # fmt: skip
    assert tracker.flush(10).is_done
    assert len(ask(server.url, ONE, name="POST v1/a5")) == 20
    (counter,) = ask(server.url, COUNTERS, user="a5")
    assert counter == {
        "interactionType": "api_operation", "operationType": "add_memory",
        "year": 2026, "month": 10, "calls": 20, "units": 20,
    }  # fmt: skip
    stats = tracker.stats()
    assert (stats.acknowledged, stats.duplicates) == (60, 40)


def test_a6_nobody_waits_whatever_the_server_does(way: Network, make_tracker: MakeTracker) -> None:
    way.weather = SILENT
    tracker = make_tracker(way.url)
    seconds = []
    for _ in range(3_000):
        begun = time.perf_counter()
        tracker.track_api_operation(route="v1/a6", method="GET", status_code=500, error="boom")
        seconds.append(time.perf_counter() - begun)
    assert statistics.median(seconds) < 0.001, "microseconds; this machine is shared"
    assert sorted(seconds)[-30] < 0.015
    assert tracker.stats().tracked == 3_000
    way.weather = FINE
    assert tracker.flush(20).is_done


def test_a6_it_works_on_the_failure_path(server: ServerProcess, make_tracker: MakeTracker) -> None:
    tracker = make_tracker(server.url)
    tracker.track_api_operation(route="v1/a6/500", method="GET", status_code=503)
    tracker.track_api_operation(route="v1/a6/err", method="GET", status_code=404, error="gone")
    tracker.track_api_operation(route="v1/a6/404", method="GET", status_code=404)
    assert tracker.flush(10).is_done
    outcomes = [
        ask(server.url, ONE, name=f"GET v1/a6/{end}")[0]["outcome"] for end in ("500", "err", "404")
    ]
    assert outcomes == ["ERROR", "ERROR", "OK"]


def test_a7_calls_that_count_consume_the_limit(
    server: ServerProcess, make_tracker: MakeTracker
) -> None:
    tracker = make_tracker(server.url, api_key=None)
    with Client(server.url) as client:
        client.query(LIMIT, {"user": "a7"})
    assert tracker.consume("premium", 2, user_id="a7").allowed
    id = new_id()
    assert tracker.consume("premium", id=id, user_id="a7").allowed
    assert tracker.consume("premium", id=id, user_id="a7").allowed, "the same call once more"
    denied = tracker.consume("premium", user_id="a7")
    assert not denied.allowed
    assert denied.denied_by is not None
    assert (denied.denied_by.used, denied.denied_by.remaining) == (3, 0)
    assert denied.denied_by.limit == denied.denied_by.maximum == 3
    assert (denied.retry_after_seconds or 0) > 0
    assert "premium" in (denied.reason or "")


async def test_reservations(server: ServerProcess, make_tracker: MakeTracker) -> None:
    tracker = make_tracker(server.url)
    with Client(server.url) as client:
        client.query(LIMIT, {"user": "r"})
    reservation = await tracker.areserve("premium", 3, user_id="r")
    assert reservation.allowed
    assert reservation.id is not None
    assert reservation.expires_at is not None
    assert not (await tracker.areserve("premium", user_id="r")).allowed
    assert (await tracker.acommit(reservation.id, 2)).allowed
    assert (await tracker.aconsume("premium", user_id="r")).allowed
    assert not tracker.reserve("premium", user_id="r").allowed
    with pytest.raises(ServerRefusedError):
        tracker.release(new_id())


def test_who_decides_where_the_server_is_away(make_tracker: MakeTracker) -> None:
    tracker = make_tracker("http://127.0.0.1:9")
    begun = time.monotonic()
    with pytest.raises(ServerUnavailableError):
        tracker.consume("premium", timeout=0.2)
    assert time.monotonic() - begun < 2
    allowed = tracker.consume("premium", timeout=0.1, if_unavailable="allow")
    assert allowed.allowed
    assert not allowed.is_known
    assert not tracker.reserve("premium", timeout=0.1, if_unavailable="deny").allowed


def test_b1_a_chat(server: ServerProcess, make_tracker: MakeTracker) -> None:
    tracker = make_tracker(server.url, strict=True)
    with tracker.session("sitting", client="web", user_id="b1") as session:
        tracker.track_chat(
            name="b1", message="What is it?", response="A test.", email="b1@example.com",
            user_id="b1", model="small-1", input_tokens=12, output_tokens=4, duration_ms=250.0,
        )  # fmt: skip
        tracker.track_chat(name="b1-error", message="And now?", error="the model is away")
    assert tracker.flush(10).is_done
    (row,) = ask(server.url, ONE, name="b1")
    assert (row["message"], row["response"]) == ("What is it?", "A test.")
    assert row["attributes"] == {"email": "b1@example.com"}
    assert (row["inputTokens"], row["outputTokens"], row["userId"]) == (12, 4, "b1")
    assert row["sessionId"] == str(session.id)
    (failed,) = ask(server.url, ONE, name="b1-error")
    assert (failed["outcome"], failed["error"]) == ("ERROR", "the model is away")


def test_labels_of_the_tracker_and_of_the_call(
    server: ServerProcess, make_tracker: MakeTracker
) -> None:
    tracker = make_tracker(server.url)
    tracker.labels = Labels(workspace_id="everywhere", user_id="nobody")
    tracker.track_operation(kind="API", name="labels", user_id="somebody")
    assert tracker.flush(10).is_done
    (row,) = ask(server.url, ONE, name="labels")
    assert (row["workspaceId"], row["userId"]) == ("everywhere", "somebody")


def test_anything_can_stand_in_attributes(server: ServerProcess, make_tracker: MakeTracker) -> None:
    tracker = make_tracker(server.url)
    deep: dict[str, Any] = {}
    deep["self"] = deep
    odd = {
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "set": {1},
        "nan": float("nan"),
        "o": Stats,
        1: 2,
    }
    with bind(correlation_id="odd"):
        tracker.track_operation(kind="API", name="odd attributes", attributes=odd)  # type: ignore[arg-type]
        tracker.track_operation(kind="API", name="surrogate", attributes={"text": "a\ud800b"})
        tracker.track_operation(kind="API", name="endless", attributes=deep)
    assert tracker.flush(10).is_done
    assert tracker.stats().dropped == {}
    assert tracker.stats().adjusted.keys() == {"operation.attributes"}
    (row,) = ask(server.url, ONE, name="odd attributes")
    assert row["correlationId"] == "odd"
    assert row["attributes"] == {
        "at": "2026-01-01T00:00:00Z", "set": [1], "nan": None, "o": str(Stats), "1": 2,
    }  # fmt: skip
    (row,) = ask(server.url, ONE, name="surrogate")
    assert row["attributes"] == {"text": "a\ufffdb"}
    (row,) = ask(server.url, ONE, name="endless")
    level, levels = row["attributes"], 0
    while level is not None:
        level, levels = level["self"], levels + 1
    assert levels == 16


def test_a_strict_tracker_says_what_is_wrong(make_tracker: MakeTracker) -> None:
    tracker = make_tracker("http://127.0.0.1:9", strict=True)
    with pytest.raises(InvalidItemError, match="duration_ms: must be a number"):
        tracker.track_operation(kind="API", name="x", duration_ms="fast")  # type: ignore[arg-type]
    with pytest.raises(InvalidItemError, match="nonsense"):
        tracker.track_operation(kind="API", name="x", nonsense=1)  # type: ignore[call-arg]
    assert tracker.stats().tracked == 0


def test_breakers(server: ServerProcess, make_tracker: MakeTracker) -> None:
    tracker = make_tracker(server.url)
    tracker.report_breaker("subtitles", "OPEN", total_calls=10, total_failures=3, message="slow")
    assert tracker.flush(10).is_done
    document = """{
      circuitBreakers(where: {name: {eq: "subtitles"}}) { name state totalCalls failureRate }
    }"""
    with Client(server.url) as client:
        (row,) = client.query(document)["circuitBreakers"]
    assert row == {"name": "subtitles", "state": "OPEN", "totalCalls": 10, "failureRate": 0.3}


@ONCE
def test_the_server_is_told_of_drops(
    server: ServerProcess, way: Network, make_tracker: MakeTracker
) -> None:
    way.weather = SILENT
    tracker = make_tracker(way.url, queue_items=5, timeout_seconds=0.2)
    for _ in range(100):
        tracker.track_operation(kind="API", name="flood")
    dropped = tracker.stats().dropped["QUEUE_FULL"]
    assert dropped >= 85
    way.weather = FINE
    assert tracker.flush(10).is_done
    tracker.track_operation(kind="API", name="one more")
    assert tracker.flush(10).is_done
    metrics = httpx.get(f"{server.url}/metrics").text
    assert f'client_dropped_items_total{{reason="QUEUE_FULL"}} {float(dropped)}' in metrics


def test_another_version_is_said_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "VERSION", "1.2.3")
    assert versions.compare("1.2.9")
    assert versions.compare(None)
    assert versions.compare("nonsense")
    assert not caplog.records
    assert not versions.compare("1.3.0")
    assert not versions.compare("1.3.0")
    assert ["1.3.0" in record.getMessage() for record in caplog.records] == [True]


def test_the_tracker_of_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRACKSTORE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TRACKSTORE_INTERVAL_SECONDS", "7")
    before = set_tracker(None)
    try:
        tracker = get_tracker()
        assert get_tracker() is tracker
        assert tracker.settings.url == "http://127.0.0.1:9/graphql"  # type: ignore[attr-defined]
        assert tracker.settings.interval_seconds == 7  # type: ignore[attr-defined]
        assert set_tracker(before) is tracker
    finally:
        set_tracker(before)


def test_results_arrive_within_the_interval(
    server: ServerProcess, make_tracker: MakeTracker
) -> None:
    tracker = make_tracker(server.url, interval_seconds=0.05)
    tracker.track_operation(kind="API", name="soon")
    wait_until(lambda: tracker.stats().acknowledged == 1, 10)
