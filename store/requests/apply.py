"""Writes the commands of a flush: rows locked in key order, changed in memory, written together."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, tuple_

from models import Request, RequestEvent, RequestStage, StageAttempt, table_of
from store.commit_events import CommitEvents, RequestChanged
from store.dialects import chunks
from store.errors import NotFoundError
from store.ingest.entries import Flush, ItemResult
from store.key_lists import conditions_of
from store.requests.commands import StateFactory, run_command, run_creation
from store.requests.entries import REQUEST_COLUMNS, CommandEntry, CreateEntry, StallCheckEntry
from store.requests.known import KnownRequests
from store.requests.rows import Row
from store.requests.silence import check_for_stall
from store.requests.state import RequestState
from store.requests.statistics import RequestStats

REQUESTS, STAGES = table_of(Request), table_of(RequestStage)
ATTEMPTS, EVENTS = table_of(StageAttempt), table_of(RequestEvent)
EVENT_COLUMNS = tuple(column.name for column in EVENTS.columns)
Key = tuple[str, UUID]
AnyEntry = CommandEntry | CreateEntry | StallCheckEntry


class RequestApplier:
    kinds = (CreateEntry, CommandEntry, StallCheckEntry)

    def __init__(
        self,
        make_state: StateFactory,
        announcements: CommitEvents,
        stats: RequestStats,
        known: KnownRequests,
    ) -> None:
        self._make_state = make_state
        self._announcements = announcements
        self._stats = stats
        self._known = known

    async def apply(self, flush: Flush, entries: list[AnyEntry]) -> None:
        if not entries:
            return
        created = await self._insert(flush, [e for e in entries if isinstance(e, CreateEntry)])
        states = await self._lock(flush, entries)
        await self._load_stages(flush, states, {e.key for e in created})
        await self._load_seen(flush, states, entries)
        coming = {entry.key for entry in created}
        by_id: dict[UUID, list[RequestState]] = {}
        for key, state in states.items():
            if key not in coming:  # a command that stands before its request finds none
                by_id.setdefault(key[1], []).append(state)
        for entry in entries:
            if isinstance(entry, CreateEntry):
                state = states[entry.key]
                if entry in created:
                    by_id.setdefault(entry.request_id, []).append(state)
                self._created(entry, state, entry in created)
            elif isinstance(entry, StallCheckEntry):
                self._sweep(entry, states)
            else:
                self._command(entry, by_id.get(entry.request_id, ()))
        ordered = [states[key] for key in sorted(states)]
        await self._write(flush, ordered)
        flush.notices.append(partial(self._note, ordered))

    def _note(self, states: Sequence[RequestState]) -> None:
        self._stats.count(states)
        for state in states:
            self._known.note(state)

    async def _insert(self, flush: Flush, entries: list[CreateEntry]) -> set[CreateEntry]:
        first: dict[Key, CreateEntry] = {}
        for entry in entries:
            first.setdefault(entry.key, entry)
        # By id first, so by month: a bulk load is buffered and written partition by partition.
        ordered = [first[key] for key in sorted(first, key=lambda key: key[::-1])]
        rows = [tuple(entry.row[name] for name in REQUEST_COLUMNS) for entry in ordered]
        inserted = await flush.dialect.rows.insert_new(flush.connection, REQUESTS, rows)
        return {e for e in ordered if inserted is None or e.key in inserted}

    async def _lock(self, flush: Flush, entries: list[AnyEntry]) -> dict[Key, RequestState]:
        states: dict[Key, RequestState] = {}
        key_columns = (REQUESTS.c.organization_id, REQUESTS.c.id)
        keys = ((entry.organization, entry.request_id) for entry in entries)
        for condition in conditions_of(key_columns, keys):
            statement = select(REQUESTS).where(condition).order_by(*key_columns)
            rows = await flush.connection.execute(flush.dialect.locks.lock_rows(statement))
            for row in rows.mappings():
                key = row["organization_id"], row["id"]
                states[key] = self._make_state(dict(row), {}, flush.now)
        return states

    async def _load_stages(
        self, flush: Flush, states: dict[Key, RequestState], new: set[Key]
    ) -> None:
        old = sorted(set(states) - new)
        for batch in chunks(old):
            statement = select(STAGES).where(_of_requests(STAGES, batch))
            for row in (await flush.connection.execute(statement)).mappings():
                states[row["organization_id"], row["request_id"]].stages[row["name"]] = dict(row)

    async def _load_seen(
        self, flush: Flush, states: dict[Key, RequestState], entries: list[AnyEntry]
    ) -> None:
        keys: dict[UUID, list[Key]] = {}
        for key in states:
            keys.setdefault(key[1], []).append(key)
        event_keys = {
            (*key, entry.event_id)
            for entry in entries
            if isinstance(entry, CommandEntry) and entry.event_id
            for key in keys.get(entry.request_id, ())
        }
        columns = EVENTS.c.organization_id, EVENTS.c.request_id, EVENTS.c.id
        for batch in chunks(sorted(event_keys)):
            of_requests = _of_requests(EVENTS, sorted({key[:2] for key in batch}))
            its_ids = EVENTS.c.id.in_(sorted({key[2] for key in batch}))
            statement = select(*columns).where(of_requests, its_ids)
            for row in await flush.connection.execute(statement):
                states[row.organization_id, row.request_id].seen.add(row.id)

    def _created(self, entry: CreateEntry, state: RequestState, is_new: bool) -> None:
        if not is_new:
            entry.result = (
                ItemResult.duplicate(entry.request_id, entry.key)
                if entry.bounds.admits(state.row)
                else ItemResult.taken(entry.request_id)
            )
            return
        run_creation(entry, state)

    def _command(self, entry: CommandEntry, candidates: Sequence[RequestState]) -> None:
        reachable = [s for s in candidates if entry.bounds.admits(s.row)]
        if len(reachable) != 1:
            message = (
                f"Request {entry.request_id} not found."
                if not reachable
                else f"Several organizations have a request {entry.request_id}. "
                "Use a key of one organization."
            )
            entry.result = ItemResult.rejected(
                entry.request_id, NotFoundError(message, ("requestId",))
            )
            return
        run_command(entry, reachable[0])

    def _sweep(self, entry: StallCheckEntry, states: dict[Key, RequestState]) -> None:
        state = states.get((entry.organization or "", entry.request_id))
        stall_policy = replace(self._make_state.stall_policy, listening_since=entry.listening_since)
        moved = state is not None and check_for_stall(state, stall_policy)
        id, key = entry.request_id, entry.key
        entry.result = ItemResult.accepted(id, key) if moved else ItemResult.duplicate(id, key)

    async def _write(self, flush: Flush, states: list[RequestState]) -> None:
        dialect, connection = flush.dialect, flush.connection
        changed = [s for s in states if s.dirty]
        for state in changed:
            state.settle()
            state.keep_deadline()
        await dialect.rows.upsert(connection, REQUESTS, [s.row for s in changed])
        stages: list[Row] = [s.stages[n] for s in changed for n in sorted(s.stages.dirty)]
        await dialect.rows.upsert(connection, STAGES, stages)
        attempts = [s.stages.attempts[k] for s in changed for k in sorted(s.stages.attempts)]
        await dialect.rows.upsert(connection, ATTEMPTS, attempts)
        events = [tuple(map(e.get, EVENT_COLUMNS)) for s in changed for e in s.events]
        if events:
            await dialect.rows.bulk_insert(connection, EVENTS, events)
            if self._announcements.has_subscribers:
                moves = [RequestChanged(s.row, s.events) for s in changed if s.events]
                flush.notices.append(partial(self._announcements.publish_request_changes, moves))


def _of_requests(table: Any, keys: Sequence[Key]) -> ColumnElement[bool]:
    return tuple_(table.c.organization_id, table.c.request_id).in_(keys)
