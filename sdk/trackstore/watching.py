"""Answers of the server about watched requests."""

from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from trackstore.calls import Json


class StageState(Struct, frozen=True, rename="camel"):
    name: str
    status: str
    progress: float | None = None
    attempt: int | None = None
    message: str | None = None


class RequestState(Struct, frozen=True, rename="camel"):
    uuid: UUID
    type: str
    status: str
    correlation_id: str
    title: str | None = None
    current_stage: str | None = None
    result: Json | None = None
    error_stage: str | None = None
    error: Json | None = None
    cancel_reason: str | None = None
    stages: tuple[StageState, ...] = ()


class LoggedEvent(Struct, frozen=True, rename="camel"):
    seq: int
    type: str
    severity: str
    occurred_at: datetime
    stage: str | None = None
    attempt: int | None = None
    message: str | None = None
    data: Json | None = None


class Progress(Struct, frozen=True, rename="camel"):
    """Progress of a request: its current state first (``event`` is None), then each event.

    ``progress`` is 0 to 1; ``eta_seconds`` is the estimated remaining time, if known.
    """

    request: RequestState
    seq: int
    progress: float
    replayed: bool
    event: LoggedEvent | None = None
    eta_seconds: float | None = None


class Gap(Struct, frozen=True, rename="camel"):
    """Events that the server skipped because the reader was too slow."""

    missed: int
    from_cursor: str
    to_cursor: str


def gap_of(item: Json) -> Gap:
    return msgspec.convert(item, Gap)


def progress_of(item: Json) -> Progress:
    return msgspec.convert(item, Progress)
