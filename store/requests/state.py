"""Commands to a request and its stages in memory: the pure part of every change.

``RequestState`` starts from locked rows, takes commands one by one, and keeps what must be
written: changed rows and new events. The rules stand in ``transitions``.
"""

from datetime import datetime
from uuid import UUID

from models.enums import RequestStatus, Severity, StageStatus
from store.errors import InvalidTransitionError
from store.requests.record import RequestRecord
from store.requests.rows import CommandContext, Row, merge_data
from store.requests.stalls import StallPolicy, with_status
from store.requests.transitions import (
    REQUEST_WATCHED,
    STAGE_ACTIVE,
    STAGE_TRANSITIONS,
    RequestCommand,
    StageCommand,
    retry_refusal,
    retry_target,
)

LOST = "LOST"
"""The reason in the details of the error of what stayed silent for too long."""


class StageState(RequestRecord):
    __slots__ = ()

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
            stage = self._add_stage(name)
        elif self._is_stale(stage, attempt) or not self._evaluate_stage(StageCommand.START, stage):
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
                self._refuse_further_stage(name)
                self._reopen(fact.without_payload, self.make_id(), None, forced=False)
            return None
        status = StageStatus(stage["status"])
        if status in STAGE_TRANSITIONS[StageCommand.RETRY]:
            return self.retry_stage(name, fact, attempt)
        if status is StageStatus.COMPLETED or self._is_stale(stage, attempt):
            return False
        if status in STAGE_ACTIVE:
            self._record_stage_heartbeat(stage, fact)
            if not _awaits_its_worker(stage):
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
        self._mark(stage["name"])
        self._attempt_of(stage)
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
        stage = self._stage(name)
        if self.final and self.status is not RequestStatus.FAILED:
            raise InvalidTransitionError(
                f"the request has ended as {self.status.value}: it is final"
            )
        if self._is_stale(stage, attempt):
            return False
        if stage["status"] in STAGE_ACTIVE and stage["attempt"] > 1:
            return False
        self._evaluate_stage(StageCommand.RETRY, stage)
        self._refuse_retry(stage, force)
        self._retry(stage, fact, force)
        return True

    def _refuse_retry(self, stage: Row, force: bool) -> None:
        refusal = None if force else retry_refusal(stage)
        if refusal is not None:
            raise InvalidTransitionError(refusal)

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
        stage = self._stage(name)
        if self._is_over(StageCommand.PROGRESS, stage, attempt):
            return False
        self._begin_if_waiting(stage, fact)
        self._record_stage_heartbeat(stage, fact)
        before = stage["progress"], stage["done"], stage["total"], stage["message"]
        if done is not None or total is not None:
            stage["done"] = done if done is not None else stage["done"]
            stage["total"] = total if total is not None else stage["total"]
            if fraction is None and stage["total"] and stage["done"] is not None:
                fraction = min(1.0, stage["done"] / stage["total"])
        if fraction is not None:
            stage["progress"] = fraction
        if fact.message is not None:
            stage["message"] = fact.message
        now = stage["progress"], stage["done"], stage["total"], stage["message"]
        if before == now and fact.data is None:
            return True
        self._attempt_of(stage)
        self._update_progress()
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
            if self._is_stale(stage, attempt):
                return True
            if self._evaluate_stage(command, stage):
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
        stage = self._stage(name)
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


class RequestState(StageState):
    """One request under its lock, with everything that can be asked of it."""

    __slots__ = ()

    def start(self, fact: CommandContext, event_id: UUID | None = None) -> bool:
        if self._take_late_start_of_all(fact):
            return True
        if not self._evaluate(RequestCommand.START):
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
        if not self._evaluate(RequestCommand.RETRY):
            stage = self.stages.get(self.row["error_stage"] or "")
            if stage is None or not start_stage or stage["status"] != StageStatus.FAILED.value:
                return False
            return self.retry_stage(stage["name"], fact, force=force)
        target = retry_target(self.row["error_stage"], self.stages)
        if target is None:
            self._reopen(fact, fact.event_id, None, force)
            return True
        stage = self.stages[target["name"]]
        self._refuse_retry(stage, force)
        if start_stage:
            self._retry(stage, fact, force)
        else:
            self._reopen(fact, fact.event_id, None, force)
        return True

    def complete(self, fact: CommandContext) -> bool:
        if not self._evaluate(RequestCommand.COMPLETE):
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
        if not self._evaluate(RequestCommand.FAIL):
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
        if not self._evaluate(RequestCommand.CANCEL):
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

    def check_for_stall(self, stall_policy: StallPolicy) -> bool:
        before = len(self.events)
        if self.status in REQUEST_WATCHED:
            for stage in sorted(self.stages.values(), key=lambda stage: stage["position"]):
                due = stall_policy.stage_due(stage)
                if due is not None and due <= self.now:
                    self._stall_stage(stage, stall_policy)
            due = stall_policy.request_due(self.row, self.stages)
            if due is not None and due <= self.now:
                self._stall()
        due = stall_policy.due(self.row, self.stages)
        self.dirty = self.dirty or due != self.row["deadline_at"]
        self.row["deadline_at"] = due
        return len(self.events) > before

    def _stall_stage(self, stage: Row, stall_policy: StallPolicy) -> None:
        if self._evaluate_stage(StageCommand.STALL, stage):
            stage["status"], stage["stalled_at"] = StageStatus.STALLED.value, self.now
            self._mark(stage["name"])
            self._attempt_of(stage)
            data = {"allowedSeconds": stall_policy.of_stage(stage).total_seconds()}
            silent = self._silent(stage["last_heartbeat_at"], data)
            self.emit("stage.stalled", silent, Severity.WARNING, stage["name"])
        elif self._evaluate_stage(StageCommand.LOSE, stage):
            self._mark_stage_lost(stage)

    def _mark_stage_lost(self, stage: Row) -> None:
        fact = self._silent(stage["last_heartbeat_at"], {"reason": LOST})
        self._fail_stage(StageCommand.LOSE, stage, fact, retryable=True)

    def _stall(self) -> None:
        if self._evaluate(RequestCommand.STALL):
            self.row["status"], self.row["stalled_at"] = RequestStatus.STALLED.value, self.now
            self.emit(
                "request.stalled", self._silent(self.row["last_heartbeat_at"], {}), Severity.WARNING
            )
        elif self._evaluate(RequestCommand.LOSE):
            fact = self._silent(self.row["last_heartbeat_at"], {"reason": LOST})
            for stage in with_status(self.stages, StageStatus.STALLED):
                self._mark_stage_lost(stage)
            self._fail(fact, None)
            self.lost = True

    def _silent(self, last_message: datetime | None, data: Row) -> CommandContext:
        said = (
            last_message.isoformat(timespec="seconds").replace("+00:00", "Z")
            if last_message
            else "it began"
        )
        known = {} if last_message is None else {"lastHeartbeatAt": said}
        message = f"no update since {said}"
        return CommandContext(self.now, self.make_id(), message, known | data or None)


def _awaits_its_worker(stage: Row) -> bool:
    is_retried = stage["attempt"] > 1
    return is_retried and stage["progress"] == 0 and stage["done"] is None and not stage["message"]
