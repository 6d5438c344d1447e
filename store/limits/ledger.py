"""The limits and usage rows of one flush: found, made, locked in key order, changed, written back."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, tuple_, update

from models import Limit, LimitUsage, ReservationHold, table_of
from models.enums import LimitMode, LimitPeriod, LimitSubject
from store.dialects import SubjectKey, UsageKey, chunks
from store.ingest.entries import Flush
from store.ingest.usage import UsageRecord
from store.limits.decide import Level
from store.limits.periods import span_at

LIMITS, USAGES, HOLDS = table_of(Limit), table_of(LimitUsage), table_of(ReservationHold)

ADD_USED = (
    update(USAGES)
    .where(
        USAGES.c.organization_id == bindparam("o"),
        USAGES.c.limit_id == bindparam("l"),
        USAGES.c.period_start == bindparam("p"),
    )
    .values(used=USAGES.c.used + bindparam("delta"), updated_at=bindparam("now"))
)
LABEL_OF_SUBJECT = {
    LimitSubject.ORGANIZATION: "organization_id",
    LimitSubject.COMPANY: "company_id",
    LimitSubject.SUBSCRIPTION: "subscription_id",
    LimitSubject.NAMESPACE: "namespace_id",
    LimitSubject.WORKSPACE: "workspace_id",
    LimitSubject.USER: "user_id",
    LimitSubject.API_KEY: "api_key_id",
}
SUBJECT_ORDER = {subject: i for i, subject in enumerate(LimitSubject)}
PERIOD_ORDER = {period: i for i, period in enumerate(LimitPeriod)}


def subjects_of(use: UsageRecord) -> list[SubjectKey]:
    """Return the keys of limits that may apply to this usage, without the period."""
    organization = use.labels["organization_id"] or ""
    return [
        (organization, subject.value, label, use.interaction_type)
        for subject, name in LABEL_OF_SUBJECT.items()
        if (label := use.labels[name]) is not None
    ]


class UsageLevels:
    """The levels of limits, by usage key, and what a transaction adds to them."""

    def __init__(self) -> None:
        self._limits: dict[SubjectKey, list[Any]] = {}
        self._levels: dict[UsageKey, Level] = {}
        self._before: dict[UsageKey, int] = {}
        self._used: dict[UsageKey, int] = {}

    def add_limit(self, row: Any) -> None:
        key = row.organization_id, row.subject, row.subject_id, row.interaction_type
        self._limits.setdefault(key, []).append(row)

    def set_usage(self, key: UsageKey, used: int, uncertain: int) -> None:
        self._before[key] = self._used[key] = used
        if key in self._levels:
            self._levels[key].used = used
            self._levels[key].uncertain = uncertain

    def keys_of(self, use: UsageRecord) -> list[UsageKey]:
        usage_keys = []
        for subject_key in subjects_of(use):
            for row in self._limits.get(subject_key, ()):
                span = span_at(LimitPeriod(row.period), use.at, row.zone)
                key = (row.organization_id, row.id, span.start)
                if key not in self._levels:
                    self._levels[key] = level_of(row, span.start, span.end)
                usage_keys.append(key)
        usage_keys.sort(key=lambda key: _rank(self._levels[key]))
        return usage_keys

    def levels(self, keys: Iterable[UsageKey]) -> list[Level]:
        return [self._levels[key] for key in keys if key in self._levels]

    def use(self, key: UsageKey, units: int) -> None:
        self._used[key] += units
        if key in self._levels:
            self._levels[key].used += units

    def hold(self, key: UsageKey, units: int) -> None:
        if key in self._levels:
            self._levels[key].reserved += units

    def deltas(self) -> dict[UsageKey, int]:
        return {
            key: self._used[key] - self._before[key]
            for key in sorted(self._used)
            if self._used[key] != self._before[key]
        }


class Ledger(UsageLevels):
    """Levels that are read from the database. ``lock`` must run before any is read or changed."""

    def __init__(self, flush: Flush) -> None:
        super().__init__()
        self._flush = flush

    async def find_limits(self, uses: Iterable[UsageRecord]) -> None:
        subject_keys = sorted({key for use in uses for key in subjects_of(use)})
        columns = tuple_(
            LIMITS.c.organization_id,
            LIMITS.c.subject,
            LIMITS.c.subject_id,
            LIMITS.c.interaction_type,
        )
        for batch in chunks(subject_keys):
            statement = select(LIMITS).where(columns.in_(batch))
            for row in await self._flush.connection.execute(statement):
                self.add_limit(row)

    async def find_reserved(self, keys: Iterable[UsageKey]) -> None:
        level_keys = sorted({key[:2] for key in keys})
        rows = {}
        for batch in chunks(level_keys):
            columns = tuple_(LIMITS.c.organization_id, LIMITS.c.id)
            result = await self._flush.connection.execute(select(LIMITS).where(columns.in_(batch)))
            rows.update({(row.organization_id, row.id): row for row in result})
        for key in keys:
            row = rows.get(key[:2])
            if row is not None:
                span = span_at(LimitPeriod(row.period), key[2], row.zone)
                self._levels[key] = level_of(row, key[2], span.end)

    async def lock(self, extra: Iterable[UsageKey] = ()) -> None:
        """Make the usage rows that are missing, lock all in key order, read used and held units.

        ``extra`` are rows of reservations whose limit may be gone by now.
        """
        keys = sorted({*self._levels, *extra})
        if not keys:
            return
        now, connection, dialect = self._flush.now, self._flush.connection, self._flush.dialect
        insert: Any = dialect.rows.insert(USAGES)
        await connection.execute(
            insert.on_conflict_do_nothing(),
            [
                {
                    "organization_id": organization,
                    "limit_id": limit,
                    "period_start": start,
                    "used": 0,
                    "uncertain": 0,
                    "updated_at": now,
                }
                for organization, limit, start in keys
            ],
        )
        key_columns = (USAGES.c.organization_id, USAGES.c.limit_id, USAGES.c.period_start)
        for batch in chunks(keys):
            statement = select(USAGES).where(tuple_(*key_columns).in_(batch)).order_by(*key_columns)
            for row in await connection.execute(dialect.locks.lock_rows(statement)):
                key = row.organization_id, row.limit_id, row.period_start
                self.set_usage(key, row.used, row.uncertain)
            await self._read_holds(batch)

    async def _read_holds(self, keys: Sequence[UsageKey]) -> None:
        columns = (HOLDS.c.organization_id, HOLDS.c.limit_id, HOLDS.c.period_start)
        statement = (
            select(*columns, func.sum(HOLDS.c.units).label("units"))
            .where(tuple_(*columns).in_(keys), HOLDS.c.expires_at > self._flush.now)
            .group_by(*columns)
        )
        for row in await self._flush.connection.execute(statement):
            level = self._levels.get((row.organization_id, row.limit_id, row.period_start))
            if level is not None:
                level.reserved = int(row.units)

    async def write(self) -> None:
        """Write back what changed, relative to what was read under the lock."""
        changed = [
            {"o": key[0], "l": key[1], "p": key[2], "delta": delta, "now": self._flush.now}
            for key, delta in self.deltas().items()
        ]
        if not changed:
            return
        await self._flush.connection.execute(ADD_USED, changed)


def level_of(row: Any, start: datetime, end: datetime | None, used: int = 0) -> Level:
    return Level(
        limit_id=row.id,
        subject=LimitSubject(row.subject),
        subject_id=row.subject_id,
        interaction_type=row.interaction_type,
        period=LimitPeriod(row.period),
        mode=LimitMode(row.mode),
        maximum=row.maximum,
        used=used,
        reserved=0,
        period_start=start,
        resets_at=end,
    )


def _rank(level: Level) -> tuple[int, int]:
    return SUBJECT_ORDER[level.subject], PERIOD_ORDER[level.period]
