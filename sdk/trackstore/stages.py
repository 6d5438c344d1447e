"""A stage of a request as a ``with`` block, and the loop that retries it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from types import TracebackType
from typing import Any, Protocol, Self, overload
from uuid import UUID

from trackstore import entries
from trackstore.aliases import FAIL_ALIASES, LOG_ALIASES, with_inner
from trackstore.call_repair import tolerant
from trackstore.context import EnteredContexts
from trackstore.entries import Json, Severity
from trackstore.entry_sink import EntrySink
from trackstore.failures import details_of, message_of

LONGEST_DELAY_SECONDS = 60.0


class StageOwner(Protocol):
    id: UUID
    must_learn: bool
    hands_over: bool

    @property
    def correlation_id(self) -> str: ...

    def learn(self) -> None: ...

    def hand_over(self) -> None: ...

    def command(self) -> dict[str, Any]: ...

    def first_attempt(self, name: str) -> int: ...

    def begin_stage(
        self, name: str, attempt: int | None, stall_after: str | None
    ) -> int | None: ...

    def log(
        self,
        type: str,
        message: str | None = None,
        *,
        severity: Severity | str | int = "INFO",
        stage: str | None = None,
        **data: Any,
    ) -> None: ...

    @property
    def cancel_requested(self) -> bool: ...

    def raise_if_cancelled(self) -> None: ...


class StageHandle:
    """One attempt of a stage. ``output`` is sent when it completes."""

    def __init__(
        self,
        request: StageOwner,
        sink: EntrySink,
        name: str,
        *,
        attempt: int | None = None,
        stall_after: str | None = None,
        retryable: bool = True,
    ) -> None:
        self.name = name
        self.attempt = attempt or 0
        """From 1; 0 before the start."""
        self.output: Json = {}
        self.retryable = retryable
        """Whether another attempt makes sense after a failure."""
        self.succeeded = False
        self._request = request
        self._sink = sink
        self._stall_after = stall_after
        self._ended = False
        self._entered = EnteredContexts()

    def start(self) -> None:
        attempt = self._request.begin_stage(self.name, self.attempt or None, self._stall_after)
        self.attempt = attempt or 0

    @tolerant()
    def progress(
        self,
        fraction: float | None = None,
        *,
        done: int | None = None,
        total: int | None = None,
        message: str | None = None,
        **data: Any,
    ) -> None:
        """Report progress: ``fraction`` from 0 to 1, or ``done`` of ``total``; neither is a heartbeat."""
        self._sink.record(
            entries.ProgressStage(
                fraction=fraction,
                done=done,
                total=total,
                message=message,
                data=with_inner(data, "event_data") or None,
                **self._command(),
            )
        )

    @overload
    def log(
        self,
        type: str,
        message: str | None = None,
        *,
        severity: Severity | str | int = "INFO",
        **data: Any,
    ) -> None: ...

    @overload
    def log(
        self,
        *,
        event_type: str,
        message: str | None = None,
        severity: Severity | str | int = "INFO",
        **data: Any,
    ) -> None: ...

    @tolerant(LOG_ALIASES)  # type: ignore[misc]  # which resolves the other names
    def log(
        self,
        type: str,
        message: str | None = None,
        *,
        severity: Severity | str | int = "INFO",
        **data: Any,
    ) -> None:
        """Append an event about this stage to the log of the request, with ``data`` as its fields."""
        self._request.log(type, message, severity=severity, stage=self.name, **data)

    @tolerant()
    def complete(self, **output: Any) -> None:
        """Complete the stage; ``output`` is merged into the attribute ``output``."""
        self._ended = self.succeeded = True
        self.output.update(with_inner(output, "output_data"))
        self._sink.record(entries.CompleteStage(output=self.output or None, **self._command()))
        self._request.hand_over()

    @overload
    def fail(
        self,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        retryable: bool | None = None,
        error_details: Mapping[str, Any] | None = None,
        is_retryable: bool | None = None,
    ) -> None: ...

    @overload
    def fail(
        self,
        *,
        error_message: str,
        error_details: Mapping[str, Any] | None = None,
        is_retryable: bool | None = None,
    ) -> None: ...

    @tolerant(FAIL_ALIASES)  # type: ignore[misc]
    def fail(
        self,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        retryable: bool | None = None,
    ) -> None:
        """Fail this attempt; ``retryable`` says whether another one makes sense."""
        self._ended = True
        known: Any = details  # fitted when it is recorded
        self._sink.record(
            entries.FailStage(
                message=message,
                details=known,
                retryable=self.retryable if retryable is None else retryable,
                **self._command(),
            )
        )
        self._request.hand_over()

    @property
    def cancel_requested(self) -> bool:
        return self._request.cancel_requested

    def raise_if_cancelled(self) -> None:
        self._request.raise_if_cancelled()

    def _command(self) -> dict[str, Any]:
        attempt = self.attempt or None
        return {"stage": self.name, "attempt": attempt, **self._request.command()}

    def __enter__(self) -> Self:
        self.start()
        request = self._request
        self._entered.enter(
            request_id=request.id, stage=self.name, correlation_id=request.correlation_id
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        self._entered.leave()
        if not self._ended and error is None:
            self.complete()
        elif not self._ended and error is not None:
            self.fail(message_of(error), details=details_of(error))
        return None

    async def __aenter__(self) -> Self:
        if self._request.must_learn:
            await asyncio.to_thread(self._request.learn)
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        is_kept = self.__exit__(kind, error, traceback)
        if self._request.hands_over:
            await asyncio.to_thread(self._request.hand_over)
        return is_kept


class AttemptHandle(StageHandle):
    is_last = False

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        super().__exit__(kind, error, traceback)
        return isinstance(error, Exception) and self.retryable and not self.is_last


class Attempts:
    def __init__(
        self, request: StageOwner, sink: EntrySink, name: str, delay_seconds: float, most: int
    ) -> None:
        self._request = request
        self._sink = sink
        self._name = name
        self._delay_seconds = delay_seconds
        self._most = most

    def _attempt(self, number: int) -> AttemptHandle:
        handle = AttemptHandle(self._request, self._sink, self._name)
        handle.is_last = number >= self._most
        return handle

    def _delay(self, number: int) -> float:
        return min(LONGEST_DELAY_SECONDS, self._delay_seconds * 2.0 ** (number - 1))

    def _numbers(self) -> range:
        first = self._request.first_attempt(self._name)
        return range(first, max(first, self._most) + 1)

    def __iter__(self) -> Iterator[StageHandle]:
        for number in self._numbers():
            attempt = self._attempt(number)
            yield attempt
            if attempt.succeeded:
                return
            if not attempt.is_last:
                time.sleep(self._delay(number))

    async def __aiter__(self) -> AsyncIterator[StageHandle]:
        if self._request.must_learn:
            await asyncio.to_thread(self._request.learn)
        for number in self._numbers():
            attempt = self._attempt(number)
            yield attempt
            if attempt.succeeded:
                return
            if not attempt.is_last:
                await asyncio.sleep(self._delay(number))
