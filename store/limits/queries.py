"""Setting, listing and reading limits, and what is left of them now."""

from collections.abc import Sequence
from typing import Any, Protocol
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_

from models import Limit, LimitUsage, ReservationHold, table_of
from models.vocabulary import AccessScope, LimitMode, LimitPeriod, LimitSubject
from store.access import Bounds, Principal
from store.database import Database, Row
from store.errors import Forbidden, NotFound
from store.filters import Condition, ConditionCompiler
from store.ids import Clock, new_id
from store.limits.decide import Level
from store.limits.ledger import level_of
from store.limits.periods import PeriodSpan, span_at
from store.validation import LONG_MAX, Checker, InputBounds

LIMITS, USAGES, HOLDS = table_of(Limit), table_of(LimitUsage), table_of(ReservationHold)
MAX_LISTED = 1_000
"""Limits in one answer."""


class LimitDraft(Protocol):
    """A limit as a caller sets it."""

    subject: LimitSubject
    interaction_type: str
    period: LimitPeriod
    zone: str
    maximum: int
    mode: LimitMode

    @property
    def organization_id(self) -> str | None: ...
    @property
    def subject_id(self) -> str | None: ...


def visible(bounds: Bounds) -> list[ColumnElement[bool]]:
    """The limits a principal may see.

    A key that is bound to a namespace or workspace sees those of its organization as a whole and
    of its own namespace and workspace, nobody else's.
    """
    conditions = bounds.conditions(LIMITS)
    if not bounds.is_partial:
        return conditions
    own = [LIMITS.c.subject == LimitSubject.ORGANIZATION.value]
    for subject, label in (
        (LimitSubject.NAMESPACE, bounds.namespace_id),
        (LimitSubject.WORKSPACE, bounds.workspace_id),
    ):
        if label is not None:
            own.append(and_(LIMITS.c.subject == subject.value, LIMITS.c.subject_id == label))
    return [*conditions, or_(*own)]


