"""E: a content pipeline whose operators watch every request: its life from creation to the end."""

from datetime import UTC, datetime

import pytest

from store.ids import new_id
from tests.acceptance.documents import (
    COMPLETE_REQUEST,
    COMPLETE_STAGE,
    CREATE_REQUEST,
    FAIL_REQUEST,
    FAIL_STAGE,
    LOG_EVENT,
    PROGRESS_STAGE,
    REQUEST_BY_ID,
    RETRY_STAGE,
    START_REQUEST,
    START_STAGE,
)
from tests.support.api import Api, Json

STAGES = (
    "validation", "rag_retrieval", "script_generation", "video_generation", "video_processing",
    "notification",
)  # fmt: skip
LABELS = {
    "organizationId": "school_1",
    "namespaceId": "ns",
    "workspaceId": "ws",
    "userId": "student_8",
    "developerId": "dev",
    "apiKeyId": "key",
    "companyId": "company",
    "subscriptionId": "sub",
}
ATTRIBUTES = {
    "student": {"id": "student_8", "name": "Zoë"},
    "topic": "photosynthesis",
    "learning_objective": "explain the light reaction",
    "grade": 9,
    "duration_seconds": 120,
    "tags": ["biology", "video"],
}


def lesson(**changes: object) -> Json:
    """A video lesson to be made, with everything its pipeline knows of it."""
    return {
        "id": str(new_id()),
        "type": "video_lesson",
        "title": "Photosynthesis, grade 9",
        "correlationId": "corr-77",
        "labels": LABELS,
        "attributes": ATTRIBUTES,
        "stages": [
            {"name": name, "weight": weight, "maxAttempts": 3}
            for name, weight in zip(STAGES, (1, 1, 2, 4, 1, 1), strict=True)
        ],
        **changes,
    }


class Pipeline:
    """One request and the commands to it."""

    def __init__(self, api: Api, id: str) -> None:
        self.api = api
        self.id = id

    async def send(self, document: str, **said: object) -> Json:
        """Send a command and give its payload."""
        (payload,) = (await self.api(document, {"input": {"requestId": self.id, **said}})).values()
        answer: Json = payload
        return answer

    async def refused(self, document: str, **said: object) -> tuple[str | None, str]:
        """Send a command that must be refused, and give code and message."""
        refusal = await self.api.refused(document, {"input": {"requestId": self.id, **said}})
        return refusal.code, refusal.message

    async def start(self) -> Json:
        answer: Json = (await self.api(START_REQUEST, {"id": self.id}))["startRequest"]
        return answer

    async def retry(self, stage: str) -> Json:
        said = {"requestId": self.id, "stage": stage}
        answer: Json = (await self.api(RETRY_STAGE, said))["retryStage"]
        return answer

    async def read(self) -> Json:
        found: Json = (await self.api(REQUEST_BY_ID, {"id": self.id}))["request"]
        return found

    async def log(self) -> list[tuple[int, str, str | None]]:
        """Number, type and stage of every event."""
        events = (await self.read())["events"]["nodes"]
        return [(e["seq"], e["type"], e["stage"]) for e in events]


@pytest.fixture
async def pipeline(api: Api) -> Pipeline:
    """A lesson that was created and started."""
    said = lesson()
    await api(CREATE_REQUEST, {"input": said})
    made = Pipeline(api, said["id"])
    await made.start()
    return made


async def test_e1_a_request_is_created_with_everything_known_of_it(api: Api) -> None:
    said = lesson()
    before = datetime.now(UTC)
    created = (await api(CREATE_REQUEST, {"input": said}))["createRequest"]
    request = created["request"]
    assert (created["status"], request["uuid"]) == ("ACCEPTED", said["id"])
    expected = LABELS | {
        "correlationId": "corr-77",
        "type": "video_lesson",
        "title": "Photosynthesis, grade 9",
        "attributes": ATTRIBUTES,
        "status": "PENDING",
        "progress": 0,
        "lastSeq": 1,
    }
    assert {name: request[name] for name in expected} == expected
    assert before <= datetime.fromisoformat(request["createdAt"]) <= datetime.now(UTC)
    empty = (
        "currentStage",
        "result",
        "errorStage",
        "cancelReason",
        "startedAt",
        "endedAt",
        "error",
    )
    assert [request[name] for name in (*empty, "durationMs")] == [None] * 8
    assert [(s["name"], s["position"], s["weight"], s["maxAttempts"], s["status"], s["attempt"])
            for s in request["stages"]] == [
        (name, i, weight, 3, "PENDING", 0)
        for i, (name, weight) in enumerate(zip(STAGES, (1, 1, 2, 4, 1, 1), strict=True))
    ]  # fmt: skip
    (event,) = request["events"]["nodes"]
    assert (event["seq"], event["type"], event["severity"]) == (1, "request.created", "INFO")

    again = (await api(CREATE_REQUEST, {"input": said | {"title": "changed"}}))["createRequest"]
    assert again == {"status": "DUPLICATE", "request": request}
    by_correlation = """query ($id: String) { request(correlationId: $id) { uuid } }"""
    assert await api(by_correlation, {"id": "corr-77"}) == {"request": {"uuid": said["id"]}}


