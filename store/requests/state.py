"""A request and its stages in memory: the pure part of every change, without any input or output.

``RequestState`` starts from locked rows, takes commands one by one, and keeps what must be
written: changed rows and new events. The rules stand in ``transitions``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from models.vocabulary import RequestStatus, Severity, StageStatus
from store.errors import InvalidTransition, NotFound
from store.requests.rows import BEGINNING, Fact, Row, attempt_row, planned_stage
from store.requests.transitions import (
    REQUEST_FINAL,
    REQUEST_MOVES,
    STAGE_ENDED,
    STAGE_MOVES,
    RequestCommand,
    StageCommand,
    Verdict,
    judge_request,
    judge_stage,
    mend_of_stage,
)

DEFAULT_MAX_ATTEMPTS = 3


@dataclass(slots=True)
class RequestState:
    """One request under its lock."""

    row: Row
    stages: dict[str, Row]
    now: datetime
    events: list[Row] = field(default_factory=list)
    dirty_stages: set[str] = field(default_factory=set)
    attempts: dict[tuple[str, int], Row] = field(default_factory=dict)
    seen: set[UUID] = field(default_factory=set)
    dirty: bool = False

    @property
    def status(self) -> RequestStatus:
        """Where the request stands."""
        return RequestStatus(self.row["status"])

    @property
    def final(self) -> bool:
        """Whether it has ended."""
        return self.status in REQUEST_FINAL

    def emit(
        self,
        type: str,
        fact: Fact,
        severity: Severity = Severity.INFO,
        stage: str | None = None,
        event_id: UUID | None = None,
    ) -> None:
        """Append an event with the next number."""
        self.row["last_seq"] += 1
        self.row["updated_at"] = self.now
        self.dirty = True
        event = event_id or fact.event_id
        self.seen.add(event)
        self.events.append(
            {
                "organization_id": self.row["organization_id"],
                "request_id": self.row["id"],
                "seq": self.row["last_seq"],
                "id": event,
                "type": type,
                "severity": (fact.severity or severity).value,
                "stage": stage,
                "attempt": self.stages[stage]["attempt"] if stage in self.stages else None,
                "message": fact.message,
                "data": fact.data,
                "occurred_at": fact.at,
                "recorded_at": self.now,
            }
        )

    def start(self, fact: Fact, event_id: UUID | None = None) -> bool:
        """PENDING becomes RUNNING; False where it was a repeat."""
        if not self._judge(RequestCommand.START):
            return False
        self.row["status"] = RequestStatus.RUNNING.value
        self.row["started_at"] = fact.at
        self.emit("request.started", fact, event_id=event_id)
        return True

    def complete(self, fact: Fact, make_id: Callable[[], UUID]) -> bool:
        """RUNNING becomes COMPLETED; ``fact.data`` is the result."""
        if not self._judge(RequestCommand.COMPLETE):
            return False
        self._close_stages(fact, make_id)
        self.row["result"] = fact.data
        self._end(RequestStatus.COMPLETED, fact)
        self.row["progress"] = 1.0
        self.emit("request.completed", fact)
        return True

    def fail(self, fact: Fact, make_id: Callable[[], UUID], stage: str | None) -> bool:
        """The request becomes FAILED, with the message, details and stage of the error."""
        if not self._judge(RequestCommand.FAIL):
            return False
        failed_in = stage or self.row["error_stage"] or self.row["current_stage"]
        self._close_stages(fact, make_id)
        self.row["error_message"], self.row["error"] = fact.message, fact.data
        self.row["error_stage"] = failed_in
        self._end(RequestStatus.FAILED, fact)
        self.emit("request.failed", fact, Severity.ERROR, stage)
        return True

    def cancel(self, fact: Fact, make_id: Callable[[], UUID]) -> bool:
        """The request becomes CANCELLED; a worker learns it from its next progress answer."""
        if not self._judge(RequestCommand.CANCEL):
            return False
        self._close_stages(fact, make_id)
        self.row["cancel_reason"] = fact.message
        self._end(RequestStatus.CANCELLED, fact)
        self.emit("request.cancelled", fact, Severity.WARNING)
        return True

    def start_stage(
        self, name: str, fact: Fact, attempt: int | None, make_id: Callable[[], UUID]
    ) -> bool:
        """The stage becomes RUNNING in its first attempt; one that was not planned is added.

        A request that is still PENDING starts with it.
        """
        if self.final:
            return False
        stage = self.stages.get(name)
        if stage is None:
            stage = self._add_stage(name)
        elif self._is_stale(stage, attempt) or not self._judge_stage(StageCommand.START, stage):
            return False
        if self.status is RequestStatus.PENDING:
            self.start(fact.bare, event_id=make_id())
        self._begin_attempt(stage, fact, "stage.started")
        return True

    def retry_stage(self, name: str, fact: Fact, attempt: int | None = None) -> bool:
        """A FAILED stage runs again in its next attempt; the failed one stays visible.

        ``attempt`` is the one that failed: a retry of an earlier one came too late.
        """
        stage = self._stage(name)
        if self.final:
            raise InvalidTransition(f"the request has ended as {self.status.value}: it is final")
        if self._is_stale(stage, attempt):
            return False
        if stage["status"] == StageStatus.RUNNING.value and stage["attempt"] > 1:
            return False
        self._judge_stage(StageCommand.RETRY, stage)
        if stage["retryable"] is False:
            raise InvalidTransition(
                f"stage {name!r} failed as not retryable in attempt {stage['attempt']}"
            )
        if stage["attempt"] >= stage["max_attempts"]:
            raise InvalidTransition(
                f"stage {name!r} has failed in all of its {stage['max_attempts']} attempts"
            )
        self._begin_attempt(stage, fact, "stage.retried")
        if self.row["error_stage"] == name:
            self.row["error_stage"] = None
        return True

    def progress_stage(
        self,
        name: str,
        fact: Fact,
        attempt: int | None,
        fraction: float | None,
        done: int | None,
        total: int | None,
    ) -> bool:
        """Set how far the running attempt is. Without any number it is a heartbeat: no event."""
        stage = self._stage(name)
        if self.final or self._is_stale(stage, attempt):
            return False
        if not self._judge_stage(StageCommand.PROGRESS, stage):
            return False
        self._mark(name)
        stage["heartbeat_at"] = fact.at
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
        data = {"progress": stage["progress"], "done": stage["done"], "total": stage["total"]}
        shown = {k: v for k, v in data.items() if v is not None} | (fact.data or {})
        self.emit("stage.progressed", fact.with_data(shown), stage=name)
        return True

    def complete_stage(self, name: str, fact: Fact, attempt: int | None) -> bool:
        """The running attempt COMPLETED; ``fact.data`` is its output."""
        return self._end_stage(StageCommand.COMPLETE, name, fact, attempt, None)

    def fail_stage(self, name: str, fact: Fact, attempt: int | None, retryable: bool) -> bool:
        """The running attempt FAILED; ``fact.data`` are the details of the error."""
        return self._end_stage(StageCommand.FAIL, name, fact, attempt, retryable)

    def _end_stage(
        self,
        command: StageCommand,
        name: str,
        fact: Fact,
        attempt: int | None,
        retryable: bool | None,
    ) -> bool:
        stage = self._stage(name)
        if self.final or self._is_stale(stage, attempt):
            return False
        if not self._judge_stage(command, stage):
            return False
        failed = command is StageCommand.FAIL
        status = STAGE_MOVES[command][StageStatus.RUNNING]
        ending: Row = {"status": status.value, "ended_at": fact.at}
        if failed:
            ending |= {"error_message": fact.message, "error": fact.data, "retryable": retryable}
            self.row["error_stage"] = name
        else:
            ending |= {"output": fact.data, "progress": 1.0}
        self._finish(stage, ending)
        severity = Severity.ERROR if failed else Severity.INFO
        self.emit(f"stage.{status.value.lower()}", fact, severity, name)
        return True

    def log(self, type: str, fact: Fact, stage: str | None) -> bool:
        """Append a caller's event; a log may go on after the end, it changes no state."""
        self.emit(type, fact, stage=stage)
        return True

    # ---------------------------------------------------------------- parts of the above

    def _judge(self, command: RequestCommand) -> bool:
        verdict = judge_request(command, self.status)
        if verdict is Verdict.ILLEGAL:
            allowed = ", ".join(s.value for s in REQUEST_MOVES[command])
            raise InvalidTransition(
                f"a {self.status.value} request cannot {command.value}: it must be {allowed}"
            )
        return verdict is Verdict.MOVE

    def _judge_stage(self, command: StageCommand, stage: Row) -> bool:
        status = StageStatus(stage["status"])
        verdict = judge_stage(command, status)
        if verdict is Verdict.ILLEGAL:
            raise InvalidTransition(
                f"stage {stage['name']!r} is {status.value} and cannot {command.value}: "
                f"{mend_of_stage(command, status)}"
            )
        return verdict is Verdict.MOVE

    def _stage(self, name: str) -> Row:
        stage = self.stages.get(name)
        if stage is None:
            known = ", ".join(sorted(self.stages)) or "none"
            raise NotFound(f"the request has no stage {name!r}; it has: {known}", ("stage",))
        return stage

    @staticmethod
    def _is_stale(stage: Row, attempt: int | None) -> bool:
        """Whether a message speaks of an attempt that is over."""
        if attempt is not None and attempt > max(stage["attempt"], 1):
            raise InvalidTransition(
                f"stage {stage['name']!r} is in attempt {stage['attempt']}, not {attempt}"
            )
        return attempt is not None and attempt < stage["attempt"]

    def _add_stage(self, name: str) -> Row:
        stage = planned_stage(self.row, name, len(self.stages), 1.0, DEFAULT_MAX_ATTEMPTS)
        self.stages[name] = stage
        self._mark(name)
        return stage

    def _mark(self, name: str) -> None:
        self.dirty_stages.add(name)
        self.dirty = True

    def _begin_attempt(self, stage: Row, fact: Fact, event: str) -> None:
        stage["attempt"] += 1
        stage |= BEGINNING | {"started_at": fact.at, "heartbeat_at": fact.at}
        self._mark(stage["name"])
        self._attempt_of(stage)
        self.row["current_stage"] = stage["name"]
        self._update_progress()
        self.emit(event, fact, stage=stage["name"])

    def _finish(self, stage: Row, ending: Row) -> None:
        stage |= ending
        stage["heartbeat_at"] = ending["ended_at"]
        self._mark(stage["name"])
        self._attempt_of(stage)
        running = [s for s in self.stages.values() if s["status"] == StageStatus.RUNNING.value]
        running.sort(key=lambda s: (s["started_at"], s["position"]))
        self.row["current_stage"] = running[-1]["name"] if running else None
        self._update_progress()

    def _attempt_of(self, stage: Row) -> None:
        """Mirror the stage's present attempt into its attempt row, to be written."""
        self.attempts[stage["name"], stage["attempt"]] = attempt_row(stage)

    def _close_stages(self, fact: Fact, make_id: Callable[[], UUID]) -> None:
        """What still runs is cancelled with the request, what never began is skipped."""
        for name, stage in sorted(self.stages.items(), key=lambda item: item[1]["position"]):
            status = StageStatus(stage["status"])
            if status in STAGE_ENDED:
                continue
            if status is StageStatus.RUNNING:
                self._finish(stage, {"status": StageStatus.CANCELLED.value, "ended_at": fact.at})
                self.emit("stage.cancelled", fact.bare, Severity.WARNING, name, make_id())
            else:
                stage["status"] = StageStatus.SKIPPED.value
                self._mark(name)
                self.emit("stage.skipped", fact.bare, Severity.INFO, name, make_id())

    def _end(self, status: RequestStatus, fact: Fact) -> None:
        self.row["status"] = status.value
        self.row["ended_at"] = fact.at
        self.row["current_stage"] = None

    def _update_progress(self) -> None:
        total = sum(stage["weight"] for stage in self.stages.values())
        reached = sum(stage["weight"] * stage["progress"] for stage in self.stages.values())
        self.row["progress"] = min(1.0, reached / total) if total else 0.0
