"""Consumes units in few round trips, where a flush has nothing but calls of ``consume``.

The limits that apply to a subject are remembered to know beforehand which usage to lock and read.
They are read again under the locks; where they have changed, everything is read once more. What
needs more than that (a reservation, the first use in a period, a repeat) is left to
``LimitApplier``.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cachetools import LRUCache

from models.enums import LimitPeriod
from store.database import Database
from store.dialects import (
    LevelRow,
    SubjectKey,
    TransactionAttempt,
    UsageKey,
    UsageRequest,
    UsageWrites,
)
from store.ids import Clock
from store.ingest.entries import Entry, ItemResult
from store.ingest.usage import UsageRecord
from store.interactions import sum_usage
from store.limits.answers import decision_as_json, denied
from store.limits.apply import usage_of
from store.limits.decide import decide
from store.limits.entries import ConsumeEntry
from store.limits.ledger import UsageLevels, subjects_of
from store.limits.locking import lock_name
from store.limits.periods import span_at

MAX_SUBJECTS = 20_000
"""Subjects whose limits are remembered."""
MAX_KEYS = 200
"""Usage rows that one such transaction locks by name."""
TRIES = 2
"""With the limits that were remembered, and with those that were read."""


class DirectConsumer:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._limits: LRUCache[SubjectKey, tuple[LevelRow, ...]] = LRUCache(MAX_SUBJECTS)

    async def apply_alone(
        self, database: Database, entries: Sequence[Entry], attempt: TransactionAttempt
    ) -> bool:
        """Decide and count in a transaction of its own; False where nothing is written."""
        consumes = [e for e in entries if type(e) is ConsumeEntry and e.ttl is None]
        ids = [(e.organization, e.id) for e in consumes if e.id is not None]
        if len(consumes) < len(entries) or len(set(ids)) < len(ids):
            return False
        now = self._clock()
        uses = [usage_of(entry, now) for entry in consumes]
        subjects = sorted({subject for use in uses for subject in subjects_of(use)})
        locks = sorted({lock_name(entry.organization) for entry in consumes})
        for _ in range(TRIES):
            keys = self._keys(subjects, now)
            if len(keys) > MAX_KEYS:
                return False
            batch = ConsumeBatch(consumes, uses, keys, now)
            request = UsageRequest(subjects, keys, ids, locks, now)
            if await database.consume(request, batch.decide, attempt):
                return True
            if not batch.is_outdated:
                return False
            self._remember(subjects, batch.rows)
        return False

    def _keys(self, subjects: Sequence[SubjectKey], now: datetime) -> list[UsageKey]:
        limits = [row for subject in subjects for row in self._limits.get(subject, ())]
        return sorted({key_at(row, now) for row in limits})

    def _remember(self, subjects: Sequence[SubjectKey], rows: Sequence[LevelRow]) -> None:
        by_subject: dict[SubjectKey, list[LevelRow]] = {subject: [] for subject in subjects}
        for row in rows:
            by_subject[row[0], row[2], row[3], row[4]].append(row)
        self._limits.update({subject: tuple(limits) for subject, limits in by_subject.items()})


class ConsumeBatch:
    def __init__(
        self,
        entries: Sequence[ConsumeEntry],
        uses: Sequence[UsageRecord],
        keys: Sequence[UsageKey],
        now: datetime,
    ) -> None:
        self._entries = entries
        self._uses = uses
        self._keys = frozenset(keys)
        self._now = now
        self.rows: Sequence[LevelRow] = ()
        self.is_outdated = False
        """Whether other usage is to be read than was."""

    def decide(self, rows: Sequence[LevelRow]) -> UsageWrites | None:
        """Decide all calls in their order; None where usage that is needed was not read."""
        self.rows = rows
        levels = UsageLevels()
        for row in rows:
            levels.add_limit(row)
        keys = [levels.keys_of(use) for use in self._uses]
        needed = {key for keys_of_use in keys for key in keys_of_use}
        self.is_outdated = not needed <= self._keys
        if self.is_outdated or any(row.used is None or row.claimed for row in rows):
            return None
        for row in rows:
            key = key_at(row, self._now)
            levels.set_usage(key, row.used or 0, row.uncertain or 0)
            levels.hold(key, row.reserved or 0)
        claims: list[dict[str, Any]] = []
        granted: list[UsageRecord] = []
        for entry, use, keys_of_use in zip(self._entries, self._uses, keys, strict=True):
            decision = decide(levels.levels(keys_of_use), entry.units)
            if not decision.allowed:
                entry.result = denied(entry, decision_as_json(decision))
                continue
            for key in keys_of_use:
                levels.use(key, entry.units)
            granted.append(use)
            if entry.id is not None:
                claims.append(self._claim(entry, [level.as_json() for level in decision.levels]))
            entry.result = ItemResult.accepted(entry.id, decision_as_json(decision))
        claims.sort(key=lambda claim: (claim["organization_id"], claim["id"]))
        return UsageWrites(claims, levels.deltas(), sum_usage(granted))

    def _claim(self, entry: ConsumeEntry, levels: list[Any]) -> dict[str, Any]:
        return {
            "organization_id": entry.organization,
            "id": entry.id,
            "interaction_type": entry.interaction_type,
            "units": entry.units,
            "levels": levels,
            "created_at": self._now,
        }


def key_at(row: LevelRow, now: datetime) -> UsageKey:
    return row.organization_id, row.id, span_at(LimitPeriod(row.period), now, row.zone).start
