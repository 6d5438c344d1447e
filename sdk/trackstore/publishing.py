"""A tracker that also publishes everything it records on an event bus."""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from trackstore.entries import Consume, Entry, Operation
from trackstore.events import Event, EventBus, Listener
from trackstore.limit_calls import IfUnavailable
from trackstore.limits import ANSWER_TIMEOUT_SECONDS
from trackstore.recorder import Recorder
from trackstore.request_status import RequestStatus, Retry
from trackstore.results import Consumption, Flushed, Reservation, Stats

OPERATION_RECORDED = "operation.recorded"


class PublishingTracker(Recorder):
    """Tracker that hands each entry to ``inner`` and then emits ``<entry>.recorded`` on the bus.

    The event names are those of a batch, such as ``operation.recorded``, ``createRequest.recorded``
    and ``failStage.recorded``; ``event.data["entry"]`` holds the entry. Listeners run in the
    caller's thread, so move slow work to another thread or task.
    """

    def __init__(self, inner: Recorder, bus: EventBus) -> None:
        self.inner = inner
        self.bus = bus
        self.labels = inner.labels
        self.notices = inner.notices
        self.is_strict = inner.is_strict

    def put(self, entry: Entry) -> None:
        self.inner.record(entry)
        self.bus.emit(f"{entry.field}.recorded", entry=entry)

    def refuse(self, field: str, error: Exception) -> None:
        self.inner.refuse(field, error)

    def commit(
        self, id: UUID | str | Reservation, units: int, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> Consumption:
        return self.inner.commit(id, units, timeout=timeout)

    def release(
        self, id: UUID | str | Reservation, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> Consumption:
        return self.inner.release(id, timeout=timeout)

    def _consume(
        self, consume: Consume, timeout: float, if_unavailable: IfUnavailable
    ) -> Consumption:
        return self.inner._consume(consume, timeout, if_unavailable)

    def _reserve(
        self, consume: Consume, ttl: timedelta, timeout: float, if_unavailable: IfUnavailable
    ) -> Reservation:
        return self.inner._reserve(consume, ttl, timeout, if_unavailable)

    def flush(self, timeout: float = 5.0) -> Flushed:
        return self.inner.flush(timeout)

    def close(self, timeout: float = 5.0) -> Flushed:
        return self.inner.close(timeout)

    def stats(self) -> Stats:
        return self.inner.stats()

    def is_cancelled(self, request_id: UUID) -> bool:
        return self.inner.is_cancelled(request_id)

    def status(
        self, request_id: UUID | str, *, timeout: float = ANSWER_TIMEOUT_SECONDS
    ) -> RequestStatus | None:
        return self.inner.status(request_id, timeout=timeout)

    def retry_stage(
        self,
        request_id: UUID | str,
        stage: str,
        *,
        force: bool = False,
        timeout: float = ANSWER_TIMEOUT_SECONDS,
    ) -> Retry:
        return self.inner.retry_stage(request_id, stage, force=force, timeout=timeout)

    def retry_request(
        self,
        request_id: UUID | str,
        *,
        force: bool = False,
        timeout: float = ANSWER_TIMEOUT_SECONDS,
    ) -> Retry:
        return self.inner.retry_request(request_id, force=force, timeout=timeout)

    def look_up(self, request_id: UUID) -> RequestStatus | None:
        return self.inner.look_up(request_id)

    def hand_over(self, request_id: UUID, *, wait: bool) -> None:
        self.inner.hand_over(request_id, wait=wait)


def log_operations(bus: EventBus, logger: logging.Logger) -> Listener:
    """Log each operation as one line with its fields for structured logging.

    A failed operation is logged as a warning. Chat texts are not logged.
    """

    def listener(event: Event) -> None:
        operation: Operation = event.data["entry"]
        level = logging.WARNING if operation.outcome == "ERROR" else logging.INFO
        if logger.isEnabledFor(level):
            logger.log(level, "operation %s", operation.name, extra=fields_of(operation))

    return bus.on(OPERATION_RECORDED, listener)


def fields_of(operation: Operation) -> dict[str, Any]:
    labels, api, llm = operation.labels, operation.api, operation.llm
    fields = {
        "operation_id": str(operation.id),
        "kind": operation.kind,
        "operation_type": operation.operation_type,
        "outcome": operation.outcome,
        "error": operation.error,
        "duration_ms": operation.duration_ms,
        "correlation_id": operation.correlation_id,
        "trace_id": operation.trace_id,
        "method": api and api.method,
        "status_code": api and api.status_code,
        "model": llm and llm.model,
        "input_tokens": llm and llm.input_tokens,
        "output_tokens": llm and llm.output_tokens,
        "organization_id": labels and labels.organization_id,
        "workspace_id": labels and labels.workspace_id,
        "user_id": labels and labels.user_id,
    }
    return {name: value for name, value in fields.items() if value is not None}
