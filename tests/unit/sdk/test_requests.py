"""Requests as ``with`` blocks, held against what stands in the store."""

import asyncio
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import MakeTracker
from tests.unit.sdk.network import wait_until
from trackstore import Client, RequestCancelledError, Stage, Tracker, bind, current

REQUEST = """query ($id: UUID!) {
  request(id: $id) {
    type title status progress correlationId attributes result errorStage currentStage userId
    error { message details }
    stages { name weight maxAttempts status output error errorMessage retryable
      attempts { attempt status errorMessage } }
    events(first: 100) { nodes { seq type stage attempt severity message data } }
    operations(first: 10) { nodes { name stage correlationId } }
  }
}"""
CANCEL = """mutation ($id: UUID!) { cancelRequest(input: {requestId: $id, reason: "enough"}) { status } }"""
STAGES = (
    "validation", "rag_retrieval", "script_generation",
    "video_generation", "video_processing", "notification",
)  # fmt: skip


@pytest.fixture
def tracker(server: ServerProcess, make_tracker: MakeTracker) -> Tracker:
    return make_tracker(server.url, strict=True)


@pytest.fixture
def client(server: ServerProcess) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


def stored(tracker: Tracker, client: Client, id: UUID) -> Any:
    # The request as the server has it, after everything has arrived.
    assert tracker.flush(10).is_done
    assert not tracker.stats().dropped, tracker.stats()
    return client.query(REQUEST, {"id": id})["request"]


def types(request: Any) -> list[str]:
    assert [event["seq"] for event in request["events"]["nodes"]] == list(
        range(1, len(request["events"]["nodes"]) + 1)
    )
    return [event["type"] for event in request["events"]["nodes"]]


def test_e1_e2_e4_a_lesson_from_the_topic_to_the_video(tracker: Tracker, client: Client) -> None:
    facts = {"student": "ana", "topic": "Fractions", "grade": 5, "duration": 90}
    with tracker.request(
        "lesson", stages=STAGES, title="Fractions", attributes=facts, user_id="ana"
    ) as request:
        for name in STAGES:
            with request.stage(name) as stage:
                if name == "video_generation":
                    stage.progress(done=4, total=10, message="rendering")
                    stage.log("render.polled", severity="DEBUG", percent=40)
                stage.output["name"] = name
        request.log("note", "all done", severity="INFO", videos=1)
        request.result["video_url"] = "https://example.com/v.mp4"
    record = stored(tracker, client, request.id)
    assert (record["status"], record["progress"], record["title"]) == (
        "COMPLETED",
        1.0,
        "Fractions",
    )
    assert record["attributes"] == facts
    assert record["userId"] == "ana"
    assert record["correlationId"] == str(request.id) == request.correlation_id
    assert record["result"] == {"video_url": "https://example.com/v.mp4"}
    assert [(s["name"], s["status"], s["output"]) for s in record["stages"]] == [
        (name, "COMPLETED", {"name": name}) for name in STAGES
    ]
    assert types(record) == [
        "request.created", "request.started",
        *["stage.started", "stage.completed"] * 3,
        "stage.started", "stage.progressed", "render.polled", "stage.completed",
        *["stage.started", "stage.completed"] * 2,
        "note", "request.completed",
    ]  # fmt: skip
    polled = record["events"]["nodes"][10]
    assert (polled["stage"], polled["severity"], polled["data"]) == (
        "video_generation",
        "DEBUG",
        {"percent": 40},
    )


def test_e3_an_exception_fails_the_stage_and_goes_on(tracker: Tracker, client: Client) -> None:
    with pytest.raises(LookupError, match="no such page"):
        with tracker.request("lesson", stages=["validation"]) as request:
            with request.stage("validation"):
                raise LookupError("no such page")
    record = stored(tracker, client, request.id)
    assert record["status"] == "FAILED"
    assert record["errorStage"] == "validation"
    (stage,) = record["stages"]
    assert (stage["status"], stage["errorMessage"]) == ("FAILED", "no such page")
    assert stage["error"]["type"] == "LookupError"
    assert "raise LookupError" in stage["error"]["traceback"]
    assert record["error"]["message"] == "no such page"
    assert current().request_id is None


async def test_e3_the_same_in_asyncio(tracker: Tracker, client: Client) -> None:
    async def one(number: int) -> UUID:
        async with tracker.request("lesson", stages=["a", "b"]) as request:
            async with request.stage("a"):
                await asyncio.sleep(0.001)
                tracker.track_operation(kind="TOOL", name=f"read-{number}")
            with pytest.raises(TimeoutError):
                async with request.stage("b"):
                    await asyncio.sleep(0.001)
                    raise TimeoutError
            return request.id

    ids = await asyncio.gather(*(one(number) for number in range(5)))
    for number, id in enumerate(ids):
        record = await asyncio.to_thread(stored, tracker, client, id)
        (operation,) = record["operations"]["nodes"]
        assert operation == {"name": f"read-{number}", "stage": "a", "correlationId": str(id)}
        assert record["stages"][1]["errorMessage"] == "TimeoutError"
        assert record["status"] == "COMPLETED"