class Limits:
    """Limits of an organization."""

    def __init__(self, database: Database, clock: Clock, bounds: InputBounds) -> None:
        self._database = database
        self._clock = clock
        self._bounds = bounds

    async def set_limit(self, draft: LimitDraft, principal: Principal) -> Row:
        """Set the maximum of a subject, type and period; what was used already stays counted."""
        principal.require(AccessScope.MANAGE)
        if principal.bounds.is_partial:
            raise Forbidden("a key bound to a namespace or workspace does not set limits")
        organization = principal.organization(draft.organization_id)
        now = self._clock()
        check = Checker(self._bounds, now)
        subject_id = draft.subject_id
        if draft.subject is LimitSubject.ORGANIZATION:
            if subject_id not in (None, organization):
                check.refuse("is the organization itself: leave it out", "subjectId")
            subject_id = organization
        elif subject_id is None:
            check.refuse(f"name the {draft.subject.value.lower()} it holds for", "subjectId")
        try:
            ZoneInfo(draft.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            check.refuse(f"{draft.zone!r} is not an IANA zone such as Europe/Zurich", "zone")
        row = {
            "organization_id": check.required_name(organization, "organizationId"),
            "id": new_id(),
            "subject": draft.subject.value,
            "subject_id": check.name(subject_id, "subjectId"),
            "interaction_type": check.required_name(draft.interaction_type, "interactionType"),
            "period": draft.period.value,
            "zone": draft.zone,
            "maximum": check.whole(draft.maximum, "maximum", maximum=LONG_MAX // 4),
            "mode": draft.mode.value,
            "created_at": now,
            "updated_at": now,
        }
        check.raise_if_any()
        return await self._upsert(row)

    async def _upsert(self, row: dict[str, Any]) -> Row:
        insert: Any = self._database.dialect.insert(LIMITS)
        changed = ("maximum", "mode", "zone", "updated_at")
        statement = insert.on_conflict_do_update(
            index_elements=[
                "organization_id", "subject", "subject_id", "interaction_type", "period"
            ],
            set_={name: insert.excluded[name] for name in changed},
        ).returning(*LIMITS.columns)  # fmt: skip
        async with self._database.write() as connection:
            return (await connection.execute(statement, row)).mappings().one()

    async def delete_limit(self, id: UUID, principal: Principal) -> UUID:
        """Delete a limit; what was used of it is forgotten with it."""
        principal.require(AccessScope.MANAGE)
        if principal.bounds.is_partial:
            raise Forbidden("a key bound to a namespace or workspace does not delete limits")
        conditions = principal.bounds.conditions(LIMITS)
        async with self._database.write() as connection:
            found = await connection.execute(
                LIMITS.delete().where(LIMITS.c.id == id, *conditions).returning(LIMITS.c.id)
            )
            if found.first() is None:
                raise NotFound(f"there is no limit {id}", ("id",))
            await connection.execute(USAGES.delete().where(USAGES.c.limit_id == id))
        return id

    async def list_limits(
        self,
        bounds: Bounds,
        where: Condition | None = None,
        first: int = MAX_LISTED,
    ) -> list[Row]:
        """The limits the caller may see, by subject, type and period."""
        order = (
            LIMITS.c.organization_id, LIMITS.c.subject, LIMITS.c.subject_id,
            LIMITS.c.interaction_type, LIMITS.c.period,
        )  # fmt: skip
        statement = select(LIMITS).where(*visible(bounds)).order_by(*order).limit(first)
        if where is not None:
            fields = {column.name: column for column in LIMITS.columns}
            compiler = ConditionCompiler(fields, self._database.dialect)
            statement = statement.where(compiler.compile(where))
        async with self._database.read() as connection:
            return list((await connection.execute(statement)).mappings())

    async def list_usage(
        self,
        bounds: Bounds,
        organization: str,
        subject: LimitSubject,
        subject_id: str,
        interaction_type: str | None,
    ) -> list[Level]:
        """What is used and left now of every limit of a subject."""
        conditions = [
            *visible(bounds),
            LIMITS.c.organization_id == organization,
            LIMITS.c.subject == subject.value,
            LIMITS.c.subject_id == subject_id,
        ]
        if interaction_type is not None:
            conditions.append(LIMITS.c.interaction_type == interaction_type)
        order = (LIMITS.c.interaction_type, LIMITS.c.period)
        async with self._database.read() as connection:
            found = await connection.execute(
                select(LIMITS).where(*conditions).order_by(*order).limit(MAX_LISTED)
            )
            rows = found.all()
        return await self.levels(rows)

    async def levels(self, rows: Sequence[Any]) -> list[Level]:
        """The levels of limit rows in their present periods, in the order of ``rows``."""
        now = self._clock()
        spans: list[PeriodSpan] = [span_at(LimitPeriod(r.period), now, r.zone) for r in rows]
        keys = [(r.organization_id, r.id, s.start) for r, s in zip(rows, spans, strict=True)]
        if not keys:
            return []
        async with self._database.read() as connection:
            used = await connection.execute(_of_keys(USAGES, USAGES.c.used, keys))
            by_key = {tuple(found)[:3]: found[3] for found in used}
            held = await connection.execute(
                _of_keys(HOLDS, func.sum(HOLDS.c.units), keys)
                .where(HOLDS.c.expires_at > now)
                .group_by(HOLDS.c.organization_id, HOLDS.c.limit_id, HOLDS.c.period_start)
            )
            holds = {tuple(found)[:3]: int(found[3]) for found in held}
        levels = []
        for row, span, key in zip(rows, spans, keys, strict=True):
            level = level_of(row, span.start, span.end, by_key.get(key, 0))
            level.held = holds.get(key, 0)
            levels.append(level)
        return levels


def _of_keys(table: Any, value: ColumnElement[Any], keys: list[Any]) -> Select[Any]:
    columns = (table.c.organization_id, table.c.limit_id, table.c.period_start)
    return select(*columns, value).where(tuple_(*columns).in_(keys))
