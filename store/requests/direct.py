"""Writes commands to requests by one statement, without reading them first.

The state of a request as it was last seen is changed in memory and written where the database
still has it (``KnownRequests``). Where it has not, it is read and the commands are run again. What
needs more than that is left to ``RequestApplier``, which locks and reads: the same commands run on
the same state machine there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select

from models import Request, RequestEvent, RequestStage, StageAttempt, table_of
from models.feeds import FEED_POSITION
from store.commit_events import CommitEvents, RequestChanged
from store.database import Database
from store.dialects import Absence, ChildRows, GuardedChange, GuardedPlan, TransactionAttempt
from store.ids import Clock
from store.ingest.entries import Entry
from store.requests.commands import StateFactory, run_command, run_creation
from store.requests.entries import REQUEST_COLUMNS, CommandEntry, CreateEntry
from store.requests.known import KnownRequest, KnownRequests
from store.requests.rows import Row
from store.requests.state import RequestState
from store.requests.statistics import RequestStats

REQUESTS, STAGES = table_of(Request), table_of(RequestStage)
ATTEMPTS, EVENTS = table_of(StageAttempt), table_of(RequestEvent)
KEY = ("organization_id", "id")
GUARDED_TRIES = 2
"""With what was known, and with what was read again."""
VERSION = ("last_seq", "updated_at", "last_heartbeat_at")
"""Every change of a request or of its stages changes one of them."""
CLOCK_COLUMNS = ("last_seq", "updated_at", "last_heartbeat_at", "deadline_at")
"""What an event changes that changes nothing else."""
OTHER_COLUMNS = (
    "status", "progress", "current_stage", "result", "error", "error_message", "error_stage",
    "cancel_reason", "started_at", "ended_at", "stalled_at",
)  # fmt: skip
STAGE_COLUMNS = tuple(STAGES.columns.keys())
ATTEMPT_COLUMNS = tuple(ATTEMPTS.columns.keys())
EVENT_COLUMNS = tuple(column.name for column in EVENTS.c if column.name != FEED_POSITION)
STAGE_ROWS = ChildRows(STAGES, STAGE_COLUMNS, replaces=True)
ATTEMPT_ROWS = ChildRows(ATTEMPTS, ATTEMPT_COLUMNS, replaces=True)
EVENT_ROWS = ChildRows(EVENTS, EVENT_COLUMNS)
SAME_EVENTS = Absence(EVENTS, ("organization_id", "request_id"), among="id")
SAME_ID_ELSEWHERE = Absence(REQUESTS, ("id",), unlike="organization_id")
CREATION = GuardedPlan(
    REQUESTS,
    KEY,
    (),
    tuple(name for name in REQUEST_COLUMNS if name not in KEY),
    children=(ChildRows(STAGES, STAGE_COLUMNS), EVENT_ROWS),
)
BY_ID = select(REQUESTS).where(REQUESTS.c.id == bindparam("id")).limit(2)
BY_KEY = BY_ID.where(REQUESTS.c.organization_id == bindparam("organization"))
STAGES_OF = select(STAGES).where(
    STAGES.c.organization_id == bindparam("organization"), STAGES.c.request_id == bindparam("id")
)


@lru_cache
def plan_of(moves_stages: bool, names_events: bool, spans_organizations: bool) -> GuardedPlan:
    absences = []
    if names_events:
        absences.append(SAME_EVENTS)
    if spans_organizations:
        absences.append(SAME_ID_ELSEWHERE)
    return GuardedPlan(
        REQUESTS,
        KEY,
        VERSION,
        (*CLOCK_COLUMNS, *OTHER_COLUMNS) if moves_stages else CLOCK_COLUMNS,
        tuple(absences),
        (STAGE_ROWS, ATTEMPT_ROWS, EVENT_ROWS) if moves_stages else (EVENT_ROWS,),
    )


class DirectRequestWriter:
    def __init__(
        self,
        make_state: StateFactory,
        announcements: CommitEvents,
        stats: RequestStats,
        known: KnownRequests,
        clock: Clock,
    ) -> None:
        self._make_state = make_state
        self._announcements = announcements
        self._stats = stats
        self._known = known
        self._clock = clock

    async def apply_alone(
        self, database: Database, entries: Sequence[Entry], attempt: TransactionAttempt
    ) -> bool:
        """Write commands, or new requests, in a transaction of their own.

        False where more is needed than a guarded write: nothing is written then.
        """
        commands = [entry for entry in entries if type(entry) is CommandEntry]
        if len(commands) == len(entries):
            return await self._apply_commands(database, commands, attempt)
        creations = [entry for entry in entries if type(entry) is CreateEntry]
        if len(creations) == len(entries):
            return await self._create(database, creations, attempt)
        return False

    async def _create(
        self, database: Database, entries: Sequence[CreateEntry], attempt: TransactionAttempt
    ) -> bool:
        if len({entry.request_id for entry in entries}) < len(entries):
            return False
        now = self._clock()
        states = {e.key: self._make_state(dict(e.row), {}, now) for e in entries}
        for entry in entries:
            run_creation(entry, states[entry.key])
        ordered = [states[key] for key in sorted(states)]
        changes = [
            GuardedChange(
                [state.row[name] for name in CREATION.names],
                (),
                (
                    rows_of(state.stages.values(), STAGE_COLUMNS),
                    rows_of(state.events, EVENT_COLUMNS),
                ),
            )
            for state in ordered
        ]
        return await self._write(database, CREATION, changes, ordered, attempt)

    async def _apply_commands(
        self, database: Database, entries: Sequence[CommandEntry], attempt: TransactionAttempt
    ) -> bool:
        groups: dict[UUID, list[CommandEntry]] = {}
        for entry in entries:
            groups.setdefault(entry.request_id, []).append(entry)
        was_read: set[UUID] = set()
        for _ in range(GUARDED_TRIES):
            changed = await self._run(database, groups, was_read)
            if changed is None:
                return False
            unchecked = [c.state.row["id"] for c in changed if not c.state.dirty]
            if was_read.issuperset(unchecked):
                if unchecked:
                    return False
                plan = plan_of(*shape_of(entries, changed))
                changes = [change_of(plan, c) for c in changed]
                states = [c.state for c in changed]
                if await self._write(database, plan, changes, states, attempt):
                    return True
                unchecked = list(groups)
            for id in unchecked:
                self._known.forget(id)
        return False

    async def _run(
        self,
        database: Database,
        groups: Mapping[UUID, Sequence[CommandEntry]],
        was_read: set[UUID],
    ) -> "list[ChangedRequest] | None":
        """Run the commands on what is known; None where a request cannot be known.

        Adds to ``was_read`` what was not known before.
        """
        now, changed = self._clock(), []
        for id, entries in groups.items():
            organization = entries[0].organization
            known = self._known.get(organization, id)
            if known is None:
                known = await self._read(database, organization, id)
                was_read.add(id)
            if known is None or not all(
                entry.organization == organization and entry.bounds.admits(known.row)
                for entry in entries
            ):
                return None
            stages = {name: dict(stage) for name, stage in known.stages.items()}
            state = self._make_state(dict(known.row), stages, now)
            for entry in entries:
                entry.clear()
                run_command(entry, state)
            if state.dirty:
                state.settle()
                state.keep_deadline()
            changed.append(ChangedRequest(known, state, entries))
        return sorted(changed, key=lambda change: change.state.key)

    async def _read(
        self, database: Database, organization: str | None, id: UUID
    ) -> KnownRequest | None:
        """Read a request and then its stages, which are never older than it."""
        key: dict[str, Any] = {"id": id}
        if organization is not None:
            key["organization"] = organization
        async with database.read(database.flush_seconds) as connection:
            statement = BY_ID if organization is None else BY_KEY
            rows = (await connection.execute(statement, key)).mappings().all()
            if len(rows) != 1:
                return None
            row = dict(rows[0])
            key["organization"] = row["organization_id"]
            stages = (await connection.execute(STAGES_OF, key)).mappings()
            return self._known.put(row, {stage["name"]: dict(stage) for stage in stages})

    async def _write(
        self,
        database: Database,
        plan: GuardedPlan,
        changes: Sequence[GuardedChange],
        states: Sequence[RequestState],
        attempt: TransactionAttempt,
    ) -> bool:
        if not await database.write_guarded(plan, changes, attempt):
            return False
        self._stats.count(states)
        for state in states:
            self._known.note(state)
        if self._announcements.has_subscribers:
            moves = [RequestChanged(s.row, s.events) for s in states if s.events]
            self._announcements.publish_request_changes(moves)
        return True


@dataclass(frozen=True, slots=True)
class ChangedRequest:
    known: KnownRequest
    state: RequestState
    entries: Sequence[CommandEntry]

    @property
    def moves_only_clocks(self) -> bool:
        before, now = self.known.row, self.state.row
        return not (self.state.stages.dirty or self.state.stages.attempts) and all(
            before[name] == now[name] for name in OTHER_COLUMNS
        )


def shape_of(
    entries: Sequence[CommandEntry], changed: Sequence[ChangedRequest]
) -> tuple[bool, bool, bool]:
    """Return the arguments of ``plan_of`` for a plan that is enough for all."""
    return (
        not all(change.moves_only_clocks for change in changed),
        any(entry.event_id is not None for entry in entries),
        any(entry.organization is None for entry in entries),
    )


def change_of(plan: GuardedPlan, change: ChangedRequest) -> GuardedChange:
    state, before = change.state, change.known.row
    organization, id = state.key
    absences: list[Sequence[Any]] = []
    for absence in plan.absences:
        if absence is SAME_EVENTS:
            ids = [entry.event_id for entry in change.entries if entry.event_id is not None]
            absences.append((organization, id, ids))
        else:
            absences.append((id, organization))
    children: list[Sequence[Sequence[Any]]] = [rows_of(state.events, EVENT_COLUMNS)]
    if len(plan.children) > 1:
        stages = [state.stages[name] for name in sorted(state.stages.dirty)]
        attempts = [state.stages.attempts[key] for key in sorted(state.stages.attempts)]
        children[:0] = [rows_of(stages, STAGE_COLUMNS), rows_of(attempts, ATTEMPT_COLUMNS)]
    row = state.row
    values = [organization, id, *map(before.get, VERSION), *map(row.get, plan.changed)]
    return GuardedChange(values, absences, children)


def rows_of(rows: Iterable[Row], names: Sequence[str]) -> list[tuple[Any, ...]]:
    return [tuple(map(row.get, names)) for row in rows]
