"""Requests and stages as ``with`` blocks that start, complete and fail them.

Nothing here waits for the server: every command is an entry with its own id, and entries of one
request are applied in order.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, overload
from uuid import UUID

from trackstore import entries
from trackstore.aliases import FAIL_ALIASES, LOG_ALIASES, with_inner
from trackstore.call_repair import report, tolerant
from trackstore.context import EnteredContexts, current
from trackstore.entries import Json, Labels, Severity
from trackstore.entry_sink import EntrySink
from trackstore.errors import RequestCancelledError
from trackstore.failures import details_of, message_of
from trackstore.ids import new_id
from trackstore.normalization import MAX_ATTEMPTS, UNKNOWN
from trackstore.stages import Attempts, StageHandle
from trackstore.values import Problems, read_text, whole_number

DEFAULT_ATTEMPTS = 3
"""Attempts of a stage without a plan, the default of the server."""


class RequestHandle:
    """A request, as seen by the code that works on it.

    ``result`` is sent when it completes; ``correlation_id`` links it to records of other services.
    """

    must_learn = False
    """Whether its state must be fetched from the server."""
    hands_over = False
    """Whether the end of its work waits until the server has all reports."""

    def __init__(self, sink: EntrySink, id: UUID, correlation_id: str | None = None) -> None:
        self.id = id
        self._correlation_id = correlation_id or str(id)
        self.result: Json = {}
        self._sink = sink
        self._attempts: dict[str, int] = {}
        self._allowed: dict[str, int] = {}
        self._ended = False
        self._entered = EnteredContexts()

    @property
    def correlation_id(self) -> str:
        return self._correlation_id

    def learn(self) -> None:
        pass

    def hand_over(self) -> None:
        pass

    # ------------------------------------------------------------------ its own commands

    def create(
        self,
        type: str,
        stages: Sequence[entries.Stage],
        *,
        title: str | None = None,
        attributes: Json | None = None,
        labels: Labels | None = None,
        occurred_at: datetime | None = None,
    ) -> None:
        self._allowed = {stage.name: stage.max_attempts for stage in stages}
        self._sink.record(
            entries.CreateRequest(
                id=self.id,
                type=type,
                title=title,
                correlation_id=self.correlation_id,
                labels=labels,
                stages=list(stages) or None,
                attributes=attributes,
                occurred_at=occurred_at,
            )
        )

    def start(self) -> None:
        self._sink.record(entries.StartRequest(**self.command()))

    @tolerant()
    def complete(self, **result: Any) -> None:
        """Complete the request; ``result`` is merged into the attribute ``result``."""
        self._ended = True
        self.result.update(with_inner(result, "output_data"))
        self._sink.record(entries.CompleteRequest(result=self.result or None, **self.command()))
        self.hand_over()

    @overload
    def fail(
        self,
        message: str,
        *,
        stage: str | None = None,
        details: Mapping[str, Any] | None = None,
        error_stage: str | None = None,
        error_details: Mapping[str, Any] | None = None,
    ) -> None: ...

    @overload
    def fail(
        self,
        *,
        error_message: str,
        error_stage: str | None = None,
        error_details: Mapping[str, Any] | None = None,
    ) -> None: ...

    @tolerant(FAIL_ALIASES)  # type: ignore[misc]  # which resolves the other names
    def fail(
        self, message: str, *, stage: str | None = None, details: Mapping[str, Any] | None = None
    ) -> None:
        """Fail the request; ``stage`` defaults to the last failed one."""
        self._ended = True
        known: Any = details  # fitted when it is recorded
        self._sink.record(
            entries.FailRequest(message=message, stage=stage, details=known, **self.command())
        )
        self.hand_over()

    @tolerant({"message": "reason"})
    def cancel(self, reason: str | None = None) -> None:
        self._ended = True
        self._sink.record(entries.CancelRequest(reason=reason, **self.command()))
        self.hand_over()

    @overload
    def log(
        self,
        type: str,
        message: str | None = None,
        *,
        severity: Severity | str | int = "INFO",
        stage: str | None = None,
        **data: Any,
    ) -> None: ...

    @overload
    def log(
        self,
        *,
        event_type: str,
        message: str | None = None,
        severity: Severity | str | int = "INFO",
        stage_name: str | None = None,
        **data: Any,
    ) -> None: ...

    @tolerant(LOG_ALIASES)  # type: ignore[misc]
    def log(
        self,
        type: str,
        message: str | None = None,
        *,
        severity: Severity | str | int = "INFO",
        stage: str | None = None,
        **data: Any,
    ) -> None:
        """Append an event to the log of the request, with ``data`` as its fields.

        ``severity`` is DEBUG, INFO, WARNING, ERROR or CRITICAL in any case, or a level of
        ``logging``.
        """
        known: Any = severity
        here = current()
        if stage is None and here.request_id == self.id:
            stage = here.stage
        self._sink.record(
            entries.LogEvent(
                type=type,
                message=message,
                severity=known,
                stage=stage,
                data=with_inner(data, "event_data") or None,
                **self.command(),
            )
        )

    @property
    def cancel_requested(self) -> bool:
        """Whether the request was cancelled, as far as the server's answers have reported.

        The answer to the next stage report (``stage.progress()``) tells it, so it takes about the
        interval of the tracker.
        """
        return self._sink.is_cancelled(self.id)

    def raise_if_cancelled(self) -> None:
        """Raise ``RequestCancelledError`` if the request was cancelled."""
        if self.cancel_requested:
            raise RequestCancelledError(f"request {self.id} was cancelled")

    # ------------------------------------------------------------------ stages

    @tolerant({"stage_name": "name"})
    def stage(
        self,
        name: str,
        *,
        attempt: int | None = None,
        stall_after: str | None = None,
        retryable: bool = True,
    ) -> StageHandle:
        """Return a handle of the next attempt of a stage.

        ``with`` starts (or retries) it, completes it, and fails it on an exception, which is raised
        again. ``attempt`` (from 1) is for resumed requests, whose earlier attempts are unknown
        here. ``stall_after`` (ISO 8601) is how long it may be silent; ``retryable`` applies to its
        failure.
        """
        name, attempt = self._stage_facts(name, attempt)
        if attempt is not None:
            self._attempts[name] = attempt
        return StageHandle(
            self, self._sink, name, attempt=attempt, stall_after=stall_after, retryable=retryable
        )

    @tolerant({"stage_name": "name"})
    def attempts(
        self, name: str, *, delay_seconds: float = 0.0, most: int | None = None
    ) -> Attempts:
        """Retry a stage until it succeeds: ``for stage in ...: with stage: ...``.

        An exception is suppressed while attempts are left (``most``, default: as planned), and the
        stage is retried after ``delay_seconds``, doubled each time; the exception of the last
        attempt is raised. ``stage.retryable = False`` inside makes an attempt the last. ``async
        for`` with ``async with`` does not block the loop.
        """
        name, most = self._stage_facts(name, most)
        return Attempts(self, self._sink, name, delay_seconds, most or self.max_attempts_of(name))

    def _stage_facts(self, name: Any, attempt: Any) -> tuple[str, int | None]:
        problems: Problems = []
        text = read_text(name, problems) if type(name) is not str else name
        number = None if attempt is None else whole_number(1, MAX_ATTEMPTS)(attempt, problems)
        report(self._sink, "stage", [("stage", problem) for _, problem in problems])
        return text or UNKNOWN, number

    def max_attempts_of(self, name: str) -> int:
        return self._allowed.get(name, DEFAULT_ATTEMPTS)

    def first_attempt(self, name: str) -> int:
        del name
        return 1

    def begin_stage(self, name: str, attempt: int | None, stall_after: str | None) -> int | None:
        """Start a stage, or retry it from the second attempt on; return the attempt, from 1."""
        if attempt is None:
            attempt = self._attempts[name] = self._attempts.get(name, 0) + 1
        common = {"stage": name, **self.command()}
        if attempt == 1:
            self._sink.record(entries.StartStage(stall_after=stall_after, **common))
        else:
            self._sink.record(entries.RetryStage(attempt=attempt - 1, **common))
        return attempt

    # ------------------------------------------------------------------ inside

    def command(self) -> dict[str, Any]:
        return {"request_id": self.id, "event_id": new_id(), "occurred_at": datetime.now(UTC)}

    def _enter(self) -> None:
        self.start()
        self._entered.enter(request_id=self.id, stage=None, correlation_id=self.correlation_id)

    def _exit(self, error: BaseException | None) -> None:
        self._entered.leave()
        if self._ended:
            self.hand_over()
        elif error is None:
            self.complete()
        else:
            self.fail(message_of(error), details=details_of(error))

    def __enter__(self) -> Self:
        self._enter()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._exit(error)

    async def __aenter__(self) -> Self:
        self._enter()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._exit(error)
        if self.hands_over:
            await asyncio.to_thread(self.hand_over)