def test_e6_a_stage_is_tried_again(tracker: Tracker, client: Client) -> None:
    with tracker.request("lesson", stages=[Stage(name="video", max_attempts=3)]) as request:
        for stage in request.attempts("video", delay_seconds=0.001):
            with stage:
                if stage.attempt < 3:
                    raise ConnectionError(f"try {stage.attempt}")
    record = stored(tracker, client, request.id)
    assert record["status"] == "COMPLETED"
    assert record["stages"][0]["attempts"] == [
        {"attempt": 1, "status": "FAILED", "errorMessage": "try 1"},
        {"attempt": 2, "status": "FAILED", "errorMessage": "try 2"},
        {"attempt": 3, "status": "COMPLETED", "errorMessage": None},
    ]


async def test_e6_until_no_attempt_is_left(tracker: Tracker, client: Client) -> None:
    plan = [Stage(name="video", max_attempts=2)]
    with pytest.raises(ConnectionError, match="try 2"):
        async with tracker.request("lesson", stages=plan) as request:
            async for stage in request.attempts("video"):
                async with stage:
                    raise ConnectionError(f"try {stage.attempt}")
    with pytest.raises(ValueError, match="never"):
        async with tracker.request("lesson", stages=plan) as hopeless:
            async for stage in hopeless.attempts("video"):
                async with stage:
                    stage.retryable = False
                    raise ValueError("never")
    record = await asyncio.to_thread(stored, tracker, client, request.id)
    assert [a["status"] for a in record["stages"][0]["attempts"]] == ["FAILED", "FAILED"]
    assert record["status"] == "FAILED"
    record = await asyncio.to_thread(stored, tracker, client, hopeless.id)
    assert len(record["stages"][0]["attempts"]) == 1
    assert record["stages"][0]["retryable"] is False


def test_work_that_another_process_goes_on_with(
    server: ServerProcess, make_tracker: MakeTracker, client: Client
) -> None:
    front, worker = make_tracker(server.url), make_tracker(server.url)
    request = front.request("lesson", stages=[Stage(name="video")], correlation_id="order-7")
    assert front.flush(10).is_done
    with worker.resume(request.id, request.correlation_id) as resumed:
        with pytest.raises(ValueError, match="x"), resumed.stage("video"):
            raise ValueError("x")
    # It failed for good, so a third one that takes it up again changes nothing.
    record = stored(worker, client, request.id)
    assert (record["status"], record["correlationId"]) == ("COMPLETED", "order-7")
    again = front.request("lesson", stages=[Stage(name="video")])
    with pytest.raises(ValueError, match="y"), again.stage("video"):
        raise ValueError("y")
    assert front.flush(10).is_done
    with worker.resume(again.id) as resumed, resumed.stage("video", attempt=2):
        pass
    record = stored(worker, client, again.id)
    assert [a["status"] for a in record["stages"][0]["attempts"]] == ["FAILED", "COMPLETED"]


def test_a_request_that_is_called_off(tracker: Tracker, client: Client) -> None:
    with (
        pytest.raises(RequestCancelledError),
        tracker.request("lesson", stages=["video"]) as request,
        request.stage("video") as stage,
    ):
        stage.progress(0.1)
        assert tracker.flush(10).is_done
        assert not request.cancel_requested
        client.query(CANCEL, {"id": request.id})

        def learned() -> bool:
            stage.progress(0.2)
            return stage.cancel_requested

        wait_until(learned, 10)
        stage.raise_if_cancelled()
    record = stored(tracker, client, request.id)
    assert record["status"] == "CANCELLED"


def test_what_is_not_in_a_block(tracker: Tracker, client: Client) -> None:
    request = tracker.request("lesson", stages=["a"])
    request.start()
    stage = request.stage("a")
    stage.start()
    stage.complete(words=3)
    request.fail("nobody wants it", details={"asked": 0})
    record = stored(tracker, client, request.id)
    assert record["stages"][0]["output"] == {"words": 3}
    assert record["error"] == {"message": "nobody wants it", "details": {"asked": 0}}
    other = tracker.request("lesson")
    other.cancel("changed my mind")
    assert stored(tracker, client, other.id)["status"] == "CANCELLED"


def test_an_exception_that_cannot_be_shown(tracker: Tracker, client: Client) -> None:
    class Awkward(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no")

    with pytest.raises(Awkward), tracker.request("lesson") as request:
        raise Awkward
    assert stored(tracker, client, request.id)["error"]["message"] == "Awkward"


def test_e8_what_is_inside_is_tied_together(tracker: Tracker, client: Client) -> None:
    with bind(correlation_id="order-9"), tracker.request("lesson") as request:
        assert current().correlation_id == "order-9"
        tracker.track_operation(kind="TOOL", name="outer")
        with request.stage("a"):
            tracker.track_chat(message="hi")
        tracker.track_operation(kind="TOOL", name="free", request_id=None, correlation_id="mine")
    record = stored(tracker, client, request.id)
    assert record["correlationId"] == "order-9"
    ties = {o["name"]: (o["stage"], o["correlationId"]) for o in record["operations"]["nodes"]}
    assert ties == {
        "outer": (None, "order-9"),
        "chat": ("a", "order-9"),
        "free": (None, "mine"),
    }