async def test_e1_ids_come_back_where_the_caller_chose_none(api: Api) -> None:
    created = (await api(CREATE_REQUEST, {"input": {"type": "t"}}))["createRequest"]["request"]
    assert created["correlationId"] == created["uuid"]
    assert created["stages"] == []
    started = (await api(START_REQUEST, {"id": created["uuid"]}))["startRequest"]
    assert (started["status"], started["request"]["status"]) == ("ACCEPTED", "RUNNING")
    assert started["request"]["startedAt"] is not None
    again = (await api(START_REQUEST, {"id": created["uuid"]}))["startRequest"]
    assert again == started | {"status": "DUPLICATE"}


async def test_e1_events_of_every_severity_are_logged(pipeline: Pipeline) -> None:
    severities = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
    for number, severity in enumerate(severities, start=3):
        said = {
            "type": f"moderation.{severity.lower()}",
            "severity": severity,
            "stage": "script_generation",
            "message": f"checked twice — {severity}",
            "data": {"words": number, "flags": ["a"], "nested": {"ok": True, "x": None}},
            "eventId": str(new_id()),
            "occurredAt": "2026-06-01T08:00:00.5Z",
        }
        logged = await pipeline.send(LOG_EVENT, **said)
        event = logged["event"]
        assert (logged["status"], event["seq"]) == ("ACCEPTED", number)
        assert event["uuid"] == said["eventId"]
        for name in ("type", "severity", "stage", "message", "data"):
            assert event[name] == said[name]
        assert event["occurredAt"] == "2026-06-01T08:00:00.500000Z"
        repeat = await pipeline.send(LOG_EVENT, **said | {"message": "changed"})
        assert repeat == logged | {"status": "DUPLICATE"}
    events = (await pipeline.read())["events"]
    assert events["totalCount"] == 7
    assert [e["severity"] for e in events["nodes"][2:]] == list(severities)


async def test_e2_stages_run_report_complete_and_fail(pipeline: Pipeline) -> None:
    for name in STAGES[:3]:
        started = await pipeline.send(START_STAGE, stage=name)
        assert (started["status"], started["stage"]["status"]) == ("ACCEPTED", "RUNNING")
        assert (started["stage"]["attempt"], started["stage"]["endedAt"]) == (1, None)
        output = {"chunks": [1, 2.5, "drei"], "of": name}
        done = await pipeline.send(COMPLETE_STAGE, stage=name, output=output)
        assert (done["status"], done["stage"]["status"]) == ("ACCEPTED", "COMPLETED")
        assert (done["stage"]["output"], done["stage"]["progress"]) == (output, 1)
        assert done["stage"]["durationMs"] >= 0
        again = await pipeline.send(COMPLETE_STAGE, stage=name, output={"late": True})
        assert again == done | {"status": "DUPLICATE"}
    assert (await pipeline.read())["progress"] == 0.4  # weights 1 + 1 + 2 of 10

    await pipeline.send(START_STAGE, stage="video_generation")
    details = {"type": "TimeoutError", "traceback": ["a.py:1", "b.py:2"]}
    failed = await pipeline.send(
        FAIL_STAGE, stage="video_generation", message="the renderer hung", details=details,
        retryable=False,
    )  # fmt: skip
    stage = failed["stage"]
    assert (stage["status"], stage["errorMessage"], stage["error"], stage["retryable"]) == (
        "FAILED", "the renderer hung", details, False,
    )  # fmt: skip
    assert failed["request"]["status"] == "RUNNING"
    request = await pipeline.read()
    assert (request["errorStage"], request["currentStage"]) == ("video_generation", None)
    (event,) = (e for e in request["events"]["nodes"] if e["type"] == "stage.failed")
    assert (event["severity"], event["stage"], event["attempt"]) == ("ERROR", stage["name"], 1)
    assert (event["message"], event["data"]) == ("the renderer hung", details)


