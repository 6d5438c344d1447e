"""The rows of one request under its lock, and the steps that every change of them is made of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from uuid import UUID

from models.enums import RequestStatus, Severity, StageStatus
from store.errors import InvalidInputError, InvalidTransitionError, NotFoundError
from store.ids import new_id
from store.requests.rows import (
    PENDING_DEFAULTS,
    RUNNING_DEFAULTS,
    CommandContext,
    Row,
    attempt_row,
    planned_stage,
    weights_of,
)
from store.requests.stalls import StallPolicy
from store.requests.transitions import (
    REQUEST_FINAL,
    STAGE_ACTIVE,
    STAGE_ENDED,
    RequestCommand,
    StageCommand,
    TransitionResult,
    evaluate_request_command,
    evaluate_stage_command,
    suggest_request_command,
    suggest_stage_command,
)

DEFAULT_MAX_ATTEMPTS = 3
MAX_REQUEST_STAGES = 1_000
MAX_NAMES_SHOWN = 20
"""Names of stages that the message about an unknown one lists."""


@dataclass(slots=True)
class RequestRecord:
    """A request with its stages, and what must be written: changed rows and new events.

    ``make_id`` makes the ids of events that no caller asked for by name. ``late`` counts messages
    of attempts that are over and reports that came after the end; ``lost`` says that the request
    was given up.

    What follows from all stages, progress and the current stage, is computed once by ``settle``
    and not for each command: many commands to one request cost in proportion to their number.
    """

    row: Row
    stages: dict[str, Row]
    now: datetime
    make_id: Callable[[], UUID] = new_id
    stall_policy: StallPolicy = field(default_factory=StallPolicy)
    events: list[Row] = field(default_factory=list)
    dirty_stages: set[str] = field(default_factory=set)
    attempts: dict[tuple[str, int], Row] = field(default_factory=dict)
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

    def settle(self) -> None:
        """Compute what follows from all stages; to be called before the row is read or written."""
        self._settle_current_stage()
        if self.progress_is_stale:
            self.progress_is_stale = False
            weights = weights_of(self.stages.values())
            total = sum(weights.values())
            reached = sum(weights[name] * stage["progress"] for name, stage in self.stages.items())
            self.row["progress"] = min(1.0, reached / total) if total else 0.0

    def keep_deadline(self) -> None:
        """Keep ``deadline_at`` a lower bound of what is due.

        It is lowered and cleared, never raised: a heartbeat that postpones what is due leaves the
        index alone, and whoever looks too early looks again.
        """
        due, at = self.stall_policy.due(self.row, self.stages), self.row["deadline_at"]
        if due is None or at is None or due < at:
            self.row["deadline_at"] = due

    # ---------------------------------------------------------------- heartbeats --

    def _record_heartbeat(self, fact: CommandContext) -> None:
        self.row["last_heartbeat_at"] = self.now
        self.dirty = True
        if self._evaluate(RequestCommand.RESUME):
            self.row["status"], self.row["stalled_at"] = RequestStatus.RUNNING.value, None
            self.emit("request.resumed", fact.without_payload, event_id=self.make_id())

    def _record_stage_heartbeat(self, stage: Row, fact: CommandContext) -> None:
        self._record_heartbeat(fact)
        self._mark(stage["name"])
        stage["last_heartbeat_at"] = self.now
        if stage["status"] == StageStatus.STALLED.value:
            stage["status"], stage["stalled_at"] = StageStatus.RUNNING.value, None
            self._attempt_of(stage)
            self.emit(
                "stage.resumed", fact.without_payload, stage=stage["name"], event_id=self.make_id()
            )

    def _is_stale(self, stage: Row, attempt: int | None) -> bool:
        is_waiting = stage["status"] == StageStatus.PENDING.value
        present = stage["attempt"] + 1 if is_waiting else max(stage["attempt"], 1)
        if attempt is not None and attempt > present:
            raise InvalidTransitionError(
                f"stage {stage['name']!r} is in attempt {stage['attempt']}, not {attempt}"
            )
        stale = attempt is not None and attempt < present
        self.late += stale
        return stale

    # ---------------------------------------------------------------- what is legal

    def _evaluate(self, command: RequestCommand) -> bool:
        verdict = evaluate_request_command(command, self.status)
        if verdict is TransitionResult.REJECT:
            raise InvalidTransitionError(
                f"a {self.status.value} request cannot {command.value}: "
                f"{suggest_request_command(command, self.status)}"
            )
        return verdict is TransitionResult.APPLY

    def _evaluate_stage(self, command: StageCommand, stage: Row) -> bool:
        status = StageStatus(stage["status"])
        verdict = evaluate_stage_command(command, status)
        if verdict is TransitionResult.REJECT:
            raise InvalidTransitionError(
                f"stage {stage['name']!r} is {status.value} and cannot {command.value}: "
                f"{suggest_stage_command(command, status)}"
            )
        return verdict is TransitionResult.APPLY

    def _stage(self, name: str) -> Row:
        stage = self.stages.get(name)
        if stage is None:
            known = ", ".join(sorted(islice(self.stages, MAX_NAMES_SHOWN))) or "none"
            others = len(self.stages) - MAX_NAMES_SHOWN
            more = f" and {others:,} more" if others > 0 else ""
            raise NotFoundError(
                f"the request has no stage {name!r}; it has: {known}{more}", ("stage",)
            )
        return stage

    def _refuse_further_stage(self, name: str) -> None:
        """Raise ``InvalidInputError`` where the request has as many stages as it may have."""
        if len(self.stages) >= self.max_stages:
            raise InvalidInputError(
                f"request {self.row['id']} has {len(self.stages):,} stages, and "
                f"{self.max_stages:,} is the maximum (TRACKSTORE_MAX_REQUEST_STAGES): stage "
                f"{name!r} cannot be added. Report to one of its stages, or create another request",
                ("stage",),
            )

    # ---------------------------------------------------------------- what changes

    def _add_stage(self, name: str) -> Row:
        self._refuse_further_stage(name)
        stage = planned_stage(self.row, name, len(self.stages), 1.0, DEFAULT_MAX_ATTEMPTS)
        self.stages[name] = stage
        self._mark(name)
        return stage

    def _mark(self, name: str) -> None:
        self.dirty_stages.add(name)
        self.dirty = True

    def _start(self, fact: CommandContext, event_id: UUID | None = None) -> None:
        self.row["status"] = RequestStatus.RUNNING.value
        self.row["started_at"] = fact.at
        self.emit("request.started", fact, event_id=event_id)

    def _begin_attempt(
        self, stage: Row, fact: CommandContext, event: str, event_id: UUID | None = None
    ) -> None:
        stage["attempt"] += 1
        stage |= RUNNING_DEFAULTS | {"started_at": fact.at, "last_heartbeat_at": self.now}
        self._mark(stage["name"])
        self._attempt_of(stage)
        self.row["current_stage"] = stage["name"]
        self.current_stage_is_stale = False
        self._update_progress()
        self.emit(event, fact, stage=stage["name"], event_id=event_id)

    def _finish(self, stage: Row, ending: Row) -> None:
        stage |= ending | {"stalled_at": None}
        stage["ended_at"] = max(stage["started_at"], stage["ended_at"])
        self._mark(stage["name"])
        self._attempt_of(stage)
        self.current_stage_is_stale = True
        self._update_progress()

    def _attempt_of(self, stage: Row) -> None:
        self.attempts[stage["name"], stage["attempt"]] = attempt_row(stage)

    def _close_stages(self, fact: CommandContext) -> None:
        """Cancel the stages that run, skip those that never started."""
        for name, stage in sorted(self.stages.items(), key=lambda item: item[1]["position"]):
            status = StageStatus(stage["status"])
            if status in STAGE_ENDED:
                continue
            if status in STAGE_ACTIVE:
                self._finish(stage, {"status": StageStatus.CANCELLED.value, "ended_at": fact.at})
                event, severity = "stage.cancelled", Severity.WARNING
            else:
                stage["status"] = StageStatus.SKIPPED.value
                self._mark(name)
                event, severity = "stage.skipped", Severity.INFO
            self.emit(event, fact.without_payload, severity, name, self.make_id())

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
        row = self.row
        data = {"endedAt": _text_of(row["ended_at"]), "errorStage": row["error_stage"]}
        if forced:
            data["forced"] = True
        row |= {
            "status": RequestStatus.RUNNING.value,
            "started_at": row["started_at"] or fact.at,
            "last_heartbeat_at": self.now,
            "ended_at": None,
            "error": None,
            "error_message": None,
        }
        stage = self.stages.get(row["error_stage"] or "")
        if stage is None or stage["status"] != StageStatus.FAILED.value:
            row["error_stage"] = None
        self.emit("request.reopened", fact.with_data(data), event_id=event_id)
        for name, stage in sorted(self.stages.items(), key=lambda item: item[1]["position"]):
            if name != beside and self._evaluate_stage(StageCommand.REOPEN, stage):
                stage.update(PENDING_DEFAULTS)
                self._mark(name)
                self.emit(
                    "stage.reopened", fact.without_payload, stage=name, event_id=self.make_id()
                )
        self._update_progress()

    def _update_progress(self) -> None:
        self.progress_is_stale = True

    def _settle_current_stage(self) -> None:
        if self.current_stage_is_stale:
            self.current_stage_is_stale = False
            active = (s for s in self.stages.values() if s["status"] in STAGE_ACTIVE)
            last = max(active, key=lambda s: (s["started_at"], s["position"]), default=None)
            self.row["current_stage"] = None if last is None else last["name"]


def _text_of(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat().replace("+00:00", "Z")
