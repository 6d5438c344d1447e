"""Requests of the demonstration: a lesson on its way through six stages, with failures and retries."""

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from cli.demo import names
from cli.demo.calls import ANSWER_SECONDS, labels_of, model_call, tool_use
from cli.demo.scene import Actor, Company, Receipt, Scene
from store.ids import new_id

MAX_ATTEMPTS = 3
POLLS = 6
"""Reports of progress in a stage that takes long."""
Steps = Generator[float, None, bool]
"""Steps of a part of a request; in the end whether the request goes on."""


@dataclass(slots=True)
class Lesson:
    """A request: who wants it, and whether somebody called it off."""

    id: str
    labels: dict[str, str]
    topic: str
    last: Receipt = field(default_factory=Receipt)

    @property
    def fields(self) -> dict[str, Any]:
        """What ties an operation to it."""
        return {"requestId": self.id, "correlationId": self.id}


def lesson(scene: Scene, company: Company) -> Actor:
    """A request from its creation to its end."""
    topic, objective, grade = scene.pick(*names.LESSONS)
    work = Lesson(str(new_id()), labels_of(scene, company), topic)
    student = scene.pick(*names.STUDENTS)
    minutes = scene.chance.randint(3, 12)
    scene.requests.add(work.id)
    scene.count("requests")
    scene.send(
        "createRequest",
        id=work.id,
        type="lesson_video",
        title=f"{topic} for {student}",
        labels=work.labels,
        stages=[
            {"name": name, "weight": weight, "maxAttempts": MAX_ATTEMPTS}
            for name, weight, _ in names.STAGES
        ],
        attributes={
            "student": student,
            "topic": topic,
            "learningObjective": objective,
            "grade": grade,
            "durationMinutes": minutes,
        },
    )
    yield scene.chance.uniform(0.2, 1.0)
    scene.event("startRequest", requestId=work.id)
    for name, _, usual in names.STAGES:
        if not (yield from _pass_stage(scene, company, work, name, usual)):
            scene.requests.discard(work.id)
            return
    url = f"https://videos.example/{work.id}"
    scene.event(
        "completeRequest",
        requestId=work.id,
        result={
            "videoUrl": f"{url}.mp4",
            "thumbnailUrl": f"{url}.jpg",
            "scriptWords": 130 * minutes,
        },
    )
    scene.requests.discard(work.id)
    scene.count("completed")


def _pass_stage(scene: Scene, company: Company, work: Lesson, name: str, usual: float) -> Steps:
    """One stage with its attempts; where the last one fails, so does the request."""
    scene.event("startStage", requestId=work.id, stage=name)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        failure = yield from _attempt(scene, company, work, name, usual)
        if work.last.status == "DUPLICATE":  # it has ended: an operator called it off
            scene.count("cancelled")
            return False
        if failure is None:
            output = {"items": scene.chance.randint(1, 40)}
            work.last = scene.event("completeStage", requestId=work.id, stage=name, output=output)
            return True
        message, retryable = failure
        scene.event(
            "failStage",
            requestId=work.id,
            stage=name,
            message=message,
            retryable=retryable,
            details={"attempt": attempt, "worker": f"worker-{scene.chance.randint(1, 4)}"},
        )
        if not retryable or attempt == MAX_ATTEMPTS:
            break
        yield scene.chance.uniform(1, 3) * attempt
        scene.count("retries")
        scene.event("retryStage", requestId=work.id, stage=name)
    scene.event("failRequest", requestId=work.id, message=f"{name} failed", stage=name, details={})
    scene.count("failed")
    return False


def _attempt(
    scene: Scene, company: Company, work: Lesson, name: str, usual: float
) -> Generator[float, None, tuple[str, bool] | None]:
    """The work of one attempt; in the end why it failed and whether to retry, or None."""
    if name == "video_generation" and company.breaker == "OPEN":
        yield ANSWER_SECONDS
        scene.event(
            "logEvent",
            requestId=work.id,
            type="circuit_breaker.refused",
            severity="WARNING",
            stage=name,
            message=f"{names.BREAKER} is open",
        )
        return f"{names.BREAKER} is open", True
    seconds = usual * scene.chance.uniform(0.6, 1.5)
    polls = POLLS if usual > 3 else 2
    message, likely, retryable = names.FAILURES[name]
    fails_at = scene.chance.randint(1, polls) if scene.chance.random() < likely else 0
    for poll in range(1, polls + 1):
        yield seconds / polls
        if name == "video_generation":
            company.calls += 1
            if not company.renderer_works:
                company.failures += 1
                return "the renderer does not answer", True
        if poll == fails_at:
            return message, retryable
        if work.last.status == "DUPLICATE":
            return None
        work.last = scene.event(
            "progressStage",
            requestId=work.id,
            stage=name,
            done=poll,
            total=polls,
            message=f"{work.topic}: part {poll} of {polls}",
        )
    _trace(scene, work, name)
    return None


def _trace(scene: Scene, work: Lesson, name: str) -> None:
    """The operations and events that the work of a stage leaves behind."""
    match name:
        case "rag_retrieval":
            for _ in range(3):
                tool_use(scene, work.labels, "pipeline", stage=name, **work.fields)
        case "script_generation":
            model_call(scene, work.labels, "script", stage=name, client="pipeline", **work.fields)
            scene.event(
                "logEvent",
                requestId=work.id,
                type="script.reviewed",
                stage=name,
                message="no change was needed",
                data={"readability": round(scene.chance.uniform(60, 90), 1)},
            )
        case "video_processing":
            scene.event(
                "logEvent",
                requestId=work.id,
                type="thumbnail.made",
                severity="DEBUG",
                stage=name,
            )
        case _:
            pass