async def test_e2_a_polled_job_reports_its_progress(pipeline: Pipeline) -> None:
    for name in STAGES[:3]:
        await pipeline.send(START_STAGE, stage=name)
        await pipeline.send(COMPLETE_STAGE, stage=name)
    await pipeline.send(START_STAGE, stage="video_generation")
    polled = await pipeline.send(
        PROGRESS_STAGE, stage="video_generation", fraction=0.4, message="rendering",
        data={"job": "r-1"},
    )  # fmt: skip
    assert (polled["status"], polled["cancelRequested"]) == ("ACCEPTED", False)
    assert (polled["stage"]["progress"], polled["stage"]["message"]) == (0.4, "rendering")
    assert polled["request"]["progress"] == pytest.approx(0.56)  # 4 of 10, and 0.4 of 4 more
    counted = await pipeline.send(PROGRESS_STAGE, stage="video_generation", done=30, total=40)
    stage = counted["stage"]
    assert (stage["progress"], stage["done"], stage["total"]) == (0.75, 30, 40)
    last = (await pipeline.read())["lastSeq"]
    beat = await pipeline.send(PROGRESS_STAGE, stage="video_generation")
    assert beat["stage"]["lastHeartbeatAt"] > stage["lastHeartbeatAt"]
    request = await pipeline.read()
    assert request["lastSeq"] == last  # a heartbeat is no event
    assert request["currentStage"] == "video_generation"
    first, second = [e for e in request["events"]["nodes"] if e["type"] == "stage.progressed"]
    assert first["data"] == {"progress": 0.4, "job": "r-1"}
    assert second["data"] == {"progress": 0.75, "done": 30, "total": 40}


async def test_e2_a_stage_that_was_not_planned_is_added(pipeline: Pipeline) -> None:
    added = (await pipeline.send(START_STAGE, stage="subtitles"))["stage"]
    assert (added["status"], added["position"], added["maxAttempts"]) == ("RUNNING", 6, 3)


async def test_e4_a_request_is_completed_with_its_results(pipeline: Pipeline) -> None:
    for name in STAGES[:5]:
        await pipeline.send(START_STAGE, stage=name)
        await pipeline.send(COMPLETE_STAGE, stage=name)
    result = {
        "video_url": "https://cdn.example.com/v/1.mp4",
        "script_text": "Light falls on a leaf …",
        "thumbnail_url": "https://cdn.example.com/t/1.jpg",
    }
    done = await pipeline.send(COMPLETE_REQUEST, result=result)
    request = done["request"]
    assert (done["status"], request["status"], request["progress"]) == ("ACCEPTED", "COMPLETED", 1)
    assert (request["result"], request["error"]) == (result, None)
    assert request["durationMs"] >= 0
    assert request["stages"][5]["status"] == "SKIPPED"
    assert request["events"]["nodes"][-1]["type"] == "request.completed"
    again = await pipeline.send(COMPLETE_REQUEST, result={"other": 1})
    assert again == done | {"status": "DUPLICATE"}
    late = await pipeline.send(FAIL_REQUEST, message="too late")
    assert late == done | {"status": "DUPLICATE"}


async def test_e4_a_request_fails_with_message_stage_and_details(pipeline: Pipeline) -> None:
    await pipeline.send(START_STAGE, stage="validation")
    said = {"message": "no topic", "stage": "validation", "details": {"code": 17, "why": ["x"]}}
    failed = await pipeline.send(FAIL_REQUEST, **said)
    request = failed["request"]
    assert (failed["status"], request["status"]) == ("ACCEPTED", "FAILED")
    assert request["error"] == said
    assert request["errorStage"] == "validation"
    assert [s["status"] for s in request["stages"]] == ["CANCELLED"] + ["SKIPPED"] * 5
    late = await pipeline.send(START_STAGE, stage="rag_retrieval")
    assert (late["status"], late["stage"]["status"]) == ("DUPLICATE", "SKIPPED")


