"""The timeline of a request: one bar per attempt, and one for what is still planned."""

from dataclasses import asdict
from datetime import datetime

import strawberry

from schema.enums import StageStatus
from schema.hydration import described
from store.requests.forecast import TimelineInterval


@strawberry.type(description="One bar of a request's timeline: an attempt, or one to come.")
class TimelineBar:
    """Structurally a ``TimelineInterval``."""

    stage: str = described("The stage's name.")
    attempt: int = described("The attempt, from 1; 0 of a stage that was skipped.")
    status: StageStatus = described("How the attempt stands; PENDING while it is planned.")
    progress: float = described("How far it came, 0 to 1.")
    started_at: datetime | None = described("When it began; null while it is planned.")
    ended_at: datetime | None = described("When it ended.")
    offset_ms: float | None = described(
        "Milliseconds from the start of the request to its start, or to where that is expected."
    )
    duration_ms: float | None = described("Milliseconds that it took, or takes so far.")
    expected_start_at: datetime | None = described(
        "When it will begin, as far as can be foreseen; null once it has."
    )
    expected_end_at: datetime | None = described(
        "When it will end, as far as can be foreseen; null once it has."
    )

    @classmethod
    def of(cls, bar: TimelineInterval) -> "TimelineBar":
        """The same for GraphQL."""
        return cls(**asdict(bar))
