"""A worker that makes a lesson video in six stages; one of them fails once and is retried.

``python examples/video_pipeline.py``, with the server's address in TRACKSTORE_URL. It prints the id
of the request: ``trackstore watch ID`` shows it live.
"""

import logging
import time

from trackstore import Tracker
from trackstore.integrations.logging import RequestEventHandler
from trackstore.requests import RequestHandle

STAGES = (
    "validation",
    "rag_retrieval",
    "script_generation",
    "video_generation",
    "video_processing",
    "notification",
)
POLL_SECONDS = 0.01

log = logging.getLogger("pipeline")


class RendererBusyError(Exception):
    """The renderer accepts no job at the moment."""


class Renderer:
    """Stands in for a service that renders videos: it is busy at the first call."""

    def __init__(self) -> None:
        self.start_calls = 0

    def start(self, script: str) -> str:
        self.start_calls += 1
        if self.start_calls == 1:
            raise RendererBusyError("all renderers are busy")
        return f"job-{len(script)}"

    def percent(self, job: str, poll: int) -> int:
        del job
        return min(100, 40 * poll)


def make_video(tracker: Tracker, topic: str, student: str) -> RequestHandle:
    renderer = Renderer()
    with tracker.request(
        "lesson_video",
        stages=STAGES,
        title=topic,
        user_id=student,
        attributes={"topic": topic, "grade": 5, "learning_objective": "add unlike fractions"},
    ) as request:
        with request.stage("validation"):
            log.info("topic accepted", extra={"topic": topic})
        with request.stage("rag_retrieval") as stage:
            stage.output["passages"] = 3
        with request.stage("script_generation") as stage:
            script = f"Today: {topic}."
            tracker.track_chat(message=topic, response=script, model="writer-1", tokens=120)
            stage.output["words"] = len(script.split())
        for stage in request.attempts("video_generation", delay_seconds=POLL_SECONDS):
            with stage:
                job = renderer.start(script)
                for poll in range(1, 4):
                    stage.progress(done=renderer.percent(job, poll), total=100, message=job)
                    time.sleep(POLL_SECONDS)
        with request.stage("video_processing"):
            log.warning("no subtitles for this language")
        with request.stage("notification"):
            tracker.track_tool_operation(tool="mail", mode="send", parameters={"to": student})
        request.complete(video_url="https://videos.example.com/7.mp4", script_text=script)
    return request


def main() -> None:
    logging.basicConfig(level=logging.WARNING)
    with Tracker() as tracker:
        handler = RequestEventHandler(tracker)
        logging.getLogger("pipeline").addHandler(handler)
        logging.getLogger("pipeline").setLevel(logging.INFO)
        request = make_video(tracker, "Fractions, grade 5", student="student_7")
        print(request.id)


if __name__ == "__main__":
    main()
