"""From drafts of requests, stages and events to checked entries."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from models.enums import AccessScope, RequestStatus
from store.auth.access import Principal, fill_labels
from store.ids import instant_of, is_v7
from store.operations.field_checks import check_labels
from store.requests import drafts
from store.requests.entries import Change, CommandEntry, CreateEntry, new_request_row
from store.requests.rows import CommandContext, Row, planned_stage
from store.requests.stalls import MILLISECOND
from store.validation import Checker, InputBounds

MAX_STAGES = 200
"""Planned stages of one request."""
MAX_ATTEMPTS = 1_000
MAX_WEIGHT = 1e9
MAX_COUNT = 10**15
MIN_STALL_AFTER, MAX_STALL_AFTER = timedelta(seconds=1), timedelta(days=31)
"""How much silence a stage may ask for: nobody beats more often, nobody watches for longer."""

RESERVED_TYPES = ("request.", "stage.")
"""Readers of a log trust that such an event changed its request or stage."""


class RequestPreparer:
    """Turns drafts of one principal into entries; raise ``InvalidInputError`` with all problems."""

    def __init__(
        self,
        principal: Principal,
        bounds: InputBounds,
        now: datetime,
        make_id: Callable[[], UUID],
    ) -> None:
        self._principal = principal
        self._bounds = bounds
        self._now = now
        self._make_id = make_id

    def create(self, draft: drafts.CreateRequestDraft) -> CreateEntry:
        check = self._check()
        id = draft.id or self._make_id()
        if not is_v7(id):
            check.refuse("must be a UUIDv7: its time is what the request is filed under", "id")
        else:
            check.instant(instant_of(id), "id")
        created = check.instant(draft.occurred_at, "occurredAt") or self._now
        labels, problem = fill_labels(draft.labels, self._principal)
        if problem is not None:
            check.problems.append(problem)
        values: dict[str, Any] = {
            **check_labels(labels, check),
            "id": id,
            "correlation_id": check.name(draft.correlation_id, "correlationId") or str(id),
            "type": check.required_name(draft.type, "type"),
            "title": check.cut_text(draft.title),
            "status": RequestStatus.PENDING.value,
            "progress": 0.0,
            "attributes": check.json_object(draft.attributes, "attributes"),
            "last_seq": 0,
            "created_at": created,
            "updated_at": self._now,
        }
        row = new_request_row(values)
        stages = self._stages(draft, row, check)
        check.raise_if_any()
        fact = CommandContext(created, self._make_id(), data={"type": row["type"]})
        entry = CreateEntry(row, stages, fact, self._principal.bounds)
        entry.repaired, entry.truncated = check.repaired, check.truncated
        return entry

    def _stages(self, draft: drafts.CreateRequestDraft, row: Row, check: Checker) -> list[Row]:
        planned = draft.stages or ()
        most = min(MAX_STAGES, self._bounds.request_stages)
        if len(planned) > most:
            check.refuse(f"{len(planned)} stages, at most {most}", "stages")
            return []
        stages: dict[str, Row] = {}
        for i, stage in enumerate(planned):
            name = check.required_name(stage.name, "stages", i, "name")
            if name in stages:
                check.refuse(f"{name!r} is planned twice", "stages", i, "name")
            weight = check.number(stage.weight, "stages", i, "weight", maximum=MAX_WEIGHT)
            attempts = check.integer(
                stage.max_attempts, "stages", i, "maxAttempts", minimum=1, maximum=MAX_ATTEMPTS
            )
            silence = stall_after_ms(stage.stall_after, check, "stages", i, "stallAfter")
            stages[name] = planned_stage(row, name, i, weight or 0.0, attempts or 1, silence)
        return list(stages.values())

    def start(self, draft: drafts.StartRequestDraft) -> CommandEntry:
        check = self._check()
        fact = self._command_context(draft, check)
        return self._entry(draft, check, fact, lambda state: state.start(fact))

    def complete(self, draft: drafts.CompleteRequestDraft) -> CommandEntry:
        check = self._check()
        fact = self._command_context(draft, check, data=check.payload(draft.result, "result"))
        return self._entry(draft, check, fact, lambda state: state.complete(fact))

    def fail(self, draft: drafts.FailRequestDraft) -> CommandEntry:
        check = self._check()
        stage = check.name(draft.stage, "stage")
        fact = self._command_context(
            draft,
            check,
            message=check.cut_text(draft.message),
            data=check.payload(draft.details, "details"),
        )
        return self._entry(draft, check, fact, lambda state: state.fail(fact, stage))

    def cancel(self, draft: drafts.CancelRequestDraft) -> CommandEntry:
        check = self._check()
        fact = self._command_context(draft, check, message=check.cut_text(draft.reason))
        return self._entry(draft, check, fact, lambda state: state.cancel(fact))

    def start_stage(self, draft: drafts.StartStageDraft) -> CommandEntry:
        check = self._check()
        name, attempt = self._stage(draft, check)
        silence = stall_after_ms(draft.stall_after, check, "stallAfter")
        fact = self._command_context(draft, check)
        resume = draft.resume
        return self._entry(
            draft,
            check,
            fact,
            lambda state: state.start_stage(name, fact, attempt, silence, resume),
            name,
        )

    def progress_stage(self, draft: drafts.ProgressStageDraft) -> CommandEntry:
        check = self._check()
        name, attempt = self._stage(draft, check)
        fraction = check.number(draft.fraction, "fraction", maximum=1.0)
        done = check.integer(draft.done, "done", maximum=MAX_COUNT)
        total = check.integer(draft.total, "total", maximum=MAX_COUNT)
        fact = self._command_context(
            draft,
            check,
            message=check.cut_text(draft.message),
            data=check.payload(draft.data, "data"),
        )
        return self._entry(
            draft,
            check,
            fact,
            lambda state: state.progress_stage(name, fact, attempt, fraction, done, total),
            name,
        )

    def complete_stage(self, draft: drafts.CompleteStageDraft) -> CommandEntry:
        check = self._check()
        name, attempt = self._stage(draft, check)
        fact = self._command_context(draft, check, data=check.payload(draft.output, "output"))
        return self._entry(
            draft, check, fact, lambda state: state.complete_stage(name, fact, attempt), name
        )

    def fail_stage(self, draft: drafts.FailStageDraft) -> CommandEntry:
        check = self._check()
        name, attempt = self._stage(draft, check)
        retryable = draft.retryable
        fact = self._command_context(
            draft,
            check,
            message=check.cut_text(draft.message),
            data=check.payload(draft.details, "details"),
        )
        return self._entry(
            draft,
            check,
            fact,
            lambda state: state.fail_stage(name, fact, attempt, retryable),
            name,
        )

    def retry(self, draft: drafts.RetryRequestDraft) -> CommandEntry:
        check = self._check()
        force, start_stage = self._forced(draft.force), draft.start_stage
        fact = self._command_context(draft, check)
        return self._entry(draft, check, fact, lambda state: state.retry(fact, force, start_stage))

    def retry_stage(self, draft: drafts.RetryStageDraft) -> CommandEntry:
        check = self._check()
        name, attempt = self._stage(draft, check)
        force = self._forced(draft.force)
        fact = self._command_context(draft, check)
        return self._entry(
            draft, check, fact, lambda state: state.retry_stage(name, fact, attempt, force), name
        )

    def _forced(self, force: bool) -> bool:
        if force:
            self._principal.require(AccessScope.ADMIN)
        return force

    def log_event(self, draft: drafts.LogEventDraft) -> CommandEntry:
        check = self._check()
        type = check.required_name(draft.type, "type")
        if type.startswith(RESERVED_TYPES):
            check.refuse(
                "begins like the events that the commands themselves append: use another word",
                "type",
            )
        stage = check.name(draft.stage, "stage")
        fact = self._command_context(
            draft,
            check,
            message=check.cut_text(draft.message),
            data=check.payload(draft.data, "data"),
            severity=draft.severity,
        )
        return self._entry(draft, check, fact, lambda state: state.log(type, fact, stage), stage)

    def _check(self) -> Checker:
        return Checker(self._bounds, self._now)

    def _stage(self, draft: drafts.StageDraft, check: Checker) -> tuple[str, int | None]:
        attempt = check.integer(draft.attempt, "attempt", minimum=1, maximum=MAX_ATTEMPTS)
        return check.required_name(draft.stage, "stage"), attempt

    def _command_context(
        self, draft: drafts.MessageDraft, check: Checker, **values: Any
    ) -> CommandContext:
        said = check.instant(draft.occurred_at, "occurredAt")
        event_id = draft.event_id or self._make_id()
        return CommandContext(said or self._now, event_id, is_dated=said is not None, **values)

    def _entry(
        self,
        draft: Any,
        check: Checker,
        fact: CommandContext,
        change: Change,
        stage: str | None = None,
    ) -> CommandEntry:
        check.raise_if_any()
        bounds = self._principal.bounds
        entry = CommandEntry(draft.request_id, bounds, fact, draft.event_id, change, stage)
        entry.repaired, entry.truncated = check.repaired, check.truncated
        return entry


def stall_after_ms(value: timedelta | None, check: Checker, *path: str | int) -> int | None:
    """Return the stall timeout of a stage in milliseconds; None uses the server's."""
    if value is None:
        return None
    if not MIN_STALL_AFTER <= value <= MAX_STALL_AFTER:
        check.refuse("must be from PT1S to P31D", *path)
        return None
    return value // MILLISECOND
