"""One request in memory: its rows, its state machine, and what must be written.

``RequestState`` starts from the rows of a request, takes commands one by one, and keeps changed
rows and new events. The rules stand in ``transitions``, refusals in ``refusals``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from models.enums import RequestStatus, Severity, StageStatus
from store.errors import InvalidTransitionError
from store.ids import new_id
from store.requests.refusals import (
    applies_to_request,
    applies_to_stage,
    is_earlier_attempt,
    refuse_further_stage,
    refuse_retry,
    stage_named,
)
from store.requests.rows import (
    PENDING_DEFAULTS,
    REOPENED,
    CommandContext,
    Row,
    awaits_its_worker,
    event_row,
    merge_data,
    reopening_data,
)
from store.requests.stage_rows import MAX_REQUEST_STAGES, RequestStages
from store.requests.stalls import StallPolicy
from store.requests.transitions import (
    REQUEST_FINAL,
    STAGE_ACTIVE,
    STAGE_ENDED,
    STAGE_TRANSITIONS,
    RequestCommand,
    StageCommand,
    retry_target,
)


@dataclass(slots=True)
class RequestState:
    """A request with its stages, and what must be written: changed rows and new events.

    ``make_id`` makes the ids of events that no caller asked for by name. ``late`` counts messages
    of attempts that are over and reports that came after the end; ``lost`` says that the request
    was given up.

    What follows from all stages, progress and the current stage, is computed once by ``settle``
    and not for each command: many commands to one request cost in proportion to their number.
    """

    row: Row
    stages: RequestStages
    now: datetime
    make_id: Callable[[], UUID] = new_id
    stall_policy: StallPolicy = field(default_factory=StallPolicy)
    events: list[Row] = field(default_factory=list)
    seen: set[UUID] = field(default_factory=set)
    max_stages: int = MAX_REQUEST_STAGES
    progress_is_stale: bool = False
    current_stage_is_stale: bool = False
    dirty: bool = False
    late: int = 0
    lost: bool = False

    @property
    def key(self) -> tuple[str, UUID]:
        return self.row["organization_id"], self.row["id"]

    @property
    def status(self) -> RequestStatus:
        return RequestStatus(self.row["status"])

    @property
    def final(self) -> bool:
        return self.status in REQUEST_FINAL

    def emit(
        self,
        type: str,
        fact: CommandContext,
        severity: Severity = Severity.INFO,
        stage: str | None = None,
        event_id: UUID | None = None,
    ) -> None:
        self.row["last_seq"] += 1
        self.row["updated_at"] = self.now
        self.dirty = True
        event = event_row(self.row, type, fact, event_id or fact.event_id, severity)
        event |= {"stage": stage, "attempt": self.stages.attempt_of(stage), "recorded_at": self.now}
        self.seen.add(event["id"])
        self.events.append(event)

    def settle(self) -> None:
        """Compute what follows from all stages; to be called before the row is read or written."""
        self._settle_current_stage()
        if self.progress_is_stale:
            self.progress_is_stale = False
            self.row["progress"] = self.stages.progress()

    def keep_deadline(self) -> None:
        """Keep ``deadline_at`` a lower bound of what is due; to be called before it is written."""
        self.stall_policy.keep_deadline(self.row, self.stages)

    # ---------------------------------------------------------------- heartbeats --

    def _record_heartbeat(self, fact: CommandContext) -> None:
        self.row["last_heartbeat_at"] = self.now
        self.dirty = True
        if applies_to_request(RequestCommand.RESUME, self.status):
            self.row["status"], self.row["stalled_at"] = RequestStatus.RUNNING.value, None
            self.emit("request.resumed", fact.without_payload, event_id=self.make_id())

    def _record_stage_heartbeat(self, stage: Row, fact: CommandContext) -> None:
        self._record_heartbeat(fact)
        self.stages.mark(stage)
        stage["last_heartbeat_at"] = self.now
        if stage["status"] == StageStatus.STALLED.value:
            stage["status"], stage["stalled_at"] = StageStatus.RUNNING.value, None
            self.stages.record(stage)
            self.emit(
                "stage.resumed", fact.without_payload, stage=stage["name"], event_id=self.make_id()
            )

    # ---------------------------------------------------------------- what changes

    def _start(self, fact: CommandContext, event_id: UUID | None = None) -> None:
        self.row["status"] = RequestStatus.RUNNING.value
        self.row["started_at"] = fact.at
        self.emit("request.started", fact, event_id=event_id)

    def _begin_attempt(
        self, stage: Row, fact: CommandContext, event: str, event_id: UUID | None = None
    ) -> None:
        self.stages.begin_attempt(stage, fact.at, self.now)
        self.row["current_stage"] = stage["name"]
        self.current_stage_is_stale = False
        self.progress_is_stale = True
        self.emit(event, fact, stage=stage["name"], event_id=event_id)

    def _finish(self, stage: Row, ending: Row) -> None:
        self.stages.finish(stage, ending)
        self.current_stage_is_stale = True
        self.progress_is_stale = True

    def _close_stages(self, fact: CommandContext) -> None:
        """Cancel the stages that run, skip those that never started."""
        for stage in self.stages.in_order():
            status = StageStatus(stage["status"])
            if status in STAGE_ENDED:
                continue
            if status in STAGE_ACTIVE:
                self._finish(stage, {"status": StageStatus.CANCELLED.value, "ended_at": fact.at})
                event, severity = "stage.cancelled", Severity.WARNING
            else:
                stage["status"] = StageStatus.SKIPPED.value
                self.stages.mark(stage)
                event, severity = "stage.skipped", Severity.INFO
            self.emit(event, fact.without_payload, severity, stage["name"], self.make_id())

    def _end(self, status: RequestStatus, fact: CommandContext) -> None:
        self.row["status"] = status.value
        self.row["ended_at"] = max(self.row["started_at"] or fact.at, fact.at)
        self.row["current_stage"] = None
        self.current_stage_is_stale = False
        self.row["stalled_at"] = None

    def _reopen(
        self, fact: CommandContext, event_id: UUID, beside: str | None, forced: bool
    ) -> None:
        """Run a FAILED request again; stages that its failure ended return to PENDING.

        ``beside`` is the stage that is started at once. The failure itself stays in the log.
        """
        row, data = self.row, reopening_data(self.row, forced)
        row |= REOPENED | {
            "started_at": row["started_at"] or fact.at,
            "last_heartbeat_at": self.now,
        }
        stage = self.stages.get(row["error_stage"] or "")
        if stage is None or stage["status"] != StageStatus.FAILED.value:
            row["error_stage"] = None
        self.emit("request.reopened", fact.with_data(data), event_id=event_id)
        for stage in self.stages.in_order():
            name = stage["name"]
            if name != beside and applies_to_stage(StageCommand.REOPEN, stage):
                stage.update(PENDING_DEFAULTS)
                self.stages.mark(stage)
                self.emit(
                    "stage.reopened", fact.without_payload, stage=name, event_id=self.make_id()
                )
        self.progress_is_stale = True

    def _is_late(self, stage: Row, attempt: int | None) -> bool:
        """Count and report a message of an attempt that is over."""
        is_late = is_earlier_attempt(stage, attempt)
        self.late += is_late
        return is_late

    def _settle_current_stage(self) -> None:
        if self.current_stage_is_stale:
            self.current_stage_is_stale = False
            self.row["current_stage"] = self.stages.latest_active()

    # ---------------------------------------------------------------- commands to stages

    def start_stage(
        self,
        name: str,
        fact: CommandContext,
        attempt: int | None,
        stall_after_ms: int | None = None,
        resume: bool = False,
    ) -> bool:
        """Start the next attempt of a stage; add the stage if it was not planned.

        A request that is still PENDING starts with it. ``stall_after_ms`` replaces the silence
        that was planned. ``resume`` goes on with a stage wherever it stands: it retries one that
        failed, and takes over one that runs.
        """
        stage = self.stages.get(name)
        if stage is not None and self._take_late_start(stage, fact, attempt):
            return True
        if resume and self.status is not RequestStatus.COMPLETED:
            resumed = self._resume_stage(stage, name, fact, attempt)
            if resumed is not None:
                self._set_stall_after(name, stall_after_ms if resumed else None)
                return resumed
        if self.final:
            return False
        if stage is None:
            stage = self.stages.add(self.row, name, self.max_stages)
        elif self._is_late(stage, attempt) or not applies_to_stage(StageCommand.START, stage):
            return False
        self._record_heartbeat(fact)
        if self.status is RequestStatus.PENDING:
            self._start(fact.without_payload, self.make_id())
        self._set_stall_after(name, stall_after_ms)
        self._begin_attempt(stage, fact, "stage.started")
        return True

    def _set_stall_after(self, name: str, stall_after_ms: int | None) -> None:
        if stall_after_ms is not None and name in self.stages:
            self.stages[name]["stall_after_ms"] = stall_after_ms

    def _resume_stage(
        self, stage: Row | None, name: str, fact: CommandContext, attempt: int | None
    ) -> bool | None:
        if self.status is RequestStatus.CANCELLED:
            return False
        if stage is None:
            if self.status is RequestStatus.FAILED:
                refuse_further_stage(self.row, len(self.stages), self.max_stages, name)
                self._reopen(fact.without_payload, self.make_id(), None, forced=False)
            return None
        status = StageStatus(stage["status"])
        if status in STAGE_TRANSITIONS[StageCommand.RETRY]:
            return self.retry_stage(name, fact, attempt)
        if status is StageStatus.COMPLETED or self._is_late(stage, attempt):
            return False
        if status in STAGE_ACTIVE:
            self._record_stage_heartbeat(stage, fact)
            if not awaits_its_worker(stage):
                self.emit("stage.taken_over", fact, stage=name)
            return True
        return None

    def _take_late_start(self, stage: Row, fact: CommandContext, attempt: int | None) -> bool:
        """Take the start of the present attempt that arrives after something that followed it.

        Whatever order reports arrive in, an attempt started at the earliest time that was said.
        """
        started = stage["started_at"]
        if attempt not in (None, stage["attempt"]) or not fact.is_earlier_than(started):
            return False
        if not self.final:
            self._record_heartbeat(fact)
        self._settle_current_stage()
        stage["started_at"] = fact.at
        self.stages.record(stage)
        if fact.is_earlier_than(self.row["started_at"]):
            self.row["started_at"] = fact.at
        self.emit("stage.start_reported", fact, stage=stage["name"])
        return True

    def retry_stage(
        self, name: str, fact: CommandContext, attempt: int | None = None, force: bool = False
    ) -> bool:
        """Retry a stage that failed or ended with a FAILED request.

        The earlier attempts stay visible. ``attempt`` is the one that failed: a retry of an
        earlier one came too late. ``force`` ignores ``retryable`` and ``max_attempts``.
        """
        stage = stage_named(self.stages, name)
        if self.final and self.status is not RequestStatus.FAILED:
            raise InvalidTransitionError(
                f"the request has ended as {self.status.value}: it is final"
            )
        if self._is_late(stage, attempt):
            return False
        if stage["status"] in STAGE_ACTIVE and stage["attempt"] > 1:
            return False
        applies_to_stage(StageCommand.RETRY, stage)
        refuse_retry(stage, force)
        self._retry(stage, fact, force)
        return True

    def _retry(self, stage: Row, fact: CommandContext, force: bool) -> None:
        name = stage["name"]
        if self.status is RequestStatus.FAILED:
            self._reopen(fact.without_payload, self.make_id(), name, force)
        self._record_heartbeat(fact)
        self._begin_attempt(stage, fact, "stage.retried" if stage["attempt"] else "stage.started")
        if self.row["error_stage"] == name:
            self.row["error_stage"] = None

    def progress_stage(
        self,
        name: str,
        fact: CommandContext,
        attempt: int | None,
        fraction: float | None,
        done: int | None,
        total: int | None,
    ) -> bool:
        stage = stage_named(self.stages, name)
        if self._is_over(StageCommand.PROGRESS, stage, attempt):
            return False
        self._begin_if_waiting(stage, fact)
        self._record_stage_heartbeat(stage, fact)
        is_new = self.stages.report(stage, fraction, done, total, fact.message)
        if not is_new and fact.data is None:
            return True
        self.stages.record(stage)
        self.progress_is_stale = True
        data = {k: stage[k] for k in ("progress", "done", "total") if stage[k] is not None}
        self.emit("stage.progressed", fact.with_data(merge_data(data, fact.data)), stage=name)
        return True

    def _begin_if_waiting(self, stage: Row, fact: CommandContext) -> None:
        if stage["status"] != StageStatus.PENDING.value:
            return
        if self.status is RequestStatus.PENDING:
            self._start(fact.without_payload, self.make_id())
        self._begin_attempt(stage, fact.without_payload, "stage.started", self.make_id())

    def _is_over(self, command: StageCommand, stage: Row, attempt: int | None) -> bool:
        if not self.final:
            if self._is_late(stage, attempt):
                return True
            if applies_to_stage(command, stage):
                return False
        self.late += stage["status"] != STAGE_TRANSITIONS[command][StageStatus.RUNNING].value
        return True

    def complete_stage(self, name: str, fact: CommandContext, attempt: int | None) -> bool:
        return self._end_stage(StageCommand.COMPLETE, name, fact, attempt, None)

    def fail_stage(
        self, name: str, fact: CommandContext, attempt: int | None, retryable: bool
    ) -> bool:
        return self._end_stage(StageCommand.FAIL, name, fact, attempt, retryable)

    def _end_stage(
        self,
        command: StageCommand,
        name: str,
        fact: CommandContext,
        attempt: int | None,
        retryable: bool | None,
    ) -> bool:
        stage = stage_named(self.stages, name)
        if self._is_over(command, stage, attempt):
            return False
        self._begin_if_waiting(stage, fact)
        self._record_heartbeat(fact)
        stage["last_heartbeat_at"] = self.now
        if command is StageCommand.FAIL:
            self._fail_stage(command, stage, fact, retryable)
        else:
            status = STAGE_TRANSITIONS[command][StageStatus(stage["status"])]
            ending = {"status": status.value, "ended_at": fact.at, "output": fact.data}
            self._finish(stage, ending | {"progress": 1.0})
            self.emit("stage.completed", fact, stage=name)
        return True

    def _fail_stage(
        self, command: StageCommand, stage: Row, fact: CommandContext, retryable: bool | None
    ) -> None:
        status = STAGE_TRANSITIONS[command][StageStatus(stage["status"])]
        ending: Row = {"status": status.value, "ended_at": fact.at, "retryable": retryable}
        self.row["error_stage"] = stage["name"]
        self._finish(stage, ending | {"error_message": fact.message, "error": fact.data})
        self.emit("stage.failed", fact, Severity.ERROR, stage["name"])

    # ---------------------------------------------------------------- commands to the request

    def start(self, fact: CommandContext, event_id: UUID | None = None) -> bool:
        if self._take_late_start_of_all(fact):
            return True
        if not applies_to_request(RequestCommand.START, self.status):
            return False
        self._record_heartbeat(fact)
        self._start(fact, event_id)
        return True

    def _take_late_start_of_all(self, fact: CommandContext) -> bool:
        row = self.row
        if not fact.is_earlier_than(row["started_at"] or row["ended_at"]):
            return False
        if not self.final:
            self._record_heartbeat(fact)
        row["started_at"] = fact.at
        self.emit("request.start_reported", fact)
        return True

    def retry(self, fact: CommandContext, force: bool = False, start_stage: bool = True) -> bool:
        """Retry a FAILED request, from its error stage if possible (``retry_target``).

        ``start_stage`` False leaves it to the worker to start stages. ``force`` ignores
        ``retryable`` and ``max_attempts``. In a request that runs it retries its error stage.
        """
        if not applies_to_request(RequestCommand.RETRY, self.status):
            stage = self.stages.get(self.row["error_stage"] or "")
            if stage is None or not start_stage or stage["status"] != StageStatus.FAILED.value:
                return False
            return self.retry_stage(stage["name"], fact, force=force)
        target = retry_target(self.row["error_stage"], self.stages)
        if target is None:
            self._reopen(fact, fact.event_id, None, force)
            return True
        stage = self.stages[target["name"]]
        refuse_retry(stage, force)
        if start_stage:
            self._retry(stage, fact, force)
        else:
            self._reopen(fact, fact.event_id, None, force)
        return True

    def complete(self, fact: CommandContext) -> bool:
        if not applies_to_request(RequestCommand.COMPLETE, self.status):
            return False
        if self.status is RequestStatus.PENDING:
            self._start(fact.without_payload, self.make_id())
        self.row["last_heartbeat_at"] = self.now
        self._close_stages(fact)
        self.row["result"] = fact.data
        self._end(RequestStatus.COMPLETED, fact)
        self.row["progress"], self.progress_is_stale = 1.0, False
        self.emit("request.completed", fact)
        return True

    def fail(self, fact: CommandContext, stage: str | None) -> bool:
        if not applies_to_request(RequestCommand.FAIL, self.status):
            return False
        self.row["last_heartbeat_at"] = self.now
        self._fail(fact, stage)
        return True

    def _fail(self, fact: CommandContext, stage: str | None) -> None:
        self._settle_current_stage()
        failed_in = stage or self.row["error_stage"] or self.row["current_stage"]
        self._close_stages(fact)
        self.row["error_message"], self.row["error"] = fact.message, fact.data
        self.row["error_stage"] = failed_in
        self._end(RequestStatus.FAILED, fact)
        self.emit("request.failed", fact, Severity.ERROR, stage)

    def cancel(self, fact: CommandContext) -> bool:
        if not applies_to_request(RequestCommand.CANCEL, self.status):
            return False
        self.row["last_heartbeat_at"] = self.now
        self._close_stages(fact)
        self.row["cancel_reason"] = fact.message
        self._end(RequestStatus.CANCELLED, fact)
        self.emit("request.cancelled", fact, Severity.WARNING)
        return True

    def log(self, type: str, fact: CommandContext, stage: str | None) -> bool:
        if not self.final:
            self._record_heartbeat(fact)
        self.emit(type, fact, stage=stage)
        return True

    # ---------------------------------------------------------------- silence

    def lose_stage(self, stage: Row, fact: CommandContext) -> None:
        self._fail_stage(StageCommand.LOSE, stage, fact, retryable=True)

    def lose(self, fact: CommandContext) -> None:
        """Give the request up; its stages have been given up before."""
        self._fail(fact, None)
        self.lost = True
