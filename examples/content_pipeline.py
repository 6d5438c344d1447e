"""A content pipeline of six stages; failed requests are retried from the failed stage.

``python examples/content_pipeline.py submit TOPIC`` prints the id of a request; ``work ID...`` works
on requests, ``retry ID`` allows another attempt, ``status ID`` and ``health`` show their state. The
server is in TRACKSTORE_URL, examples/video_service.py in VIDEO_SERVICE_URL.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import httpx
from pybreaker import CircuitBreaker, CircuitBreakerError

from trackstore import Client, Tracker
from trackstore.integrations.httpx import propagate
from trackstore.integrations.pybreaker import BreakerListener
from trackstore.stages import StageHandle

POLL_SECONDS = 0.05
MAX_WAIT_SECONDS = 300
HEALTH = """{ monitoringOverview { activeRequests requests { count completed failed failureRate }
  breakers { name state totalCalls totalFailures failureRate } warnings } }"""
EVENTS = """query ($id: UUID!) { request(id: $id) { status progress errorStage
  events(first: 1000) { nodes { seq type severity stage attempt message } } } }"""

Inputs = dict[str, Any]
tracker = Tracker()
listener = BreakerListener(tracker)
gemini_breaker = CircuitBreaker(name="gemini_api", listeners=[listener])
nano_banana_breaker = CircuitBreaker(
    fail_max=1, name="nano_banana_api", throw_new_error_on_trip=False, listeners=[listener]
)


def create_content_request(student_id: str, topic: str, learning_objective: str) -> tuple[str, str]:
    """Create and start a request; return its id and correlation id."""
    request = tracker.request(
        "content",
        stages=list(STAGES),
        title=topic,
        user_id=student_id,
        organization_id="school_1",
        metadata={
            "topic": topic,
            "learning_objective": learning_objective,
            "grade_level": "10",
            "duration_minutes": 5,
        },
    )
    request.start()
    request.log("request_submitted", f"{student_id} asked for {topic}", severity="info")
    return str(request.id), request.correlation_id


def validate(stage: StageHandle, inputs: Inputs) -> None:
    if len(inputs["topic"]) < 3:
        stage.retryable = False  # the same topic fails again
        raise ValueError("Topic must be at least 3 characters")
    stage.log("validation_passed", "The request is valid", severity="info")


def retrieve(stage: StageHandle, inputs: Inputs) -> None:
    chunks = [f"{inputs['topic']}, part {number}" for number in range(5)]
    stage.log("rag_completed", "Retrieved content", severity="info", event_data={"chunks": 5})
    stage.complete(output_data={"chunks_retrieved": len(chunks), "sources": ["oer"]})


def write_script(stage: StageHandle, inputs: Inputs) -> None:
    stage.log("api_call", "Calling the model", severity="info", event_data={"model": "writer-1"})
    script = gemini_breaker.call(lambda: f"Today: {inputs['topic']}")
    tracker.track_chat(message=inputs["topic"], response=script, model="writer-1", tokens=120)
    stage.complete(output_data={"script": script, "word_count": len(script.split())})


def generate_video(stage: StageHandle, inputs: Inputs) -> None:
    """Render on another service, which gets the correlation id, and poll its job."""
    url = os.environ["VIDEO_SERVICE_URL"]
    with propagate(httpx.Client(base_url=url)) as http:

        @nano_banana_breaker
        def start_job() -> str:
            answer = http.post("/generate", json={"script": inputs["script"]})
            job_id: str = answer.raise_for_status().json()["job_id"]
            return job_id

        try:
            job_id = start_job()
        except CircuitBreakerError as error:
            stage.fail(
                f"The breaker of the video service is open: {error}",
                error_details={"circuit_breaker": "nano_banana_api"},
                is_retryable=True,
            )
            raise
        deadline = time.monotonic() + MAX_WAIT_SECONDS
        while time.monotonic() < deadline:
            job = http.get(f"/jobs/{job_id}").raise_for_status().json()
            stage.progress(done=job["progress"], total=100, message=f"{job['progress']} %")
            if job["status"] == "completed":
                stage.complete(output_data={"video_url": job["video_url"], "job_id": job_id})
                return
            time.sleep(POLL_SECONDS)
        raise TimeoutError(f"{job_id} took more than {MAX_WAIT_SECONDS} s")


def process_video(stage: StageHandle, inputs: Inputs) -> None:
    cdn_url = inputs["video_url"].replace("cdn", "www")
    stage.log("video_uploaded", f"Uploaded to {cdn_url}", severity="info")
    stage.complete(output_data={"cdn_url": cdn_url})


def notify(stage: StageHandle, inputs: Inputs) -> None:
    tracker.track_tool_operation(tool="mail", mode="send", parameters={"link": inputs["cdn_url"]})
    stage.log("notification_sent", "Email sent", severity="info")


STAGES: dict[str, Callable[[StageHandle, Inputs], None]] = {
    "validation": validate,
    "rag_retrieval": retrieve,
    "script_generation": write_script,
    "video_generation": generate_video,
    "video_processing": process_video,
    "notification": notify,
}


def process_content_request(request_id: str) -> None:
    status = tracker.status(request_id)
    if status is None:
        raise ValueError(f"There is no request {request_id}")
    inputs: Inputs = dict(status.attributes)
    for completed in status.stages:
        inputs |= completed.output or {}
    with tracker.resume(request_id) as request:
        for name, work in STAGES.items():
            if not request.is_completed(name):
                with request.stage(name) as stage:
                    work(stage, inputs)
                inputs |= stage.output
        request.complete(video_url=inputs["cdn_url"], script_text=inputs["script"])


def work(*request_ids: str) -> int:
    failed = 0
    for request_id in request_ids:
        try:
            process_content_request(request_id)
        except (httpx.HTTPError, CircuitBreakerError, TimeoutError, ValueError) as error:
            print(f"{request_id} failed: {type(error).__name__}")
            failed += 1
    return failed


def retry_failed_request(request_id: str) -> bool:
    """Retry a failed request from its failed stage, if attempts are left."""
    status = tracker.status(request_id)
    if status is None or status.status != "FAILED":
        print(f"{request_id} has not failed")
        return False
    answer = tracker.retry_stage(request_id, status.error_stage or "")
    if not answer:
        print(f"{status.error_stage} is not retried: {answer.message}")
    return bool(answer)


def get_request_status(request_id: str) -> dict[str, Any]:
    with Client() as client:
        request: dict[str, Any] = client.query(EVENTS, {"id": request_id})["request"]
    return request


def check_external_services_health() -> dict[str, Any]:
    """Return the breakers, and warnings about open ones and failure rates over 10 %."""
    with Client() as client:
        overview: dict[str, Any] = client.query(HEALTH)["monitoringOverview"]
    return overview


def main(command: str, *arguments: str) -> int:
    with tracker:
        if command == "submit":
            print(*create_content_request("student_7", arguments[0], "add unlike fractions"))
        elif command == "work":
            return 1 if work(*arguments) else 0
        elif command == "retry":
            return 0 if retry_failed_request(*arguments) else 1
        elif command == "status":
            print(get_request_status(*arguments))
        else:
            print(check_external_services_health())
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
