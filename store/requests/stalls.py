"""What silence means: how long it may last, when it is due, and what becomes of who stays silent.

Silence is measured by the server's clock: from when it heard a message, whatever time the sender
put on it. Nothing here holds a clock or a connection.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.enums import RequestStatus, StageStatus
from store.requests.rows import Row

MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class StallPolicy:
    """How long the server waits.

    ``stall_after`` is the silence that makes a stage STALLED where the stage itself allows no
    other, and a request that has no running stage. ``lost_after`` is how long it may then stay
    STALLED. ``listening_since`` is when the server began to listen: nobody was silent before.
    """

    stall_after: timedelta = timedelta(minutes=10)
    lost_after: timedelta = timedelta(hours=24)
    listening_since: datetime | None = None

    def from_(self, last_message: datetime) -> datetime:
        return (
            last_message
            if self.listening_since is None
            else max(last_message, self.listening_since)
        )

    def of_stage(self, stage: Row) -> timedelta:
        stage_ms = stage["stall_after_ms"]
        return self.stall_after if stage_ms is None else stage_ms * MILLISECOND

    def of_request(self, stages: dict[str, Row]) -> timedelta:
        stalled = [self.of_stage(s) for s in with_status(stages, StageStatus.STALLED)]
        return min(stalled, default=self.stall_after)

    def stage_due(self, stage: Row) -> datetime | None:
        """Return when an attempt will be stalled or lost; None if it is not running."""
        if stage["status"] == StageStatus.RUNNING.value:
            return self.from_(stage["last_heartbeat_at"] or stage["started_at"]) + self.of_stage(
                stage
            )
        if stage["status"] == StageStatus.STALLED.value:
            return stage["stalled_at"] + self.lost_after  # type: ignore[no-any-return]
        return None

    def request_due(self, row: Row, stages: dict[str, Row]) -> datetime | None:
        """Return when the request will be stalled or lost; None if it is not running."""
        if row["status"] == RequestStatus.STALLED.value:
            return row["stalled_at"] + self.lost_after  # type: ignore[no-any-return]
        if row["status"] != RequestStatus.RUNNING.value:
            return None
        if any(with_status(stages, StageStatus.RUNNING)):
            return None  # it lives as long as one of its stages does
        return self.from_(row["last_heartbeat_at"] or row["updated_at"]) + self.of_request(stages)

    def due(self, row: Row, stages: dict[str, Row]) -> datetime | None:
        """Return the next stall deadline of the request and its stages; None without one."""
        request_deadline = self.request_due(row, stages)
        if request_deadline is None and row["status"] != RequestStatus.RUNNING.value:
            return None
        deadlines = [self.stage_due(stage) for stage in stages.values()]
        return min((at for at in (request_deadline, *deadlines) if at is not None), default=None)

    def keep_deadline(self, row: Row, stages: dict[str, Row]) -> None:
        """Keep ``deadline_at`` a lower bound of what is due.

        It is lowered and cleared, never raised: a heartbeat that postpones what is due leaves the
        index alone, and whoever looks too early looks again.
        """
        due, at = self.due(row, stages), row["deadline_at"]
        if due is None or at is None or due < at:
            row["deadline_at"] = due


def with_status(stages: dict[str, Row], status: StageStatus) -> Iterator[Row]:
    return (stage for stage in stages.values() if stage["status"] == status.value)
