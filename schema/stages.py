"""Stages of a request, and their attempts."""

from datetime import datetime, timedelta
from uuid import UUID

import strawberry

from schema.context import Info
from schema.enums import StageStatus
from schema.hydration import described, hydrate
from schema.nodes import GlobalId, Node
from schema.scalars import JSON, Long
from store.database import Row


@strawberry.type(description="One try of a stage, from 1. Earlier tries stay as they ended.")
class Attempt:
    """A row of ``stage_attempts``."""

    attempt: int = described("Its number, from 1.")
    status: StageStatus = described("How it stands or ended.")
    progress: float = described("How far it came, 0 to 1.")
    output: JSON | None = described("What it brought.")
    error: JSON | None = described("Details of its error.")
    error_message: str | None = described("Its error in words.")
    retryable: bool | None = described("Whether a failed try was said to be worth another.")
    started_at: datetime = described("When it began.")
    ended_at: datetime | None = described("When it ended.")

    @strawberry.field(description="How long it took, in milliseconds; null while it runs.")
    def duration_ms(self) -> float | None:
        """From start to end."""
        return milliseconds(self.started_at, self.ended_at)

    @classmethod
    def from_row(cls, row: Row) -> "Attempt":
        """From a row of ``stage_attempts``."""
        return hydrate(cls, row)


@strawberry.type(description="A named step of a request.")
class Stage(Node):
    """A row of ``request_stages``: plan and present state."""

    request_id: UUID = described("The request it is a step of.")
    name: str = described("Its name.")
    position: int = described("Its place in the plan, from 0.")
    weight: float = described("Its share of the request's progress.")
    max_attempts: int = described("How often it may be tried.")
    attempt: int = described(
        "The present attempt, or the last one where the stage waits; 0 before the first."
    )
    status: StageStatus = described("Where it stands.")
    progress: float = described("How far the present attempt is, 0 to 1.")
    done: Long | None = described("How many of the total are done.")
    total: Long | None = described("How many there are to do.")
    message: str | None = described("What it last said of its progress.")
    output: JSON | None = described("What it brought.")
    error: JSON | None = described("Details of its error.")
    error_message: str | None = described("Its error in words.")
    retryable: bool | None = described("Whether its failure was said to be worth another try.")
    started_at: datetime | None = described("When the present attempt began.")
    ended_at: datetime | None = described("When the present attempt ended.")
    heartbeat_at: datetime | None = described("When it was last heard of, by the server's clock.")
    stalled_at: datetime | None = described("Since when it is stalled.")
    organization_id: strawberry.Private[str]

    @classmethod
    def from_row(cls, row: Row) -> "Stage":
        """From a row of ``request_stages``."""
        return hydrate(cls, row)

    def global_id(self) -> GlobalId:
        return GlobalId("Stage", (self.organization_id, self.request_id.hex, self.name))

    @strawberry.field(description="How long the present attempt took, in milliseconds.")
    def duration_ms(self) -> float | None:
        """From start to end."""
        return milliseconds(self.started_at, self.ended_at)

    @strawberry.field(
        description="How long it may be silent until it is stalled; null leaves it to the server."
    )
    def stall_after(self) -> timedelta | None:
        """As it was planned or started."""
        found: int | None = self.__dict__["stall_after_ms"]
        return None if found is None else timedelta(milliseconds=found)

    @strawberry.field(description="Every try, from the first.")
    async def attempts(self, info: Info) -> list[Attempt]:
        """Loaded for all requests of an answer at once."""
        key = self.organization_id, self.request_id
        attempts = await info.context.loaders.attempts_by_stage.load(key)
        return [Attempt.from_row(row) for row in attempts.get(self.name, ())]


def milliseconds(start: datetime | None, end: datetime | None) -> float | None:
    """Milliseconds from one instant to another, at least 0; None while either is open."""
    return None if start is None or end is None else max(0.0, (end - start).total_seconds() * 1000)
