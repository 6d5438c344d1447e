"""Circuit breakers as their services report them, and the log of their state changes."""

import logging
from datetime import datetime
from functools import partial
from typing import Any, Protocol

from sqlalchemy import select, tuple_

from models import CircuitBreaker, CircuitBreakerTransition, table_of
from models.vocabulary import BreakerState
from store.access import Bounds, Principal
from store.announcements import Announcements
from store.database import Database, Row
from store.dialects import chunks
from store.entries import Entry, Flush, ItemResult
from store.filters import Condition, ConditionCompiler
from store.ids import new_id
from store.validation import Checker, InputBounds

TABLE, TRANSITIONS = table_of(CircuitBreaker), table_of(CircuitBreakerTransition)
TRANSITION_COLUMNS = tuple(column.name for column in TRANSITIONS.columns)
WARNING_FAILURE_RATE = 0.10
"""A breaker that fails more often than this is worth a warning."""
MAX_LISTED = 1_000
MAX_CALLS = 10**15

log = logging.getLogger(__name__)


class BreakerDraft(Protocol):
    """State and totals of a breaker, as its service reports them."""

    name: str
    state: BreakerState
    total_calls: int
    total_failures: int
    message: str | None
    occurred_at: datetime | None

    @property
    def organization_id(self) -> str | None: ...


class BreakerEntry(Entry):
    """A checked report."""

    __slots__ = ("row",)

    def __init__(self, row: dict[str, Any]) -> None:
        super().__init__()
        self.row = row

    @property
    def key(self) -> tuple[str, str]:
        """The primary key."""
        return self.row["organization_id"], self.row["name"]


def prepare_breaker(
    draft: BreakerDraft, principal: Principal, bounds: InputBounds, now: datetime
) -> BreakerEntry:
    """The entry of a report; raises ``BadInput`` with every problem."""
    organization = principal.organization(draft.organization_id)
    check = Checker(bounds, now)
    calls = check.whole(draft.total_calls, "totalCalls", maximum=MAX_CALLS) or 0
    failures = check.whole(draft.total_failures, "totalFailures", maximum=MAX_CALLS) or 0
    if failures > calls and not check.problems:
        check.refuse(f"{failures:,} failures of {calls:,} calls", "totalFailures")
    at = check.instant(draft.occurred_at, "occurredAt") or now
    row = {
        "organization_id": check.required_name(organization, "organizationId"),
        "name": check.required_name(draft.name, "name"),
        "state": draft.state.value,
        "total_calls": calls,
        "total_failures": failures,
        "message": check.text(draft.message, "message"),
        "changed_at": at,
        "reported_at": at,
    }
    check.raise_if_any()
    entry = BreakerEntry(row)
    entry.repaired = check.repaired
    return entry


def failure_rate(row: Row) -> float | None:
    """Failures per call; None before the first call."""
    calls: int = row["total_calls"]
    return row["total_failures"] / calls if calls else None


def warnings_of(row: Row) -> list[str]:
    """What an operator should know of a breaker."""
    found = []
    if row["state"] != BreakerState.CLOSED.value:
        found.append(f"{row['name']} is {row['state'].lower().replace('_', ' ')}")
    rate = failure_rate(row)
    if rate is not None and rate > WARNING_FAILURE_RATE:
        found.append(f"{row['name']} fails in {rate:.1%} of its calls")
    return found


class BreakerApplier:
    """Keeps the newest report of each breaker; a change of state is logged as a transition."""

    kinds = (BreakerEntry,)

    def __init__(self, announcements: Announcements) -> None:
        self._announcements = announcements

    async def apply(self, flush: Flush, entries: list[BreakerEntry]) -> None:
        if not entries:
            return
        stored = await self._lock(flush, sorted({e.key for e in entries}))
        changed: dict[tuple[str, str], dict[str, Any]] = {}
        transitions = []
        for entry in entries:
            known = stored.get(entry.key)
            if known is not None and entry.row["reported_at"] <= known["reported_at"]:
                entry.result = ItemResult.duplicate(None, entry.key)
                continue
            row = dict(entry.row)
            before = known["state"] if known else None
            if before == row["state"]:
                assert known is not None
                row["changed_at"] = known["changed_at"]
            else:
                transitions.append(transition(row, before))
                if row["state"] == BreakerState.OPEN.value:
                    flush.notices.append(lambda row=row: warn(row))  # type: ignore[misc]
            stored[entry.key] = changed[entry.key] = row
            entry.result = ItemResult.accepted(None, entry.key)
        await flush.dialect.upsert(flush.connection, TABLE, [changed[k] for k in sorted(changed)])
        if changed and self._announcements.is_heard:
            organizations = {organization for organization, _ in changed}
            flush.notices.append(partial(self._announcements.breakers_reported, organizations))
        if transitions:
            rows = [tuple(t[name] for name in TRANSITION_COLUMNS) for t in transitions]
            await flush.dialect.bulk_insert(flush.connection, TRANSITIONS, rows)

    async def _lock(
        self, flush: Flush, keys: list[tuple[str, str]]
    ) -> dict[tuple[str, str], dict[str, Any]]:
        found: dict[tuple[str, str], dict[str, Any]] = {}
        columns = (TABLE.c.organization_id, TABLE.c.name)
        for some in chunks(keys):
            statement = select(TABLE).where(tuple_(*columns).in_(some)).order_by(*columns)
            rows = await flush.connection.execute(flush.dialect.lock_rows(statement))
            for row in rows.mappings():
                found[row["organization_id"], row["name"]] = dict(row)
        return found


def transition(row: dict[str, Any], before: str | None) -> dict[str, Any]:
    """The log row of a change of state."""
    return {
        "organization_id": row["organization_id"],
        "name": row["name"],
        "id": new_id(),
        "from_state": before,
        "to_state": row["state"],
        "total_calls": row["total_calls"],
        "total_failures": row["total_failures"],
        "message": row["message"],
        "occurred_at": row["reported_at"],
    }


def warn(row: dict[str, Any]) -> None:
    """Tell the operator's log that a breaker opened; called after the commit."""
    log.warning(
        "circuit breaker opened",
        extra={"breaker": row["name"], "organization": row["organization_id"]},
    )


class CircuitBreakers:
    """Reading breakers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_breakers(self, bounds: Bounds, where: Condition | None = None) -> list[Row]:
        """The last known state of every breaker, by name."""
        statement = bounds.restrict(select(TABLE), TABLE)
        if where is not None:
            fields = {column.name: column for column in TABLE.columns}
            compiler = ConditionCompiler(fields, self._database.dialect)
            statement = statement.where(compiler.compile(where))
        statement = statement.order_by(TABLE.c.organization_id, TABLE.c.name).limit(MAX_LISTED)
        async with self._database.read() as connection:
            return list((await connection.execute(statement)).mappings())
