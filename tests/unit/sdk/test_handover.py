"""Work that goes from process to process within moments, as the tasks of a queue do.

The trackers send nothing by themselves, so that only what waits for the server can be known.
"""

import asyncio
import threading
import time
from typing import Any
from uuid import UUID

import pytest

from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import MakeTracker
from trackstore import Client, EventBus, Stage, Tracker
from trackstore.errors import InvalidItemError
from trackstore.publishing import PublishingTracker
from trackstore.testing import RecordingTracker

PLAN = [Stage(name="a"), Stage(name="b"), Stage(name="c")]
REQUEST = """query ($id: UUID!) { request(id: $id) {
  status stages { status attempts { status } } events(first: 100) { nodes { type } } } }"""


@pytest.fixture
def workers(server: ServerProcess, make_tracker: MakeTracker) -> list[Tracker]:
    # Processes that report a minute late unless somebody waits for it.
    return [make_tracker(server.url, interval_seconds=60) for _ in range(4)]


@pytest.fixture
def id(workers: list[Tracker]) -> UUID:
    # A request that was created a moment ago.
    request = workers[0].request("lesson", stages=PLAN)
    assert workers[0].flush(10).is_done
    return request.id


def check_completed(server: ServerProcess, id: UUID, workers: list[Tracker]) -> None:
    """All work is there, in the attempts in which it was done."""
    with Client(server.url) as client:
        request = client.query(REQUEST, {"id": id})["request"]
    assert request["status"] == "COMPLETED"
    assert [[a["status"] for a in stage["attempts"]] for stage in request["stages"]] == [
        ["COMPLETED"], ["FAILED", "COMPLETED"], ["COMPLETED"],
    ]  # fmt: skip
    types = [event["type"] for event in request["events"]["nodes"]]
    assert not {"stage.cancelled", "stage.skipped"} & set(types[types.index("stage.retried") :])
    assert [(w.stats().duplicates, w.stats().dropped_total) for w in workers] == [(0, 0)] * 4


def make_lesson(worker: Tracker, id: UUID, failing: str | None = None) -> None:
    """Do what is not done yet."""
    with worker.resume(id) as request:
        for name in ("a", "b", "c"):
            if not request.is_completed(name):
                with request.stage(name):
                    if name == failing:
                        raise TimeoutError("the renderer did not answer")


def test_a_task_per_stage(server: ServerProcess, workers: list[Tracker], id: UUID) -> None:
    with workers[0].resume(id).stage("a") as stage:
        stage.progress(0.5)
    request = workers[1].resume(str(id))
    assert request.is_completed("a")
    with pytest.raises(TimeoutError), request.stage("b"):
        raise TimeoutError("the renderer did not answer")
    with workers[2].resume(id).stage("b") as stage:
        assert stage.attempt == 2
    last = workers[3].resume(id)
    with last.stage("c"):
        pass
    last.complete(words=840)
    check_completed(server, id, workers)


def test_a_task_for_all_stages(server: ServerProcess, workers: list[Tracker], id: UUID) -> None:
    with pytest.raises(TimeoutError):
        make_lesson(workers[0], id, failing="b")
    make_lesson(workers[1], id)
    check_completed(server, id, workers)


async def test_tasks_of_asyncio(server: ServerProcess, workers: list[Tracker], id: UUID) -> None:
    async with workers[0].resume(id).stage("a"):
        pass
    with pytest.raises(TimeoutError):
        async with workers[1].resume(id) as request, request.stage("b"):
            raise TimeoutError("the renderer did not answer")
    async with workers[2].resume(id) as request:
        assert await asyncio.to_thread(request.is_completed, "a")
        async with request.stage("b") as stage:
            assert stage.attempt == 2
        async with request.stage("c"):
            pass
    await asyncio.to_thread(check_completed, server, id, workers)


