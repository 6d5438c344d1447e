"""E: a worker fails, an operator retries, a new worker goes on; each command is its own process."""

import ast
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from tests.acceptance.documents import REQUEST_BY_ID
from tests.acceptance.programs.launching import (
    ask,
    assert_nothing_dropped,
    operations,
    run,
    serving,
)
from tests.support.processes import Json, ServerProcess
from trackstore import AsyncClient

PROGRAM = "examples/content_pipeline.py"
STAGES = (
    "validation", "rag_retrieval", "script_generation", "video_generation", "video_processing",
    "notification",
)  # fmt: skip


class Pipeline:
    """The commands of the program, on one server and one video service."""

    def __init__(self, server: ServerProcess, video: httpx.Client) -> None:
        self.server, self.video = server, video

    def command(self, *command: str, code: int | None = 0) -> str:
        url = str(self.video.base_url)
        return run(self.server, PROGRAM, *command, code=code, VIDEO_SERVICE_URL=url).stdout.strip()

    def submit(self, topic: str = "Photosynthesis") -> tuple[str, str]:
        id, correlation_id = self.command("submit", topic).split()
        return id, correlation_id

    def fail_next(self, number: int) -> None:
        assert self.video.post(f"/failures/{number}").json() == {"failures": number}

    def request(self, id: str) -> Json:
        found: Json = ask(self.server, REQUEST_BY_ID, id=id)
        return found

    def attempts(self, id: str, stage: str) -> list[tuple[int, str]]:
        (found,) = (s for s in self.request(id)["stages"] if s["name"] == stage)
        return [(a["attempt"], a["status"]) for a in found["attempts"]]


@pytest.fixture
def pipeline(server: ServerProcess) -> Iterator[Pipeline]:
    with serving(server, "examples.video_service:app") as video:
        yield Pipeline(server, video)
    assert_nothing_dropped(server)


def test_e1_to_e8_a_failed_request_is_retried_by_a_new_process(pipeline: Pipeline) -> None:
    id, correlation_id = pipeline.submit()
    waiting = pipeline.request(id)
    assert (waiting["status"], waiting["correlationId"]) == ("RUNNING", correlation_id)
    assert waiting["attributes"] == {
        "topic": "Photosynthesis", "learning_objective": "add unlike fractions",
        "grade_level": "10", "duration_minutes": 5,
    }  # fmt: skip
    pipeline.fail_next(1)
    pipeline.command("work", id, code=1)
    failed = pipeline.request(id)
    assert (failed["status"], failed["errorStage"]) == ("FAILED", "video_generation")
    assert "503" in failed["error"]["message"]
    assert failed["error"]["details"]["type"].endswith("HTTPStatusError")
    assert [s["status"] for s in failed["stages"]][:4] == [*["COMPLETED"] * 3, "FAILED"]
    health = ast.literal_eval(pipeline.command("health"))
    assert "nano_banana_api is open" in health["warnings"]
    assert health["requests"]["failed"] == 1

    assert pipeline.command("retry", id) == ""
    again = pipeline.request(id)
    assert (again["status"], again["endedAt"], again["currentStage"]) == (
        "RUNNING", None, "video_generation",
    )  # fmt: skip
    pipeline.command("work", id)
    _check_completed(pipeline, id)
    _check_other_services(pipeline, id, correlation_id)
    _check_health(pipeline)
    assert pipeline.command("retry", id, code=1) == f"{id} has not failed"


def _check_completed(pipeline: Pipeline, id: str) -> None:
    done = pipeline.request(id)
    assert (done["status"], done["progress"], done["error"]) == ("COMPLETED", 1, None)
    assert done["result"] == {
        "video_url": "https://www.test/job_1.mp4", "script_text": "Today: Photosynthesis",
    }  # fmt: skip
    assert [(s["name"], s["status"], s["attempt"]) for s in done["stages"]] == [
        (name, "COMPLETED", 2 if name == "video_generation" else 1) for name in STAGES
    ]
    assert pipeline.attempts(id, "video_generation") == [(1, "FAILED"), (2, "COMPLETED")]
    shown = ast.literal_eval(pipeline.command("status", id))
    assert (shown["status"], shown["progress"]) == ("COMPLETED", 1)
    events = [(e["type"], e["stage"], e["attempt"]) for e in shown["events"]["nodes"]]
    assert [e["seq"] for e in shown["events"]["nodes"]] == list(range(1, len(events) + 1))
    video = "video_generation"
    polled = [("stage.progressed", video, 2)] * 3
    assert events == [
        ("request.created", None, None), ("request.started", None, None),
        ("request_submitted", None, None),
        ("stage.started", "validation", 1), ("validation_passed", "validation", 1),
        ("stage.completed", "validation", 1),
        ("stage.started", "rag_retrieval", 1), ("rag_completed", "rag_retrieval", 1),
        ("stage.completed", "rag_retrieval", 1),
        ("stage.started", "script_generation", 1), ("api_call", "script_generation", 1),
        ("stage.completed", "script_generation", 1),
        ("stage.started", video, 1), ("stage.failed", video, 1),
        ("stage.skipped", "video_processing", 0), ("stage.skipped", "notification", 0),
        ("request.failed", None, None),
        ("request.reopened", None, None),
        ("stage.reopened", "video_processing", 0), ("stage.reopened", "notification", 0),
        ("stage.retried", video, 2), *polled,
        ("stage.completed", video, 2),
        ("stage.started", "video_processing", 1), ("video_uploaded", "video_processing", 1),
        ("stage.completed", "video_processing", 1),
        ("stage.started", "notification", 1), ("notification_sent", "notification", 1),
        ("stage.completed", "notification", 1), ("request.completed", None, None),
    ]  # fmt: skip


