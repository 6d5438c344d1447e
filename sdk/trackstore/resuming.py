"""Requests that another process created, continued here."""

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
    """A request of another process, whose state is fetched when it is first needed.

    That is its correlation id, and the attempts of its stages. If the server is unavailable, stages
    are resumed without a number, and the server decides by its own state. The end of the work waits
    until the server has all reports, since the next process reads them there.
    """

    hands_over = True

    def __init__(self, sink: EntrySink, id: UUID, correlation_id: str | None = None) -> None:
        super().__init__(sink, id, correlation_id)
        self._is_named = correlation_id is not None
        self._known: RequestStatus | None = None
        self.must_learn = True

    @property
    def correlation_id(self) -> str:
        if not self._is_named:
            self.learn()
        return self._correlation_id

    @property
    def known(self) -> RequestStatus | None:
        self.learn()
        return self._known

    def is_completed(self, stage: str) -> bool:
        """Return whether a stage had completed before, so that its work can be skipped."""
        known_stage = None if self.known is None else self.known.stage(stage)
        return known_stage is not None and known_stage.status == "COMPLETED"

    def learn(self) -> None:
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
                "request %s is already %s: further reports have no effect", self.id, known.status
            )

    def hand_over(self) -> None:
        """Send the reports; the end of the outermost block waits until the server has them.

        Never blocks an event loop: there the ``async with`` of the block waits.
        """
        self._sink.hand_over(self.id, wait=not self._entered.is_open and not _is_in_loop())

    def start(self) -> None:
        self.learn()
        if self._known is None:
            super().start()
        elif self._known.status == "FAILED":
            self._sink.record(entries.RetryRequest(start_stage=False, **self.command()))

    def begin_stage(self, name: str, attempt: int | None, stall_after: str | None) -> int | None:
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
        stage = None if self.known is None else self.known.stage(name)
        return 1 if stage is None else stage.next_attempt

    def _warn_of(self, stage: StageStatus) -> None:
        if stage.status == "COMPLETED":
            log.warning(
                "stage %r of request %s has completed in attempt %d: further reports have no effect",
                stage.name, self.id, stage.attempt,
            )  # fmt: skip
        elif stage.status not in ACTIVE_STATUSES and stage.attempt and not stage.can_retry:
            log.warning(
                "stage %r of request %s may not be retried (attempt %d of %d%s): the server will "
                "reject its reports", stage.name, self.id, stage.attempt, stage.max_attempts,
                ", not retryable" if stage.retryable is False else "",
            )  # fmt: skip

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.learn)
        return await super().__aenter__()


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