@pytest.mark.parametrize("end", ["complete", "fail", "cancel"])
def test_an_end_without_a_block(workers: list[Tracker], id: UUID, end: str) -> None:
    request = workers[0].resume(id)
    stage = request.stage("a")
    stage.start()
    stage.complete()
    status = workers[1].status(id)
    assert status is not None
    assert [s.status for s in status.stages] == ["COMPLETED", "PENDING", "PENDING"]
    getattr(request, end)(*(["no renderer"] if end == "fail" else []))
    status = workers[1].status(id)
    assert status is not None
    expected = {"complete": "COMPLETED", "fail": "FAILED", "cancel": "CANCELLED"}
    assert status.status == expected[end]


def test_a_request_that_its_creator_has_not_sent_yet(workers: list[Tracker]) -> None:
    request = workers[0].request("lesson", stages=PLAN, correlation_id="order-7")
    sending = threading.Timer(0.5, workers[0].flush)
    sending.start()
    with workers[1].resume(request.id) as resumed, resumed.stage("a"):
        assert resumed.correlation_id == "order-7"
    sending.join()
    assert (workers[1].stats().duplicates, workers[1].stats().dropped_total) == (0, 0)


def test_a_server_that_is_away_is_said_in_time(
    make_tracker: MakeTracker, caplog: pytest.LogCaptureFixture
) -> None:
    away = make_tracker("http://127.0.0.1:9/graphql", timeout_seconds=0.3)
    request = RecordingTracker().request("lesson")
    begun = time.monotonic()
    with away.resume(request.id) as resumed, resumed.stage("a"):
        pass
    assert time.monotonic() - begun < 12
    assert "4 reports have not reached the server yet" in caplog.text
    assert away.stats().queued == 4


async def test_the_event_loop_is_not_blocked(make_tracker: MakeTracker) -> None:
    away = make_tracker("http://127.0.0.1:9/graphql", timeout_seconds=0.3)
    resumed = away.resume(RecordingTracker().request("lesson").id)
    await asyncio.to_thread(resumed.learn)
    begun = time.monotonic()
    resumed.complete()
    assert time.monotonic() - begun < 0.2


def test_an_announcing_tracker_asks_as_its_inner_one_does(workers: list[Tracker], id: UUID) -> None:
    tracker = PublishingTracker(workers[0], EventBus())
    with pytest.raises(ValueError, match="no"), tracker.resume(id) as request, request.stage("a"):
        raise ValueError("no")
    status = tracker.status(id)
    assert status is not None
    assert status.error_stage == "a"
    assert tracker.retry_stage(id, "a").attempt == 2
    refused = tracker.retry_stage(id, "b")
    assert not refused
    assert tracker.retry_request(id)


def test_units_are_committed_by_the_answer_of_reserve(workers: list[Tracker]) -> None:
    tracker = workers[0]
    for reservation in (tracker.reserve("tokens", 9), RecordingTracker().reserve("tokens", 9)):
        assert reservation.allowed
    first, second, third = (tracker.reserve("tokens", 9) for _ in range(3))
    assert tracker.commit(first, 4).units == 4
    assert tracker.commit(str(second.id), 4).units == 4
    assert tracker.release(third).allowed


@pytest.mark.parametrize("kind", ["id", "denied", "away"])
def test_what_set_nothing_aside_cannot_be_committed(make_tracker: MakeTracker, kind: str) -> None:
    away = make_tracker("http://127.0.0.1:9/graphql", timeout_seconds=0.3)
    reservation: Any
    reservation, message = {
        "id": ("tokens", "is not the id of units that were set aside"),
        "denied": (RecordingTracker(limits={"t": 0}).reserve("t"), "it was denied"),
        "away": (away.reserve("t", timeout=0.3, if_unavailable="allow"), r"with consume\(\)"),
    }[kind]
    for tracker in (away, RecordingTracker(), PublishingTracker(away, EventBus())):
        with pytest.raises(InvalidItemError, match=message):
            tracker.commit(reservation, 4)
        with pytest.raises(InvalidItemError, match=message):
            tracker.release(reservation)
