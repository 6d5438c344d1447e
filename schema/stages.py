"""Describe the stages of a request, and their attempts."""

from datetime import datetime, timedelta
from uuid import UUID

import strawberry

from schema.context import Info
from schema.enums import StageStatus
from schema.hydration import described, hydrate
from schema.nodes import GlobalId, Node
from schema.scalars import JSON, Long
from store.database import Row


@strawberry.type(description="One attempt of a stage. Earlier attempts keep their final state.")
class Attempt:
    attempt: int = described("Attempt number, starting at 1.")
    status: StageStatus = described("Current or final status.")
    progress: float = described("Progress from 0 to 1.")
    output: JSON | None = described("Output of the work.")
    error: JSON | None = described("Error details.")
    error_message: str | None = described("Error message.")
    retryable: bool | None = described("Whether a failure was reported as retryable.")
    started_at: datetime = described("Start time.")
    ended_at: datetime | None = described("End time.")

    @strawberry.field(description="Duration in milliseconds; null while running.")
    def duration_ms(self) -> float | None:
        return milliseconds(self.started_at, self.ended_at)

    @classmethod
    def from_row(cls, row: Row) -> "Attempt":
        return hydrate(cls, row)


@strawberry.type(description="A named step of a request.")
class Stage(Node):
    request_id: UUID = described("The request that the stage belongs to.")
    name: str = described("Name.")
    position: int = described("Position in the plan, starting at 0.")
    weight: float = described("Weight in the request's progress.")
    max_attempts: int = described("Maximum number of attempts.")
    attempt: int = described(
        "Current attempt, or the last one if the stage is pending; 0 before the first."
    )
    status: StageStatus = described("Current status.")
    progress: float = described("Progress of the current attempt from 0 to 1.")
    done: Long | None = described("Number of completed units of work.")
    total: Long | None = described("Total units of work.")
    message: str | None = described("Last progress message.")
    output: JSON | None = described("Output of the work.")
    error: JSON | None = described("Error details.")
    error_message: str | None = described("Error message.")
    retryable: bool | None = described("Whether the failure was reported as retryable.")
    started_at: datetime | None = described("Start time of the current attempt.")
    ended_at: datetime | None = described("End time of the current attempt.")
    last_heartbeat_at: datetime | None = described(
        "Server time of the last message from the stage."
    )
    stalled_at: datetime | None = described("Time since which it has been stalled.")
    organization_id: strawberry.Private[str]

    @classmethod
    def from_row(cls, row: Row) -> "Stage":
        return hydrate(cls, row)

    def global_id(self) -> GlobalId:
        return GlobalId("Stage", (self.organization_id, self.request_id.hex, self.name))

    @strawberry.field(description="Duration of the current attempt in milliseconds.")
    def duration_ms(self) -> float | None:
        return milliseconds(self.started_at, self.ended_at)

    @strawberry.field(
        description="Time without messages until it counts as stalled; null means the server's "
        "default."
    )
    def stall_after(self) -> timedelta | None:
        milliseconds: int | None = self.__dict__["stall_after_ms"]
        return None if milliseconds is None else timedelta(milliseconds=milliseconds)

    @strawberry.field(description="All attempts, oldest first.")
    async def attempts(self, info: Info) -> list[Attempt]:
        key = self.organization_id, self.request_id
        attempts = await info.context.loaders.attempts_by_stage.load(key)
        return [Attempt.from_row(row) for row in attempts.get(self.name, ())]


def milliseconds(start: datetime | None, end: datetime | None) -> float | None:
    """Return the milliseconds between two instants, at least 0; None while either is open."""
    return None if start is None or end is None else max(0.0, (end - start).total_seconds() * 1000)
