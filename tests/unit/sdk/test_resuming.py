"""Work that another process goes on with: a worker fails, an operator retries, a new worker resumes."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import MakeTracker
from tests.unit.sdk.network import wait_until
from tests.unit.sdk.test_requests import stored
from trackstore import (
    AsyncClient,
    Client,
    RequestHandle,
    ServerUnavailableError,
    Stage,
    Tracker,
    new_id,
)
from trackstore.delivery.delivery_stats import DeliveryStats
from trackstore.delivery.outcomes import BatchApplied
from trackstore.delivery.transport import outcome_of
from trackstore.testing import NullTracker, RecordingTracker

PLAN = [Stage(name="a"), Stage(name="b", max_attempts=2), Stage(name="c")]


@pytest.fixture
def tracker(server: ServerProcess, make_tracker: MakeTracker) -> Tracker:
    # The worker that fails.
    return make_tracker(server.url)


@pytest.fixture
def worker(server: ServerProcess, make_tracker: MakeTracker) -> Tracker:
    # The worker that goes on.
    return make_tracker(server.url)


@pytest.fixture
def client(server: ServerProcess) -> Any:
    # What reads back.
    with Client(server.url) as client:
        yield client


def fail_in_b(tracker: Tracker, correlation_id: str | None = None) -> UUID:
    # A request in the recommended style that meets an exception in its second stage.
    request = tracker.request("lesson", stages=PLAN, correlation_id=correlation_id)
    with pytest.raises(ValueError, match="no renderer"):
        make_lesson(request)
    assert tracker.flush(10).is_done
    return request.id


def make_lesson(request: RequestHandle) -> None:
    """Work that breaks in its second stage."""
    with request:
        with request.stage("a") as stage:
            stage.complete(words=840)
        with request.stage("b"):
            raise ValueError("no renderer")


def go_on(worker: Tracker, id: UUID | str) -> None:
    # What a new worker does: it leaves out what is done.
    with worker.resume(id) as request:
        for name in ("a", "b", "c"):
            if not request.is_completed(name):
                with request.stage(name) as stage:
                    stage.progress(0.5)


def check_completed(record: Any) -> None:
    # The request completed, and the attempt that failed is visible.
    assert record["status"] == "COMPLETED"
    assert [s["status"] for s in record["stages"]] == ["COMPLETED"] * 3
    assert [[a["status"] for a in s["attempts"]] for s in record["stages"]] == [
        ["COMPLETED"], ["FAILED", "COMPLETED"], ["COMPLETED"],
    ]  # fmt: skip


@pytest.mark.parametrize("way", ["stage", "request", "nobody"])
def test_e6_a_new_worker_goes_on_from_the_failed_stage(
    tracker: Tracker, worker: Tracker, client: Client, way: str
) -> None:
    id = fail_in_b(tracker, "order-7")
    status = worker.status(str(id))
    assert status is not None
    assert (status.status, status.error_stage, status.correlation_id) == ("FAILED", "b", "order-7")
    if way == "stage":
        retry = worker.retry_stage(str(id), "b")
        assert (bool(retry), retry.stage, retry.attempt) == (True, "b", 2)
    elif way == "request":
        assert worker.retry_request(id)
    go_on(worker, str(id))
    record = stored(worker, client, id)
    check_completed(record)
    stats = worker.stats()
    assert (stats.duplicates, stats.dropped_total) == (0, 0)


FAIL = """mutation ($id: UUID!) {
  failStage(input: {requestId: $id, stage: "b", message: "again"}) { status } }"""


@pytest.mark.parametrize("way", ["stage", "request"])
def test_a_retry_whose_answer_was_lost_opens_one_attempt(
    tracker: Tracker, worker: Tracker, client: Client, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client repeats it when the attempt that it began has failed already."""
    id = fail_in_b(tracker)
    send = Client._try
    sent: list[bytes] = []

    def lose_first_answer(self: Client, body: bytes, seconds: float) -> Any:
        data = send(self, body, seconds)
        if b"mutation Retry" in body:
            sent.append(body)
            if len(sent) == 1:
                client.query(FAIL, {"id": str(id)})
                raise ServerUnavailableError("the answer was lost")
        return data

    with monkeypatch.context() as patched:
        patched.setattr(Client, "_try", lose_first_answer)
        if way == "stage":
            worker.retry_stage(id, "b", force=True)
        else:
            worker.retry_request(id, force=True)
    assert len(sent) == 2
    status = worker.status(id)
    assert status is not None
    stage = status.stage("b")
    assert stage is not None
    assert (stage.status, stage.attempt) == ("FAILED", 2)


