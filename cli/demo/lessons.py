"""Synthetic requests: a lesson in six stages, with failures and retries."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from cli.demo import sample_data
from cli.demo.calls import ANSWER_SECONDS, labels_of, model_call, tool_use
from cli.demo.simulation import Actor, DemoOrganization, EntryResult, Simulation
from store.ids import new_id

MAX_ATTEMPTS = 3
POLLS = 6
"""Number of progress reports in a long stage."""
Steps = Generator[float, None, bool]
"""Steps of a part of a request; returns whether the request continues."""


@dataclass(slots=True)
class Lesson:
    id: str
    labels: dict[str, str]
    topic: str
    last: EntryResult = field(default_factory=EntryResult)

    @property
    def fields(self) -> dict[str, Any]:
        return {"requestId": self.id, "correlationId": self.id}


def lesson(simulation: Simulation, organization: DemoOrganization) -> Actor:
    topic, objective, grade = simulation.pick(*sample_data.LESSONS)
    work = Lesson(str(new_id()), labels_of(simulation, organization), topic)
    student = simulation.pick(*sample_data.STUDENTS)
    minutes = simulation.random.randint(3, 12)
    simulation.requests.add(work.id)
    simulation.count("requests")
    simulation.send(
        "createRequest",
        id=work.id,
        type="lesson_video",
        title=f"{topic} for {student}",
        labels=work.labels,
        stages=[
            {"name": name, "weight": weight, "maxAttempts": MAX_ATTEMPTS}
            for name, weight, _ in sample_data.STAGES
        ],
        attributes={
            "student": student,
            "topic": topic,
            "learningObjective": objective,
            "grade": grade,
            "durationMinutes": minutes,
        },
    )
    yield simulation.random.uniform(0.2, 1.0)
    simulation.event("startRequest", requestId=work.id)
    for name, _, usual in sample_data.STAGES:
        if not (yield from _pass_stage(simulation, organization, work, name, usual)):
            simulation.requests.discard(work.id)
            return
    url = f"https://videos.example/{work.id}"
    simulation.event(
        "completeRequest",
        requestId=work.id,
        result={
            "videoUrl": f"{url}.mp4",
            "thumbnailUrl": f"{url}.jpg",
            "scriptWords": 130 * minutes,
        },
    )
    simulation.requests.discard(work.id)
    simulation.count("completed")


def _pass_stage(
    simulation: Simulation, organization: DemoOrganization, work: Lesson, name: str, usual: float
) -> Steps:
    """Run a stage with its attempts; fail the request if the last one fails."""
    simulation.event("startStage", requestId=work.id, stage=name)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        failure = yield from _attempt(simulation, organization, work, name, usual)
        if work.last.status == "DUPLICATE":  # an operator cancelled it
            simulation.count("cancelled")
            return False
        if failure is None:
            output = {"items": simulation.random.randint(1, 40)}
            work.last = simulation.event(
                "completeStage", requestId=work.id, stage=name, output=output
            )
            return True
        message, retryable = failure
        simulation.event(
            "failStage",
            requestId=work.id,
            stage=name,
            message=message,
            retryable=retryable,
            details={"attempt": attempt, "worker": f"worker-{simulation.random.randint(1, 4)}"},
        )
        if not retryable or attempt == MAX_ATTEMPTS:
            break
        yield simulation.random.uniform(1, 3) * attempt
        simulation.count("retries")
        simulation.event("retryStage", requestId=work.id, stage=name)
    simulation.event(
        "failRequest", requestId=work.id, message=f"{name} failed", stage=name, details={}
    )
    simulation.count("failed")
    return False


def _attempt(
    simulation: Simulation, organization: DemoOrganization, work: Lesson, name: str, usual: float
) -> Generator[float, None, tuple[str, bool] | None]:
    """Run one attempt; return why it failed and whether to retry, or None."""
    if name == "video_generation" and organization.breaker == "OPEN":
        yield ANSWER_SECONDS
        simulation.event(
            "logEvent",
            requestId=work.id,
            type="circuit_breaker.refused",
            severity="WARNING",
            stage=name,
            message=f"{sample_data.BREAKER} is open",
        )
        return f"{sample_data.BREAKER} is open", True
    seconds = usual * simulation.random.uniform(0.6, 1.5)
    polls = POLLS if usual > 3 else 2
    message, likely, retryable = sample_data.FAILURES[name]
    fails_at = simulation.random.randint(1, polls) if simulation.random.random() < likely else 0
    for poll in range(1, polls + 1):
        yield seconds / polls
        if name == "video_generation":
            organization.calls += 1
            if not organization.renderer_works:
                organization.failures += 1
                return "the renderer does not answer", True
        if poll == fails_at:
            return message, retryable
        if work.last.status == "DUPLICATE":
            return None
        work.last = simulation.event(
            "progressStage",
            requestId=work.id,
            stage=name,
            done=poll,
            total=polls,
            message=f"{work.topic}: part {poll} of {polls}",
        )
    _trace(simulation, work, name)
    return None


def _trace(simulation: Simulation, work: Lesson, name: str) -> None:
    match name:
        case "rag_retrieval":
            for _ in range(3):
                tool_use(simulation, work.labels, "pipeline", stage=name, **work.fields)
        case "script_generation":
            model_call(
                simulation, work.labels, "script", stage=name, client="pipeline", **work.fields
            )
            simulation.event(
                "logEvent",
                requestId=work.id,
                type="script.reviewed",
                stage=name,
                message="no change was needed",
                data={"readability": round(simulation.random.uniform(60, 90), 1)},
            )
        case "video_processing":
            simulation.event(
                "logEvent",
                requestId=work.id,
                type="thumbnail.made",
                severity="DEBUG",
                stage=name,
            )
        case _:
            pass
