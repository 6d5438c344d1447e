"""Setting, listing and reading limits, and what is left of them now."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from models import Limit, LimitUsage, ReservationHold, table_of
from models.enums import AccessScope, LimitMode, LimitPeriod, LimitSubject
from store.auth.access import Principal, TenantBounds
from store.database import Database, Row
from store.dialects import chunks
from store.errors import ForbiddenError, InvalidInputError, NotFoundError
from store.ids import Clock, new_id
from store.limits.decide import Level
from store.limits.entries import refuse_pattern
from store.limits.ledger import level_of
from store.limits.locking import lock_limits_exclusively
from store.limits.periods import PeriodSpan, span_at
from store.limits.seeding import UsageSeeder
from store.query.filters import Condition, ConditionCompiler
from store.scheduling.fair_queue import Tenant
from store.validation import LONG_MAX, Checker, InputBounds

LIMITS, USAGES, HOLDS = table_of(Limit), table_of(LimitUsage), table_of(ReservationHold)
DEFAULT_PERIOD, DEFAULT_ZONE = LimitPeriod.MONTH, "UTC"
MAX_LISTED_LIMITS = 1_000
"""Limits in one answer."""


class LimitDraft(Protocol):
    subject: LimitSubject
    interaction_type: str
    period: LimitPeriod | None
    zone: str | None
    maximum: int
    mode: LimitMode | None

    @property
    def organization_id(self) -> str | None: ...
    @property
    def subject_id(self) -> str | None: ...


def visible(bounds: TenantBounds) -> list[ColumnElement[bool]]:
    """Return the limits a principal may see.

    A key that is bound to a namespace or workspace sees those of its organization as a whole and
    of its own namespace and workspace, nobody else's.
    """
    conditions = bounds.conditions(LIMITS)
    if not bounds.is_partial:
        return conditions
    subject_conditions = [LIMITS.c.subject == LimitSubject.ORGANIZATION.value]
    for subject, label in (
        (LimitSubject.NAMESPACE, bounds.namespace_id),
        (LimitSubject.WORKSPACE, bounds.workspace_id),
    ):
        if label is not None:
            subject_conditions.append(
                and_(LIMITS.c.subject == subject.value, LIMITS.c.subject_id == label)
            )
    return [*conditions, or_(*subject_conditions)]


class Limits:
    def __init__(self, database: Database, clock: Clock, bounds: InputBounds) -> None:
        self._database = database
        self._clock = clock
        self._bounds = bounds

    async def set_limit(self, draft: LimitDraft, principal: Principal) -> Row:
        """Set the maximum of a subject, type and period; what is not given stays as it is.

        A new limit, and one whose zone changes, begins with the units that its present period
        already holds.
        """
        principal.require(AccessScope.MANAGE)
        if principal.bounds.is_partial:
            raise ForbiddenError("Keys bound to a namespace or workspace must not set limits.")
        organization = principal.organization(draft.organization_id)
        now = self._clock()
        check = Checker(self._bounds, now)
        subject_id = draft.subject_id
        if draft.subject is LimitSubject.ORGANIZATION:
            if subject_id not in (None, organization):
                check.refuse(f"must be omitted for ORGANIZATION (got {subject_id!r}).", "subjectId")
            subject_id = organization
        elif subject_id is None:
            check.refuse(f"is required for {draft.subject.value}", "subjectId")
        if draft.zone is not None:
            try:
                ZoneInfo(draft.zone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                message = f"Invalid time zone {draft.zone!r}. Use an IANA name such as Europe/Rome."
                check.refuse(message, "zone")
        for name, path in ((subject_id, "subjectId"), (draft.interaction_type, "interactionType")):
            refuse_pattern(name, path, check)
        organization = check.required_name(organization, "organizationId")
        row = {
            "organization_id": organization,
            "id": new_id(),
            "subject": draft.subject.value,
            "subject_id": check.name(subject_id, "subjectId"),
            "interaction_type": check.required_name(draft.interaction_type, "interactionType"),
            "period": draft.period.value if draft.period else None,
            "zone": draft.zone,
            "maximum": check.integer(draft.maximum, "maximum", maximum=LONG_MAX // 4),
            "mode": draft.mode.value if draft.mode else None,
            "created_at": now,
            "updated_at": now,
        }
        check.raise_if_any()
        dialect = self._database.dialect
        async with self._database.write() as connection:
            await lock_limits_exclusively(dialect, connection, organization)
            stored = await self._complete(connection, row)
            limit = await self._upsert(connection, row)
            if stored is None or stored["zone"] != limit["zone"]:
                await UsageSeeder(dialect, connection, limit, now).run()
        return limit

    async def _complete(self, connection: AsyncConnection, row: dict[str, Any]) -> Row | None:
        key = ("organization_id", "subject", "subject_id", "interaction_type")
        statement = select(LIMITS).where(*(LIMITS.c[name] == row[name] for name in key))
        stored = {mapping["period"]: mapping for mapping in await _mappings(connection, statement)}
        if row["period"] is None:
            row["period"] = DEFAULT_PERIOD.value
            if stored and DEFAULT_PERIOD.value not in stored:
                others = ", ".join(sorted(stored))
                raise InvalidInputError(
                    f"this subject has a limit of {row['interaction_type']!r} per {others}: name "
                    f"that period to change it, or {DEFAULT_PERIOD} to set another limit",
                    ("period",),
                )
        limit = stored.get(row["period"])
        for name, default in (("zone", DEFAULT_ZONE), ("mode", LimitMode.HARD.value)):
            if row[name] is None:
                row[name] = limit[name] if limit is not None else default
        return limit

    async def _upsert(self, connection: AsyncConnection, row: dict[str, Any]) -> Row:
        insert: Any = self._database.dialect.rows.insert(LIMITS)
        changed = ("maximum", "mode", "zone", "updated_at")
        statement = insert.on_conflict_do_update(
            index_elements=[
                "organization_id", "subject", "subject_id", "interaction_type", "period"
            ],
            set_={name: insert.excluded[name] for name in changed},
        ).returning(*LIMITS.columns)  # fmt: skip
        return (await connection.execute(statement, row)).mappings().one()

    async def delete_limit(self, id: UUID, principal: Principal) -> Row:
        """Delete a limit with its usage, and return it; the counters of its interaction stay."""
        principal.require(AccessScope.MANAGE)
        if principal.bounds.is_partial:
            raise ForbiddenError("Keys bound to a namespace or workspace must not delete limits.")
        conditions = principal.bounds.conditions(LIMITS)
        matching_key = (LIMITS.c.id == id, *conditions)
        async with self._database.write() as connection:
            named = select(LIMITS.c.organization_id).where(*matching_key)
            organization = (await connection.execute(named)).scalar_one_or_none()
            if organization is not None:
                await lock_limits_exclusively(self._database.dialect, connection, organization)
            deleted = LIMITS.delete().where(*matching_key).returning(*LIMITS.columns)
            row = (await connection.execute(deleted)).mappings().first()
            if row is None:
                raise NotFoundError(f"Limit {id} not found.", ("limitId",))
            for table in (USAGES, HOLDS):
                its = (table.c.organization_id == organization, table.c.limit_id == id)
                await connection.execute(table.delete().where(*its))
        return row

    async def list_limits(
        self,
        bounds: TenantBounds,
        where: Condition | None = None,
        first: int = MAX_LISTED_LIMITS,
    ) -> list[Row]:
        order = (
            LIMITS.c.organization_id, LIMITS.c.subject, LIMITS.c.subject_id,
            LIMITS.c.interaction_type, LIMITS.c.period,
        )  # fmt: skip
        statement = select(LIMITS).where(*visible(bounds)).order_by(*order).limit(first)
        if where is not None:
            fields = {column.name: column for column in LIMITS.columns}
            compiler = ConditionCompiler(fields, self._database.dialect)
            statement = statement.where(compiler.compile(where))
        async with self._database.read_for(bounds.organization_id) as connection:
            return list((await connection.execute(statement)).mappings())

    async def list_usage(
        self,
        bounds: TenantBounds,
        organization: str,
        subject: LimitSubject,
        subject_id: str,
        interaction_type: str | None,
    ) -> list[Level]:
        check = Checker(self._bounds, self._clock())
        refuse_pattern(subject_id, "subjectId", check)
        refuse_pattern(interaction_type, "interactionType", check)
        check.raise_if_any()
        conditions = [
            *visible(bounds),
            LIMITS.c.organization_id == organization,
            LIMITS.c.subject == subject.value,
            LIMITS.c.subject_id == subject_id,
        ]
        if interaction_type is not None:
            conditions.append(LIMITS.c.interaction_type == interaction_type)
        order = (LIMITS.c.interaction_type, LIMITS.c.period)
        async with self._database.read_for(bounds.organization_id) as connection:
            result = await connection.execute(
                select(LIMITS).where(*conditions).order_by(*order).limit(MAX_LISTED_LIMITS)
            )
            rows = result.all()
        return await self.levels(rows)

    async def levels(self, rows: Sequence[Any]) -> list[Level]:
        now = self._clock()
        spans: list[PeriodSpan] = [span_at(LimitPeriod(r.period), now, r.zone) for r in rows]
        keys = [(r.organization_id, r.id, s.start) for r, s in zip(rows, spans, strict=True)]
        if not keys:
            return []
        by_key: dict[tuple[Any, ...], tuple[int, int]] = {}
        holds: dict[tuple[Any, ...], int] = {}
        async with self._database.read_for(tenant_of(rows)) as connection:
            for batch in chunks(keys):
                # One statement sees one state: a commit between two would show units in neither.
                for usage_row in await connection.execute(_used_and_held(batch, now)):
                    *key_values, is_held, units, uncertain = usage_row
                    if is_held:
                        holds[tuple(key_values)] = int(units)
                    else:
                        by_key[tuple(key_values)] = int(units), int(uncertain)
        levels = []
        for row, span, key in zip(rows, spans, keys, strict=True):
            units, uncertain = by_key.get(key, (0, 0))
            level = level_of(row, span.start, span.end, units)
            level.uncertain = uncertain
            level.reserved = holds.get(key, 0)
            levels.append(level)
        return levels


def tenant_of(rows: Sequence[Any]) -> Tenant:
    """Return the organization that all rows belong to; None where they belong to several."""
    organizations = {row.organization_id for row in rows}
    return organizations.pop() if len(organizations) == 1 else None


async def _mappings(connection: AsyncConnection, statement: Select[Any]) -> list[Row]:
    return list((await connection.execute(statement)).mappings())


def _used_and_held(keys: Sequence[Any], now: datetime) -> CompoundSelect[Any]:
    used = _of_keys(USAGES, keys, literal(0).label("is_held"), USAGES.c.used, USAGES.c.uncertain)
    hold_sums = (
        _of_keys(HOLDS, keys, literal(1), func.sum(HOLDS.c.units), literal(0))
        .where(HOLDS.c.expires_at > now)
        .group_by(HOLDS.c.organization_id, HOLDS.c.limit_id, HOLDS.c.period_start)
    )
    return union_all(used, hold_sums)


def _of_keys(table: Any, keys: Sequence[Any], *values: ColumnElement[Any]) -> Select[Any]:
    columns = (table.c.organization_id, table.c.limit_id, table.c.period_start)
    return select(*columns, *values).where(tuple_(*columns).in_(keys))