async def test_e6_the_same_in_asyncio(tracker: Tracker, worker: Tracker, client: Client) -> None:
    id = await asyncio.to_thread(fail_in_b, tracker)
    assert await worker.aretry_stage(id, "b")
    async with worker.resume(id) as request:
        async with request.stage("b") as stage:
            assert stage.attempt == 2
        async for attempt in request.attempts("c"):
            async with attempt:
                pass
    record = await asyncio.to_thread(stored, worker, client, id)
    check_completed(record)
    assert await worker.aretry_request(id) == worker.retry_request(id)
    refused = await worker.aretry_stage(id, "b", force=True)
    assert not refused
    assert "final" in str(refused.message)


def test_a_stage_alone_can_be_resumed(tracker: Tracker, worker: Tracker, client: Client) -> None:
    id = fail_in_b(tracker)
    with worker.resume(id).stage("b") as stage:
        assert stage.attempt == 2
    record = stored(worker, client, id)
    assert (record["status"], record["stages"][1]["status"]) == ("RUNNING", "COMPLETED")
    assert [a["status"] for a in record["stages"][1]["attempts"]] == ["FAILED", "COMPLETED"]


def test_the_second_attempt_may_fail_as_well(
    tracker: Tracker, worker: Tracker, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    id = fail_in_b(tracker)
    with pytest.raises(ValueError, match="again"), worker.resume(id) as request, request.stage("b"):
        raise ValueError("again")
    assert worker.flush(10).is_done
    refused = worker.retry_request(id)
    assert not refused
    assert refused.message == "stage 'b' has failed in all of its 2 attempts"
    # Nobody may go on now: it is said before the work, and every refusal is counted.
    with worker.resume(id).stage("b"):
        pass
    assert worker.flush(10).is_done
    assert "may not be retried (attempt 2 of 2)" in caplog.text
    assert worker.stats().dropped == {"INVALID_TRANSITION": 1}
    assert stored(tracker, client, id)["status"] == "FAILED"
    assert worker.retry_request(id, force=True)
    go_on(worker, id)
    assert worker.flush(10).is_done
    assert stored(tracker, client, id)["status"] == "COMPLETED"


def test_what_has_completed_is_said_before_the_work(
    tracker: Tracker, worker: Tracker, caplog: pytest.LogCaptureFixture
) -> None:
    id = fail_in_b(tracker)
    request = worker.resume(id)
    assert (request.is_completed("a"), request.is_completed("b")) == (True, False)
    with request.stage("a"):
        pass
    assert "stage 'a' of request" in caplog.text
    assert "has completed in attempt 1" in caplog.text


def test_the_correlation_id_is_that_of_the_request(tracker: Tracker, worker: Tracker) -> None:
    id = fail_in_b(tracker, "order-9")
    with worker.resume(id) as request, request.stage("b"):
        worker.track_operation(kind="API", name="render")
    assert request.correlation_id == "order-9"
    assert worker.resume(id, "mine").correlation_id == "mine"


def test_e5_the_status_has_what_was_tracked_a_moment_ago(tracker: Tracker) -> None:
    attributes = {"topic": "light", "grade": 10}
    with tracker.request("lesson", stages=PLAN, attributes=attributes, user_id="ana") as request:
        with request.stage("a"):
            pass
        with request.stage("b") as stage:
            stage.progress(done=1, total=2)
            status = tracker.status(request.id)
    assert status is not None
    assert (status.status, status.current_stage, status.error_stage) == ("RUNNING", "b", None)
    assert (status.attributes, status.user_id) == (attributes, "ana")
    assert status.progress == pytest.approx(0.5)
    b = status.stage("b")
    assert b is not None
    assert (b.attempt, b.max_attempts, b.done, b.total, len(b.attempts)) == (1, 2, 1, 2, 1)
    assert status.stage("unknown") is None
    assert tracker.status(new_id()) is None
    assert tracker.status("no such correlation id") is None


async def test_e5_in_asyncio_and_by_correlation_id(tracker: Tracker) -> None:
    id = await asyncio.to_thread(fail_in_b, tracker, "order-11")
    status = await tracker.astatus("order-11")
    assert status is not None
    assert status.uuid == id
    assert status.error is not None
    assert status.error.message == "no renderer"


def test_a_server_that_is_away_decides_later(
    server: ServerProcess, tracker: Tracker, make_tracker: MakeTracker, client: Client
) -> None:
    id = fail_in_b(tracker)
    offline = make_tracker("http://127.0.0.1:9/graphql", timeout_seconds=0.3)
    request = offline.resume(id)
    request._sink = recorded = RecordingTracker()
    with request.stage("b") as stage:
        stage.progress(0.5)
    with make_tracker(server.url) as later:
        for entry in recorded.entries:
            later.record(entry)
    record = stored(tracker, client, id)
    assert [a["status"] for a in record["stages"][1]["attempts"]] == ["FAILED", "COMPLETED"]


@pytest.mark.parametrize("id", ["lesson-7", "", "01a2", 7])
def test_what_is_no_id_is_said_at_once(tracker: Tracker, id: Any) -> None:
    for call in (tracker.resume, tracker.retry_request, NullTracker().resume):
        with pytest.raises(ValueError, match="is not the id of a request"):
            call(id)


def test_a_worker_that_is_late_starts_nothing(
    tracker: Tracker, worker: Tracker, client: Client
) -> None:
    request = tracker.request("lesson", stages=PLAN)
    request.start()
    late = request.stage("a")
    late.start()
    with pytest.raises(ValueError, match="x"), request.stage("b"):
        raise ValueError("x")
    request.fail("x")
    assert tracker.flush(10).is_done
    assert worker.retry_stage(request.id, "b")
    # Its client asks whether the request was cancelled, for the attempt that it speaks of.
    late.progress(0.9)
    late.complete()
    assert tracker.flush(10).is_done
    wait_until(lambda: tracker.stats().duplicates == 2)
    record = stored(tracker, client, request.id)
    a = record["stages"][0]
    assert (a["status"], [t["status"] for t in a["attempts"]]) == ("PENDING", ["CANCELLED"])
    assert not request.cancel_requested


def test_values_over_the_limit_are_counted(tracker: Tracker, client: Client) -> None:
    with tracker.request("lesson", stages=["a"]) as request, request.stage("a") as stage:
        stage.complete(text="x" * 70_000)
    record = stored(tracker, client, request.id)
    assert (record["status"], record["stages"][0]["status"]) == ("COMPLETED", "COMPLETED")
    stats = tracker.stats()
    assert stats.truncated + sum(stats.adjusted.values()) > 0


def test_what_the_server_cut_is_counted_once_it_says_so() -> None:
    for field in ("ingest", "trackOperations"):
        answer = {"data": {field: {"results": [], "truncated": 2}}}
        outcome = outcome_of(httpx.Response(200, json=answer))
        assert isinstance(outcome, BatchApplied)
        assert outcome.truncated == 2
    delivery_stats = DeliveryStats()
    delivery_stats.truncate(2)
    delivery_stats.truncate(1)
    assert delivery_stats.truncated == 3


async def test_who_watches_sees_the_request_run_again(
    server: ServerProcess, tracker: Tracker, worker: Tracker
) -> None:
    id = await asyncio.to_thread(fail_in_b, tracker)
    async with AsyncClient(server.url) as watcher:
        seen = [progress async for progress in watcher.watch(id, after_seq=0)]
        assert seen[-1].event is not None
        assert seen[-1].event.type == "request.failed"
        await asyncio.to_thread(go_on, worker, id)
        await asyncio.to_thread(worker.flush, 10)
        after = [progress async for progress in watcher.watch(id, after_seq=seen[-1].seq)]
    types = [progress.event.type for progress in after if progress.event is not None]
    assert types[0] == "request.reopened"
    assert types[-1] == "request.completed"