async def test_e5_the_status_of_a_request_follows_its_life(pipeline: Pipeline) -> None:
    async def status() -> tuple[str, str | None, float, str | None]:
        r = await pipeline.read()
        return r["status"], r["currentStage"], r["progress"], r["errorStage"]

    assert await status() == ("RUNNING", None, 0, None)
    await pipeline.send(START_STAGE, stage="validation")
    assert await status() == ("RUNNING", "validation", 0, None)
    await pipeline.send(COMPLETE_STAGE, stage="validation")
    assert await status() == ("RUNNING", None, 0.1, None)
    await pipeline.send(START_STAGE, stage="rag_retrieval")
    await pipeline.send(PROGRESS_STAGE, stage="rag_retrieval", fraction=0.5)
    assert await status() == ("RUNNING", "rag_retrieval", 0.15, None)
    await pipeline.send(FAIL_STAGE, stage="rag_retrieval", message="index is away")
    assert await status() == ("RUNNING", None, 0.15, "rag_retrieval")
    await pipeline.retry("rag_retrieval")
    assert await status() == ("RUNNING", "rag_retrieval", 0.1, None)
    await pipeline.send(FAIL_STAGE, stage="rag_retrieval", message="still away")
    await pipeline.send(FAIL_REQUEST, message="gave up")
    assert (await status())[::3] == ("FAILED", "rag_retrieval")
    unknown = await pipeline.api(REQUEST_BY_ID, {"id": str(new_id())})
    assert unknown == {"request": None}


async def test_e6_a_failed_stage_is_retried_until_its_attempts_are_used_up(
    pipeline: Pipeline,
) -> None:
    await pipeline.send(START_STAGE, stage="validation")
    for attempt in (1, 2, 3):
        await pipeline.send(PROGRESS_STAGE, stage="validation", fraction=attempt / 10)
        message, details = f"try {attempt}", {"n": attempt}
        await pipeline.send(FAIL_STAGE, stage="validation", message=message, details=details)
        if attempt < 3:
            retried = (await pipeline.retry("validation"))["stage"]
            assert (retried["status"], retried["attempt"]) == ("RUNNING", attempt + 1)
            assert (retried["progress"], retried["errorMessage"]) == (0, None)
    refusal = await pipeline.api.refused(
        RETRY_STAGE, {"requestId": pipeline.id, "stage": "validation"}
    )
    assert refusal.code == "INVALID_TRANSITION"
    assert refusal.message == "stage 'validation' has failed in all of its 3 attempts"
    stage = (await pipeline.read())["stages"][0]
    assert [
        (a["attempt"], a["status"], a["progress"], a["errorMessage"], a["error"], a["retryable"])
        for a in stage["attempts"]
    ] == [(n, "FAILED", n / 10, f"try {n}", {"n": n}, True) for n in (1, 2, 3)]
    assert all(a["startedAt"] <= a["endedAt"] for a in stage["attempts"])


async def test_e6_work_goes_on_from_the_stage_that_was_retried(pipeline: Pipeline) -> None:
    await pipeline.send(START_STAGE, stage="validation")
    await pipeline.send(FAIL_STAGE, stage="validation", message="once")
    assert (await pipeline.refused(START_STAGE, stage="validation"))[0] == "INVALID_TRANSITION"
    assert (await pipeline.retry("validation"))["status"] == "ACCEPTED"
    assert (await pipeline.retry("validation"))["status"] == "DUPLICATE"
    # A message of the first attempt that comes late does not touch the second one.
    late = await pipeline.send(FAIL_STAGE, stage="validation", message="once more", attempt=1)
    assert (late["status"], late["stage"]["status"]) == ("DUPLICATE", "RUNNING")
    done = await pipeline.send(COMPLETE_STAGE, stage="validation", output={"ok": 1}, attempt=2)
    assert [(a["status"], a["output"]) for a in done["stage"]["attempts"]] == [
        ("FAILED", None), ("COMPLETED", {"ok": 1}),
    ]  # fmt: skip
    assert await pipeline.log() == [
        (1, "request.created", None),
        (2, "request.started", None),
        (3, "stage.started", "validation"),
        (4, "stage.failed", "validation"),
        (5, "stage.retried", "validation"),
        (6, "stage.completed", "validation"),
    ]
    await pipeline.send(START_STAGE, stage="rag_retrieval")
    await pipeline.send(FAIL_STAGE, stage="rag_retrieval", message="broken", retryable=False)
    said = {"requestId": pipeline.id, "stage": "rag_retrieval"}
    refusal = await pipeline.api.refused(RETRY_STAGE, said)
    assert refusal.code == "INVALID_TRANSITION"
    assert "not retryable" in refusal.message
