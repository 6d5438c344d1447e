"""Common part of the integrations: watches one call and records it at its end."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from trackstore.context import Context, bind
from trackstore.exception_status import SERVER_ERROR_STATUS, describe, status_and_error
from trackstore.served_calls import DISCONNECTED_STATUS, CallRecorder, OpenCall, ServedCall, serving


class Exchange:
    """A call from its start to its record.

    ``facts`` returns the fields of ``ServedCall`` that are read at the end; ``annotate`` takes
    precedence.
    """

    __slots__ = (
        "call",
        "context",
        "ended",
        "error",
        "is_disconnected",
        "recorder",
        "started",
        "status",
    )

    def __init__(self, recorder: CallRecorder, context: Context) -> None:
        self.started = time.perf_counter()
        self.ended = 0.0
        self.recorder = recorder
        self.context = context
        self.call = OpenCall(recorder)
        self.status: int | None = None
        self.error: str | None = None
        self.is_disconnected = False

    @contextmanager
    def inside(self) -> Iterator[None]:
        with bind(self.context), serving(self.call):
            yield

    def facts(self) -> dict[str, Any]:
        raise NotImplementedError

    def recorded_status(self) -> int | None:
        return self.status or (DISCONNECTED_STATUS if self.is_disconnected else SERVER_ERROR_STATUS)

    def fail(self, error: BaseException) -> None:
        status, self.error = status_and_error(error)
        if self.status is None:
            self.status = status

    def finish(self) -> None:
        """Record the call, once. Never raises."""
        if self.call.is_recorded:
            return
        self.call.is_recorded = True
        try:
            with bind(self.context):  # not in a block of the service that is still open
                self.recorder.record(self._served_call())
        except Exception as error:  # noqa: BLE001 - tracking must not break what it tracks
            self.recorder.failed("a call could not be read", error)

    def _served_call(self) -> ServedCall:
        ended = self.ended or time.perf_counter()
        facts, call = self.facts(), self.call
        if call.labels:
            facts["labels"] = {**facts.get("labels", {}), **call.labels}
        status = facts["status_code"] = self.recorded_status()
        if (
            self.error is None
            and call.exception is not None
            and (status or 0) >= SERVER_ERROR_STATUS
        ):
            self.error = describe(call.exception)
        facts["duration_ms"] = (ended - self.started) * 1_000
        facts["error"] = self.error
        facts["correlation_id"] = self.context.correlation_id
        facts["trace_id"] = self.context.trace_id
        facts.update(call.facts)
        if self.is_disconnected:
            call.attributes["disconnected"] = True
        return ServedCall(attributes=call.attributes, details=call.details, **facts)
