"""Sessions: started once, ended once, read with their operations."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from sqlalchemy import bindparam, select, update

from models import Session, table_of
from store.auth.access import UNRESTRICTED, LabelsDraft, Principal, TenantBounds, fill_labels
from store.errors import NotFoundError
from store.ids import instant_of, is_v7
from store.ingest.entries import Entry, Flush, ItemResult
from store.key_lists import conditions_of
from store.operations.field_checks import check_labels
from store.validation import EARLIEST, FUTURE, Checker, InputBounds

TABLE = table_of(Session)
COLUMNS = tuple(column.name for column in TABLE.columns)
Key: TypeAlias = tuple[str, str]
"""Organization and id."""


class SessionDraft(Protocol):
    name: str | None
    client: str | None
    started_at: datetime | None
    ended_at: datetime | None
    attributes: Any

    @property
    def id(self) -> str | None: ...
    @property
    def labels(self) -> LabelsDraft | None: ...


class SessionEntry(Entry):
    """A session to be started, or ended where it exists within ``bounds``."""

    __slots__ = ("bounds", "row")

    def __init__(self, row: dict[str, Any], bounds: TenantBounds = UNRESTRICTED) -> None:
        super().__init__()
        self.bounds = bounds
        self.row = row

    @property
    def key(self) -> Key:
        return self.row["organization_id"], self.row["id"]


class EndSessionEntry(Entry):
    __slots__ = ("bounds", "ended_at", "id")

    def __init__(self, id: str, bounds: TenantBounds, ended_at: datetime) -> None:
        super().__init__()
        self.id = id
        self.bounds = bounds
        self.ended_at = ended_at


def prepare_session(
    draft: SessionDraft,
    principal: Principal,
    bounds: InputBounds,
    now: datetime,
    make_id: Callable[[], UUID],
) -> SessionEntry:
    """Return the entry of a session; raise ``InvalidInputError`` with all problems."""
    check = Checker(bounds, now)
    id = str(make_id()) if draft.id is None else check.session_id(draft.id, "id")
    labels, problem = fill_labels(draft.labels, principal)
    if problem is not None:
        check.problems.append(problem)
    started_at = check.instant(draft.started_at, "startedAt") or start_of(id, now)
    ended_at = check.instant(draft.ended_at, "endedAt")
    if ended_at is not None and ended_at < started_at:
        check.refuse("lies before startedAt", "endedAt")
    row = {
        **check_labels(labels, check),
        "id": id,
        "name": check.name(draft.name, "name"),
        "client": check.name(draft.client, "client"),
        "started_at": started_at,
        "ended_at": ended_at,
        "recorded_at": now,
        "attributes": check.json_object(draft.attributes, "attributes"),
    }
    check.raise_if_any()
    entry = SessionEntry(row, principal.bounds)
    entry.repaired = check.repaired
    return entry


def start_of(id: str | None, now: datetime) -> datetime:
    try:
        uuid = UUID(id or "")
    except ValueError:
        return now
    at = instant_of(uuid) if is_v7(uuid) else now
    return at if EARLIEST <= at <= now + FUTURE else now


def prepare_session_end(
    id: str, principal: Principal, bounds: InputBounds, now: datetime
) -> EndSessionEntry:
    """Return the entry of a session's end; raise ``InvalidInputError`` for an id that no session can have."""
    check = Checker(bounds, now)
    key = check.session_id(id, "id")
    check.raise_if_any()
    entry = EndSessionEntry(key or "", principal.bounds, now)
    entry.repaired = check.repaired
    return entry


class SessionApplier:
    kinds = (SessionEntry, EndSessionEntry)

    async def apply(self, flush: Flush, entries: list[SessionEntry | EndSessionEntry]) -> None:
        if not entries:
            return
        starts: dict[Key, SessionEntry] = {}
        for entry in entries:
            if isinstance(entry, SessionEntry):
                starts.setdefault(entry.key, entry)
        rows = [tuple(starts[key].row[name] for name in COLUMNS) for key in sorted(starts)]
        inserted = await flush.dialect.rows.insert_new(flush.connection, TABLE, rows)
        new = set(starts) if inserted is None else inserted
        sessions = await self._lock(flush, entries)
        by_id: dict[str, list[dict[str, Any]]] = {}
        for key, row in sessions.items():
            by_id.setdefault(key[1], []).append(row)
        ended: dict[Key, datetime] = {}
        for entry in entries:
            if isinstance(entry, SessionEntry):
                first = starts[entry.key] is entry and entry.key in new
                self._started(entry, sessions[entry.key], first, ended)
            else:
                self._ended(entry, by_id, ended)
        if ended:
            matching_key = (TABLE.c.organization_id == bindparam("o"), TABLE.c.id == bindparam("i"))
            await flush.connection.execute(
                update(TABLE).where(*matching_key).values(ended_at=bindparam("e")),
                [{"o": o, "i": i, "e": at} for (o, i), at in sorted(ended.items())],
            )

    async def _lock(
        self, flush: Flush, entries: list[SessionEntry | EndSessionEntry]
    ) -> dict[Key, dict[str, Any]]:
        key_columns = TABLE.c.organization_id, TABLE.c.id
        keys = (
            e.key if isinstance(e, SessionEntry) else (e.bounds.organization_id, e.id)
            for e in entries
        )
        sessions: dict[Key, dict[str, Any]] = {}
        for condition in conditions_of(key_columns, keys):
            statement = select(TABLE).where(condition).order_by(*key_columns)
            rows = await flush.connection.execute(flush.dialect.locks.lock_rows(statement))
            for row in rows.mappings():
                sessions[row["organization_id"], row["id"]] = dict(row)
        return sessions

    def _started(
        self,
        entry: SessionEntry,
        row: dict[str, Any],
        is_new: bool,
        ended: dict[Key, datetime],
    ) -> None:
        ends = entry.row["ended_at"]
        if is_new:
            entry.result = ItemResult.accepted(entry.key[1], entry.key)
        elif not entry.bounds.admits(row):
            entry.result = ItemResult.taken(entry.key[1])
        elif ends is not None and row["ended_at"] is None:
            row["ended_at"] = ended[entry.key] = ends
            entry.result = ItemResult.accepted(entry.key[1], entry.key)
        else:
            entry.result = ItemResult.duplicate(entry.key[1], entry.key)

    def _ended(
        self,
        entry: EndSessionEntry,
        by_id: Mapping[str, list[dict[str, Any]]],
        ended: dict[Key, datetime],
    ) -> None:
        rows = [row for row in by_id.get(entry.id, ()) if entry.bounds.admits(row)]
        if len(rows) != 1:
            error = NotFoundError(f"Session {entry.id!r} not found.", ("id",))
            entry.result = ItemResult.rejected(entry.id, error)
            return
        key = rows[0]["organization_id"], entry.id
        if rows[0]["ended_at"] is not None:
            entry.result = ItemResult.duplicate(entry.id, key)
            return
        rows[0]["ended_at"] = ended[key] = max(entry.ended_at, rows[0]["started_at"])
        entry.result = ItemResult.accepted(entry.id, key)
