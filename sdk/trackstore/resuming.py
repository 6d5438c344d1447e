"""A request that was created elsewhere, taken up where it stands."""

import asyncio
from typing import Self
from uuid import UUID

from trackstore import entries
from trackstore.context import current
from trackstore.entry_sink import EntrySink
from trackstore.request_status import (
    ACTIVE_STATUSES,
    FINAL_STATUSES,
    RequestStatus,
    StageStatus,
    log,
)
from trackstore.requests import RequestHandle


class ResumedRequest(RequestHandle):
    """A request of another process. Its state is learned from the server when it is first needed.

    The correlation id, and of each stage the attempts made and allowed. Where the server cannot be
    asked, the stages are resumed without their number, and the server decides by what it has then.
    The end of its work waits until the server has what was reported, for the next process asks it.
    """

    hands_over = True

    def __init__(self, sink: EntrySink, id: UUID, correlation_id: str | None = None) -> None:
        super().__init__(sink, id, correlation_id)
        self._is_named = correlation_id is not None
        self._known: RequestStatus | None = None
        self.must_learn = True

    @property
    def correlation_id(self) -> str:
        """What ties it to other services' records."""
        if not self._is_named:
            self.learn()
        return self._correlation_id

    @property
    def known(self) -> RequestStatus | None:
        """The request as it was when it was resumed; None where the server could not be asked."""
        self.learn()
        return self._known

    def is_completed(self, stage: str) -> bool:
        """Whether a stage had completed when the request was resumed: its work can be left out."""
        known_stage = None if self.known is None else self.known.stage(stage)
        return known_stage is not None and known_stage.status == "COMPLETED"

    def learn(self) -> None:
        """Ask the server, once."""
        if not self.must_learn:
            return
        self.must_learn = False
        known = self._known = self._sink.look_up(self.id)
        if known is None:
            if not self._is_named:
                self._correlation_id = current().correlation_id or self._correlation_id
            return
        if not self._is_named:
            self._correlation_id = known.correlation_id
        self._allowed |= {stage.name: stage.max_attempts for stage in known.stages}
        if known.status in FINAL_STATUSES:
            log.warning(
                "request %s is %s: what is reported of it changes nothing", self.id, known.status
            )

    def hand_over(self) -> None:
        """Send what was reported; the end of the outermost block waits until the server has it.

        Never blocks an event loop: there the ``async with`` of the block waits.
        """
        self._sink.hand_over(self.id, wait=not self._entered.is_open and not _is_in_loop())

    def start(self) -> None:
        """The work goes on; a request that has failed runs again, if that is allowed."""
        self.learn()
        if self._known is None:
            super().start()
        elif self._known.status == "FAILED":
            self._sink.record(entries.RetryRequest(start_stage=False, **self.command()))

    def begin_stage(self, name: str, attempt: int | None, stall_after: str | None) -> int | None:
        """Start, retry or take over a stage; the attempt that is spoken for, None if not known."""
        if attempt is not None or name in self._attempts:
            return super().begin_stage(name, attempt, stall_after)
        self.learn()
        command = {"stage": name, "stall_after": stall_after, **self.command()}
        self._sink.record(entries.StartStage(resume=True, **command))
        if self._known is None:
            return None
        stage = self._known.stage(name)
        present = 1 if stage is None else stage.next_attempt
        if stage is not None:
            self._warn_of(stage)
        self._attempts[name] = present
        return present

    def first_attempt(self, name: str) -> int:
        """The attempt that a loop over attempts begins with."""
        stage = None if self.known is None else self.known.stage(name)
        return 1 if stage is None else stage.next_attempt

    def _warn_of(self, stage: StageStatus) -> None:
        if stage.status == "COMPLETED":
            log.warning(
                "stage %r of request %s has completed in attempt %d: what is reported of it now "
                "changes nothing", stage.name, self.id, stage.attempt,
            )  # fmt: skip
        elif stage.status not in ACTIVE_STATUSES and stage.attempt and not stage.can_retry:
            log.warning(
                "stage %r of request %s may not be retried (attempt %d of %d%s): the server refuses "
                "what is reported of it", stage.name, self.id, stage.attempt, stage.max_attempts,
                ", not retryable" if stage.retryable is False else "",
            )  # fmt: skip

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.learn)
        return await super().__aenter__()


def _is_in_loop() -> bool:
    """Whether this thread runs an event loop now."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