def _check_other_services(pipeline: Pipeline, id: str, correlation_id: str) -> None:
    """Both services record under one correlation id; the worker's also know their stage."""
    rows = operations(pipeline.server, 7, correlationId={"eq": correlation_id})
    assert sorted((o["name"], o["statusCode"], o["stage"]) for o in rows if o["kind"] == "API") == [
        ("GET jobs/{job_id}", 200, None), ("GET jobs/{job_id}", 200, None),
        ("GET jobs/{job_id}", 200, None), ("POST generate", 200, None),
        ("POST generate", 503, None),
    ]  # fmt: skip
    own = {(o["kind"], o["stage"], o["requestId"]) for o in rows if o["kind"] != "API"}
    assert own == {("LLM", "script_generation", id), ("TOOL", "notification", id)}


def _check_health(pipeline: Pipeline) -> None:
    health = ast.literal_eval(pipeline.command("health"))
    requests = health["requests"]
    assert (health["activeRequests"], requests["count"], requests["completed"]) == (0, 1, 1)
    breakers = {b["name"]: b for b in health["breakers"]}
    assert breakers["gemini_api"]["state"] == "CLOSED"
    assert breakers["gemini_api"]["failureRate"] == 0
    video = breakers["nano_banana_api"]
    assert (video["totalCalls"], video["totalFailures"], video["failureRate"]) == (2, 1, 0.5)


def test_e6_attempts_run_out_with_a_clear_refusal(pipeline: Pipeline) -> None:
    id, _ = pipeline.submit()
    pipeline.fail_next(3)
    pipeline.command("work", id, code=1)
    for _ in range(2):
        pipeline.command("retry", id)
        pipeline.command("work", id, code=1)
    told = pipeline.command("retry", id, code=1)
    assert told.startswith("video_generation is not retried: ")
    assert "3" in told
    assert pipeline.attempts(id, "video_generation") == [(n, "FAILED") for n in (1, 2, 3)]
    assert pipeline.request(id)["status"] == "FAILED"


def test_e2_what_may_not_be_retried_is_refused(pipeline: Pipeline) -> None:
    id, _ = pipeline.submit("it")
    pipeline.command("work", id, code=1)
    failed = pipeline.request(id)
    assert (failed["errorStage"], failed["stages"][0]["retryable"]) == ("validation", False)
    assert "not retr" in pipeline.command("retry", id, code=1)


def test_e7_an_open_breaker_fails_the_stage_and_is_told(pipeline: Pipeline) -> None:
    first, second = (pipeline.submit()[0] for _ in range(2))
    pipeline.fail_next(1)
    told = pipeline.command("work", first, second, code=1)
    assert told == f"{first} failed: HTTPStatusError\n{second} failed: CircuitBreakerError"
    refused = pipeline.request(second)
    assert (refused["status"], refused["errorStage"]) == ("FAILED", "video_generation")
    assert refused["error"]["details"]["type"].endswith("CircuitBreakerError")
    stage = refused["stages"][3]
    assert (stage["status"], stage["retryable"]) == ("FAILED", True)
    assert stage["errorMessage"].startswith("The breaker of the video service is open")
    assert stage["error"]["circuit_breaker"] == "nano_banana_api"
    for id in (first, second):
        pipeline.command("retry", id)
    pipeline.command("work", first, second)
    assert {pipeline.request(id)["status"] for id in (first, second)} == {"COMPLETED"}


async def test_e9_e10_who_watches_sees_the_failure_and_what_follows(pipeline: Pipeline) -> None:
    id, _ = pipeline.submit()

    async def watched(after_seq: int) -> list[tuple[int, str]]:
        async with AsyncClient(pipeline.server.url) as client:
            events = [p async for p in client.watch(UUID(id), after_seq=after_seq)]
        return [(p.seq, p.event.type) for p in events if p.event is not None]

    pipeline.fail_next(1)
    pipeline.command("work", id, code=1)
    before = await watched(0)
    assert before[-1][1] == "request.failed"
    pipeline.command("retry", id)
    pipeline.command("work", id)
    after = await watched(before[-1][0])
    assert (after[0][1], after[-1][1]) == ("request.reopened", "request.completed")
    assert [seq for seq, _ in before + after] == list(range(1, len(before + after) + 1))
