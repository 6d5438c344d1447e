"""Circuit breakers as the processes of their services report them, and the log of state changes.

Each process is an instance with a state and totals of its own. A breaker is what they are together:
the worst state of those that reported lately, and the sums of all that ever reported.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from sqlalchemy import select, tuple_

from models import CircuitBreaker, CircuitBreakerInstance, CircuitBreakerTransition, table_of
from models.enums import BreakerState
from store.auth.access import Principal, TenantBounds
from store.commit_events import CommitEvents
from store.database import Database, Row
from store.dialects import chunks
from store.ids import new_id
from store.ingest.entries import Entry, Flush, ItemResult
from store.query.filters import Condition, ConditionCompiler
from store.validation import LONG_MAX, Checker, InputBounds

TABLE, TRANSITIONS = table_of(CircuitBreaker), table_of(CircuitBreakerTransition)
INSTANCES = table_of(CircuitBreakerInstance)
TRANSITION_COLUMNS = tuple(column.name for column in TRANSITIONS.columns)
WARNING_FAILURE_RATE = 0.10
"""A breaker that fails more often than this is worth a warning."""
INSTANCE_LIFETIME = timedelta(minutes=30)
"""An instance that was not heard of for so long, while others were, has no say in the state."""
MAX_INSTANCES = 200
"""Instances kept of a breaker; the counts of those that are forgotten stay in its sums."""
SEVERITY = {BreakerState.CLOSED: 0, BreakerState.HALF_OPEN: 1, BreakerState.OPEN: 2}
MAX_LISTED = 1_000
MAX_CALLS = 10**15

log = logging.getLogger(__name__)


class BreakerDraft(Protocol):
    name: str
    instance: str | None
    state: BreakerState
    total_calls: int
    total_failures: int
    message: str | None
    occurred_at: datetime | None

    @property
    def organization_id(self) -> str | None: ...


class BreakerEntry(Entry):
    __slots__ = ("row",)

    def __init__(self, row: dict[str, Any]) -> None:
        super().__init__()
        self.row = row

    @property
    def key(self) -> tuple[str, str]:
        return self.row["organization_id"], self.row["name"]


def prepare_breaker(
    draft: BreakerDraft, principal: Principal, bounds: InputBounds, now: datetime
) -> BreakerEntry:
    """Return the entry of a report; raise ``InvalidInputError`` with all problems."""
    organization = principal.organization(draft.organization_id)
    check = Checker(bounds, now)
    calls = check.integer(draft.total_calls, "totalCalls", maximum=MAX_CALLS) or 0
    failures = check.integer(draft.total_failures, "totalFailures", maximum=MAX_CALLS) or 0
    if failures > calls and not check.problems:
        check.refuse(f"{failures:,} failures of {calls:,} calls", "totalFailures")
    at = check.instant(draft.occurred_at, "occurredAt") or now
    row = {
        "organization_id": check.required_name(organization, "organizationId"),
        "name": check.required_name(draft.name, "name"),
        "instance": check.name(draft.instance, "instance") or "",
        "state": draft.state.value,
        "total_calls": calls,
        "total_failures": failures,
        "message": check.cut_text(draft.message),
        "changed_at": at,
        "reported_at": at,
    }
    check.raise_if_any()
    entry = BreakerEntry(row)
    entry.repaired, entry.truncated = check.repaired, check.truncated
    return entry


def failure_rate(row: Row) -> float | None:
    calls: int = row["total_calls"]
    return row["total_failures"] / calls if calls else None


def warnings_of(row: Row) -> list[str]:
    warnings = []
    if row["state"] != BreakerState.CLOSED.value:
        warnings.append(f"{row['name']} is {row['state'].lower().replace('_', ' ')}")
    rate = failure_rate(row)
    if rate is not None and rate > WARNING_FAILURE_RATE:
        warnings.append(f"{row['name']} fails in {rate:.1%} of its calls")
    return warnings


class BreakerApplier:
    kinds = (BreakerEntry,)

    def __init__(self, announcements: CommitEvents) -> None:
        self._announcements = announcements

    async def apply(self, flush: Flush, entries: list[BreakerEntry]) -> None:
        if not entries:
            return
        breakers = await self._lock(flush, entries)
        changed = []
        for entry in entries:
            breaker = breakers[entry.key]
            if breaker.report(entry.row):
                changed.append(entry.key)
                entry.result = ItemResult.accepted(None, entry.key)
            else:
                entry.result = ItemResult.duplicate(None, entry.key)
        await self._write(flush, [breakers[key] for key in sorted(set(changed))])

    async def _write(self, flush: Flush, breakers: list["Breaker"]) -> None:
        connection, dialect = flush.connection, flush.dialect
        await dialect.rows.upsert(connection, TABLE, [breaker.row for breaker in breakers])
        instances = [row for breaker in breakers for row in breaker.changed_instances()]
        await dialect.rows.upsert(connection, INSTANCES, instances)
        forgotten = [key for breaker in breakers for key in breaker.forgotten]
        columns = tuple_(INSTANCES.c.organization_id, INSTANCES.c.name, INSTANCES.c.instance)
        for batch in chunks(forgotten):
            await connection.execute(INSTANCES.delete().where(columns.in_(batch)))
        transitions = [row for breaker in breakers for row in breaker.transitions]
        for row in transitions:
            if row["to_state"] == BreakerState.OPEN.value:
                flush.notices.append(partial(warn, row))
        if breakers and self._announcements.has_subscribers:
            organizations = {breaker.row["organization_id"] for breaker in breakers}
            flush.notices.append(
                partial(self._announcements.publish_breaker_reports, organizations)
            )
        if transitions:
            rows = [tuple(row[name] for name in TRANSITION_COLUMNS) for row in transitions]
            await dialect.rows.bulk_insert(connection, TRANSITIONS, rows)

    async def _lock(
        self, flush: Flush, entries: list[BreakerEntry]
    ) -> dict[tuple[str, str], "Breaker"]:
        """Return the breakers of all entries, locked; make those that are new."""
        first = {entry.key: entry.row for entry in reversed(entries)}
        keys = sorted(first)
        blank = {"state": BreakerState.CLOSED.value, "total_calls": 0, "total_failures": 0}
        rows = [{**first[key], **blank, "message": None} for key in keys]
        inserted = await flush.dialect.rows.insert_ignoring_duplicates(
            flush.connection, TABLE, [tuple(row[c.name] for c in TABLE.columns) for row in rows]
        )
        columns = (TABLE.c.organization_id, TABLE.c.name)
        breakers = {}
        for batch in chunks(keys):
            statement = select(TABLE).where(tuple_(*columns).in_(batch)).order_by(*columns)
            result = await flush.connection.execute(flush.dialect.locks.lock_rows(statement))
            for row in result.mappings():
                key = row["organization_id"], row["name"]
                breakers[key] = Breaker(dict(row), is_new=key in inserted)
            its = tuple_(INSTANCES.c.organization_id, INSTANCES.c.name)
            for row in (
                await flush.connection.execute(select(INSTANCES).where(its.in_(batch)))
            ).mappings():
                breaker = breakers[row["organization_id"], row["name"]]
                breaker.instances[row["instance"]] = dict(row)
        return breakers


class Breaker:
    """One breaker and its instances, while reports are taken; its row is locked."""

    def __init__(self, row: dict[str, Any], is_new: bool) -> None:
        self.row = row
        self.instances: dict[str, dict[str, Any]] = {}
        self.transitions: list[dict[str, Any]] = []
        self.forgotten: list[tuple[str, str, str]] = []
        self._is_new = is_new
        self._changed: set[str] = set()

    def report(self, report: Mapping[str, Any]) -> bool:
        name = report["instance"]
        known = self.instances.get(name)
        if known is not None and report["reported_at"] <= known["reported_at"]:
            return False
        before = known["state"] if known else None
        row = dict(report)
        if known is not None and before == row["state"]:
            row["changed_at"] = known["changed_at"]
        self._count(known, row)
        self.instances[name] = row
        self._changed.add(name)
        self._put_together()
        is_first = known is None and (self._is_new or row["state"] != BreakerState.CLOSED.value)
        if is_first or (known is not None and before != row["state"]):
            self.transitions.append(transition({**row, **_totals(self.row)}, before))
        self._is_new = False
        self._forget_oldest()
        return True

    def changed_instances(self) -> list[dict[str, Any]]:
        return [self.instances[name] for name in sorted(self._changed & self.instances.keys())]

    def _count(self, known: Mapping[str, Any] | None, row: Mapping[str, Any]) -> None:
        before = {} if known is None else _totals(known)
        if any(row[name] < total for name, total in before.items()):
            before = {}  # the process was started again
        for name, total in _totals(row).items():
            self.row[name] = min(LONG_MAX, self.row[name] + total - before.get(name, 0))

    def _put_together(self) -> None:
        newest = max(row["reported_at"] for row in self.instances.values())
        worst = max(
            live_instances(self.instances.values(), newest),
            key=lambda row: (SEVERITY[BreakerState(row["state"])], row["reported_at"]),
        )
        if self._is_new or self.row["state"] != worst["state"]:
            self.row["changed_at"] = worst["changed_at"] if self._is_new else newest
        self.row |= {
            "state": worst["state"],
            "message": worst["message"],
            "reported_at": max(newest, self.row["reported_at"]),
        }

    def _forget_oldest(self) -> None:
        excess = len(self.instances) - MAX_INSTANCES
        if excess <= 0:
            return
        oldest = sorted(self.instances.values(), key=lambda row: row["reported_at"])[:excess]
        for row in oldest:
            self.forgotten.append((row["organization_id"], row["name"], row["instance"]))
            del self.instances[row["instance"]]


def live_instances(rows: Iterable[Row], newest: datetime) -> list[Row]:
    return [row for row in rows if is_live(row, newest)]


def is_live(row: Row, newest: datetime) -> bool:
    reported_at: datetime = row["reported_at"]
    return reported_at > newest - INSTANCE_LIFETIME


def _totals(row: Mapping[str, Any]) -> dict[str, int]:
    return {"total_calls": row["total_calls"], "total_failures": row["total_failures"]}


def transition(row: Mapping[str, Any], before: str | None) -> dict[str, Any]:
    return {
        "organization_id": row["organization_id"],
        "name": row["name"],
        "id": new_id(),
        "instance": row["instance"] or None,
        "from_state": before,
        "to_state": row["state"],
        "total_calls": row["total_calls"],
        "total_failures": row["total_failures"],
        "message": row["message"],
        "occurred_at": row["reported_at"],
    }


def warn(row: dict[str, Any]) -> None:
    log.warning(
        "circuit breaker opened",
        extra={
            "breaker": row["name"],
            "organization": row["organization_id"],
            "instance": row["instance"],
        },
    )


class CircuitBreakers:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_breakers(
        self, bounds: TenantBounds, where: Condition | None = None
    ) -> list[Row]:
        statement = bounds.restrict(select(TABLE), TABLE)
        if where is not None:
            fields = {column.name: column for column in TABLE.columns}
            compiler = ConditionCompiler(fields, self._database.dialect)
            statement = statement.where(compiler.compile(where))
        statement = statement.order_by(TABLE.c.organization_id, TABLE.c.name).limit(MAX_LISTED)
        async with self._database.read_for(bounds.organization_id) as connection:
            return list((await connection.execute(statement)).mappings())
