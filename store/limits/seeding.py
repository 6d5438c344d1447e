"""What a limit that is set in mid period begins with: the units that its period already holds.

Counters are sums per UTC month and set of labels, with the instants of their first and last use.
A counter lies inside a period, outside of it, or across its beginning or end. What lies across is
divided by the operations, as far as operations counted it; the rest is ``uncertain``, and so is
what operations counted beside their first interaction.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from models import (
    InteractionCounter,
    LimitUsage,
    Operation,
    Reservation,
    ReservationHold,
    table_of,
)
from models.enums import LimitPeriod, LimitSubject, ReservationStatus
from store.database import Row
from store.dialects import DatabaseDialect
from store.limits.ledger import LABEL_OF_SUBJECT
from store.limits.periods import PeriodSpan, span_at

COUNTERS, OPERATIONS = table_of(InteractionCounter), table_of(Operation)
USAGES, HOLDS, RESERVATIONS = table_of(LimitUsage), table_of(ReservationHold), table_of(Reservation)


@dataclass(frozen=True, slots=True)
class InitialUsage:
    used: int
    uncertain: int = 0


class UsageSeeder:
    def __init__(
        self, dialect: DatabaseDialect, connection: AsyncConnection, limit: Row, now: datetime
    ) -> None:
        self._dialect = dialect
        self._connection = connection
        self._limit = limit
        self._now = now
        self._span = span_at(LimitPeriod(limit["period"]), now, limit["zone"])

    async def run(self) -> None:
        seed = await self._seed()
        await self._write_usage(seed)
        await self._write_holds()

    async def _seed(self) -> InitialUsage:
        inside, across = await self._counted()
        if not across:
            return InitialUsage(inside)
        months = _edge_months(self._span)
        total = await self._units_of_months(months)
        recorded, recorded_inside = await self._recorded(months)
        # Of the months at the edges: what no operation tells of was consumed at an unknown time.
        consumed = max(0, total - recorded)
        counted_apart = await self._counted_apart_from(months)
        least = max(inside, counted_apart + recorded_inside)
        most = min(inside + across, counted_apart + recorded_inside + consumed)
        return InitialUsage(least, max(0, most - least))

    async def _counted(self) -> tuple[int, int]:
        first, last, (start, end) = COUNTERS.c.first_at, COUNTERS.c.last_at, _ends(self._span)
        inside = first >= start if end is None else and_(first >= start, last < end)
        touches = last >= start if end is None else and_(last >= start, first < end)
        units = func.sum(COUNTERS.c.units)
        statement = select(units.filter(inside), units.filter(and_(touches, ~inside))).where(
            *self._of_subject(COUNTERS), *_in_months(self._span)
        )
        row = (await self._connection.execute(statement)).one()
        return int(row[0] or 0), int(row[1] or 0)

    async def _units_of_months(self, months: list[date]) -> int:
        statement = select(func.coalesce(func.sum(COUNTERS.c.units), 0)).where(
            *self._of_subject(COUNTERS), COUNTERS.c.month.in_(months)
        )
        return int((await self._connection.execute(statement)).scalar_one())

    async def _counted_apart_from(self, months: list[date]) -> int:
        statement = select(func.coalesce(func.sum(COUNTERS.c.units), 0)).where(
            *self._of_subject(COUNTERS), *_in_months(self._span), COUNTERS.c.month.not_in(months)
        )
        return int((await self._connection.execute(statement)).scalar_one())

    async def _recorded(self, months: list[date]) -> tuple[int, int]:
        at, (start, end) = OPERATIONS.c.occurred_at, _ends(self._span)
        inside = at >= start if end is None else and_(at >= start, at < end)
        units = func.sum(OPERATIONS.c.units)
        spans = [and_(at >= _instant(month), at < _instant(_following(month))) for month in months]
        statement = select(units, units.filter(inside)).where(
            *self._of_subject(OPERATIONS), or_(false(), *spans)
        )
        row = (await self._connection.execute(statement)).one()
        return int(row[0] or 0), int(row[1] or 0)

    def _of_subject(self, table: Any) -> list[ColumnElement[bool]]:
        conditions = [
            table.c.organization_id == self._limit["organization_id"],
            table.c.interaction_type == self._limit["interaction_type"],
            table.c.counts_against_limits.is_(True),
        ]
        subject = LimitSubject(self._limit["subject"])
        if subject is not LimitSubject.ORGANIZATION:
            conditions.append(table.c[LABEL_OF_SUBJECT[subject]] == self._limit["subject_id"])
        return conditions

    async def _write_usage(self, seed: InitialUsage) -> None:
        row = {
            "organization_id": self._limit["organization_id"],
            "limit_id": self._limit["id"],
            "period_start": self._span.start,
            "used": seed.used,
            "uncertain": seed.uncertain,
            "updated_at": self._now,
        }
        key = and_(*(USAGES.c[name] == row[name] for name in list(row)[:3]))
        statement = self._dialect.locks.lock_rows(
            select(USAGES.c.used, USAGES.c.uncertain).where(key)
        )
        stored = (await self._connection.execute(statement)).first()
        if stored is not None and stored.used > seed.used:
            # A zone that is set back finds the usage of this very period: it is no less than that.
            most = max(stored.used, seed.used + seed.uncertain)
            row |= {"used": stored.used, "uncertain": most - stored.used}
        await self._dialect.rows.upsert(self._connection, USAGES, [row])

    async def _write_holds(self) -> None:
        await self._connection.execute(HOLDS.delete().where(HOLDS.c.limit_id == self._limit["id"]))
        statement = select(RESERVATIONS).where(
            RESERVATIONS.c.organization_id == self._limit["organization_id"],
            RESERVATIONS.c.expires_at > self._now,
            RESERVATIONS.c.status == ReservationStatus.HELD.value,
            RESERVATIONS.c.interaction_type == self._limit["interaction_type"],
        )
        label = LABEL_OF_SUBJECT[LimitSubject(self._limit["subject"])]
        period = LimitPeriod(self._limit["period"])
        holds = [
            {
                "organization_id": row["organization_id"],
                "limit_id": self._limit["id"],
                "period_start": span_at(period, row["created_at"], self._limit["zone"]).start,
                "reservation_id": row["id"],
                "units": row["units"],
                "expires_at": row["expires_at"],
            }
            for row in (await self._connection.execute(statement)).mappings()
            if row["labels"].get(label) == self._limit["subject_id"]
        ]
        if holds:
            await self._connection.execute(self._dialect.rows.insert(HOLDS), holds)


def _ends(span: PeriodSpan) -> tuple[datetime, datetime | None]:
    return span.start, span.end


def _month(instant: datetime) -> date:
    at = instant.astimezone(UTC)
    return date(at.year, at.month, 1)


def _following(month: date) -> date:
    return (month + timedelta(days=32)).replace(day=1)


def _instant(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)


def _in_months(span: PeriodSpan) -> list[ColumnElement[bool]]:
    conditions = [COUNTERS.c.month >= _month(span.start)]
    if span.end is not None:
        conditions.append(COUNTERS.c.month <= _month(span.end - timedelta(microseconds=1)))
    return conditions


def _edge_months(span: PeriodSpan) -> list[date]:
    edges = []
    if span.start != _instant(first := _month(span.start)):
        edges.append(first)
    if span.end is not None and span.end != _instant(last := _month(span.end)):
        edges.append(last)
    return sorted(set(edges))
