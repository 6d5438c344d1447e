"""Connections: how many there are, how long they may be used, and how callers share them."""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from store.setting_types import HOUR_SECONDS


class ConnectionCapacity(NamedTuple):
    records: int
    questions: int


def upper_case(value: Any) -> Any:
    return value.strip().upper() if isinstance(value, str) else value


Synchronous = Annotated[Literal["OFF", "NORMAL", "FULL", "EXTRA"], BeforeValidator(upper_case)]
Seconds = Annotated[float, Field(gt=0, le=HOUR_SECONDS)]


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """Connections kept (``size``) and lent on top (``overflow``); waits and statements in seconds.

    ``flush_seconds`` bounds a transaction of the writer and small reads that many wait for; an
    answer that is missing for ``silence_seconds`` has its connection checked (PostgreSQL).
    ``questions`` are aggregations that run at once; ``waiting`` reads of one organization wait for
    their turn, each for ``turn_seconds`` at most.
    """

    size: Annotated[
        int,
        Field(
            validation_alias="pool_size",
            ge=1,
            le=1_000,
            description="Connections each process keeps open (PostgreSQL).",
        ),
    ] = 10
    overflow: Annotated[
        int,
        Field(
            validation_alias="pool_overflow",
            ge=0,
            le=1_000,
            description="Connections on top of these while many are in use.",
        ),
    ] = 20
    wait_seconds: Annotated[
        Seconds,
        Field(
            validation_alias="pool_wait_seconds",
            description="How long to wait for a connection before the caller gets a retryable error.",
        ),
    ] = 5.0
    questions: Annotated[
        int,
        Field(
            validation_alias="max_questions",
            ge=1,
            le=1_000,
            description="Aggregations each process runs at once, at most a third of its connections, "
            "and 3 on SQLite. One organization has at most half of them, rounded up.",
        ),
    ] = 8
    waiting: Annotated[
        int,
        Field(
            validation_alias="max_waiting",
            ge=1,
            le=1_000_000,
            description="Reads, aggregations and bulk loads of one organization that wait for their "
            "turn in each process, of each kind; further ones are refused with OVERLOADED.",
        ),
    ] = 500
    turn_seconds: Annotated[
        Seconds,
        Field(
            description="How long one of them waits for its turn before it is refused with "
            "OVERLOADED."
        ),
    ] = 30.0
    statement_seconds: Annotated[
        Seconds, Field(description="How long one statement may run before it is ended.")
    ] = 30.0
    lock_seconds: Annotated[
        Seconds, Field(description="How long a statement waits for a lock (PostgreSQL).")
    ] = 5.0
    silence_seconds: Annotated[
        Seconds,
        Field(
            description="How long the database may leave a statement unanswered before another "
            "connection asks whether it works on it; an unresponsive one is closed (PostgreSQL)."
        ),
    ] = 3.0
    flush_seconds: Annotated[
        Seconds,
        Field(
            description="How long a transaction of the writer may take before it is abandoned and its "
            "callers are answered; entries may wait three times as long for theirs."
        ),
    ] = 10.0
    synchronous: Annotated[
        Synchronous,
        Field(
            validation_alias="sqlite_synchronous",
            description="When SQLite waits for the disk. FULL survives a power cut; NORMAL is faster "
            "and may lose what was acknowledged in the last moment before one.",
        ),
    ] = "FULL"
