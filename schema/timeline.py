"""Describe the timeline of a request: a bar per attempt, and one per planned stage."""

from dataclasses import asdict
from datetime import datetime

import strawberry

from schema.enums import StageStatus
from schema.hydration import described
from store.requests.forecast import TimelineInterval


@strawberry.type(description="One bar of a request's timeline: an attempt or a planned one.")
class TimelineBar:
    stage: str = described("Stage name.")
    attempt: int = described("Attempt number, starting at 1; 0 for a skipped stage.")
    status: StageStatus = described("Status of the attempt; PENDING while planned.")
    progress: float = described("Progress from 0 to 1.")
    started_at: datetime | None = described("Start time; null while planned.")
    ended_at: datetime | None = described("End time.")
    offset_ms: float | None = described(
        "Milliseconds from the start of the request to the actual or expected start of the attempt."
    )
    duration_ms: float | None = described("Duration so far, in milliseconds.")
    expected_start_at: datetime | None = described("Estimated start time; null once started.")
    expected_end_at: datetime | None = described("Estimated end time; null once ended.")

    @classmethod
    def of(cls, bar: TimelineInterval) -> "TimelineBar":
        return cls(**asdict(bar))
