"""Writes the consumes, reserves and settlements of a flush, and the usage of its operations.

Lock order, the same in every server: claims of ids, reservations, usage rows by key. All decisions
of a flush are made in the order they came, on rows that stay locked until the commit.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, select, tuple_, update

from models import Consumption, Reservation, ReservationHold, table_of
from models.enums import ReservationStatus
from store.dialects import UsageKey, chunks
from store.errors import NotFoundError
from store.ingest.entries import Flush, ItemResult
from store.ingest.usage import UsageRecord
from store.key_lists import conditions_of
from store.limits.answers import (
    Claim,
    claim_of,
    decision_as_json,
    denied,
    forgotten,
    repeated_consume,
    repeated_reserve,
    repeated_settle,
)
from store.limits.decide import Decision, decide
from store.limits.entries import ConsumeEntry, SettleEntry
from store.limits.ledger import Ledger
from store.limits.locking import lock_limits_shared

CONSUMPTIONS, RESERVATIONS = table_of(Consumption), table_of(Reservation)
HOLDS = table_of(ReservationHold)


class LimitApplier:
    """Everything that reads or moves usage, in one pass under the locks."""

    kinds = (ConsumeEntry, SettleEntry)

    async def apply(self, flush: Flush, entries: list[ConsumeEntry | SettleEntry]) -> None:
        recorded = [use for use in flush.uses if use.counts_against_limits]
        consumes = [e for e in entries if isinstance(e, ConsumeEntry)]
        settles = [e for e in entries if isinstance(e, SettleEntry)]
        if not (recorded or entries):
            return
        work = LimitBatch(flush)
        organizations = {use.labels["organization_id"] or "" for use in recorded}
        organizations |= {entry.organization for entry in consumes}
        organizations |= await work.organizations_of(settles)
        await lock_limits_shared(flush.dialect, flush.connection, organizations)
        claimed = await work.claim([e for e in consumes if e.id is not None and e.ttl is None])
        reserved = await work.claim_reservations([e for e in consumes if e.ttl is not None])
        reservations = await work.lock_reservations(settles)
        uses = {id(e): usage_of(e, flush.now) for e in consumes}
        commits = [e for e in settles if e.units is not None and id(e) in reservations]
        uses |= {id(e): reserved_usage(reservations[id(e)], e.units or 0, flush) for e in commits}
        counted = [*recorded, *uses.values()]
        await work.ledger.find_limits(counted)
        for use in counted:
            work.keys[id(use)] = work.ledger.keys_of(use)
        hold_keys = [key for keys in work.holds_by_claim.values() for key, _ in keys]
        await work.ledger.find_reserved(hold_keys)
        await work.ledger.lock(hold_keys)
        for use in recorded:
            for key in work.keys[id(use)]:
                work.ledger.use(key, use.units)
        for entry in entries:
            if isinstance(entry, SettleEntry):
                work.settle(entry, reservations.get(id(entry)), uses.get(id(entry)))
            elif entry.id is None or id(entry) in claimed or id(entry) in reserved:
                work.decide(entry, uses[id(entry)])
        await work.write()
        await work.answer_repeats([e for e in consumes if e.result is None], uses)


def usage_of(entry: ConsumeEntry, now: datetime) -> UsageRecord:
    return UsageRecord.of(
        labels=entry.labels,
        at=now,
        interaction_type=entry.interaction_type,
        operation_type=entry.operation_type,
        route=None,
        method=None,
        units=entry.units,
    )


class LimitBatch:
    def __init__(self, flush: Flush) -> None:
        self.flush = flush
        self.ledger = Ledger(flush)
        self.keys: dict[int, list[UsageKey]] = {}
        self.holds_by_claim: dict[Claim, list[tuple[UsageKey, int]]] = {}
        self._granted: list[dict[str, Any]] = []
        self._denied: dict[Claim, Decision] = {}
        self._unreserved: dict[Claim, Decision] = {}
        self._not_yet_held: set[Claim] = set()
        self._new_holds: list[dict[str, Any]] = []
        self._settled: list[dict[str, Any]] = []

    async def claim(self, entries: list[ConsumeEntry]) -> set[int]:
        """Insert the ids that are new; a concurrent repeat waits here for our commit."""
        rows: dict[Any, tuple[Any, ...]] = {
            (e.organization, e.id): (
                e.organization,
                e.id,
                e.interaction_type,
                e.units,
                [],
                self.flush.now,
            )
            for e in reversed(entries)
        }
        return await self._insert(CONSUMPTIONS, rows, entries)

    async def claim_reservations(self, entries: list[ConsumeEntry]) -> set[int]:
        now = self.flush.now
        rows = {
            (e.organization, e.id): (
                e.organization, e.id, e.interaction_type, e.operation_type, e.labels, e.units,
                ReservationStatus.HELD.value, None, now, now + (e.ttl or now - now), None,
            )
            for e in reversed(entries)
        }  # fmt: skip
        first = await self._insert(RESERVATIONS, rows, entries)
        self._not_yet_held = {claim_of(e) for e in entries if id(e) in first}
        return first

    async def _insert(
        self, table: Any, rows: dict[Any, tuple[Any, ...]], entries: list[ConsumeEntry]
    ) -> set[int]:
        ordered = [rows[key] for key in sorted(rows)]
        inserted = await self.flush.dialect.rows.insert_new(self.flush.connection, table, ordered)
        fresh = set(rows) if inserted is None else inserted
        first = set()
        for entry in entries:
            claim = claim_of(entry)
            if claim in fresh:
                fresh.discard(claim)
                first.add(id(entry))
        return first

    async def organizations_of(self, entries: list[SettleEntry]) -> set[str]:
        ids = sorted({entry.id for entry in entries})
        organizations = set()
        for batch in chunks(ids):
            statement = select(RESERVATIONS.c.organization_id).where(RESERVATIONS.c.id.in_(batch))
            organizations |= set((await self.flush.connection.execute(statement)).scalars())
        return organizations

    async def lock_reservations(self, entries: list[SettleEntry]) -> dict[int, Any]:
        """Return the reservation of each entry, locked, and what it holds."""
        if not entries:
            return {}
        key_columns = RESERVATIONS.c.organization_id, RESERVATIONS.c.id
        dialect, connection = self.flush.dialect, self.flush.connection
        keys = ((entry.bounds.organization_id, entry.id) for entry in entries)
        rows: dict[UUID, list[dict[str, Any]]] = {}
        for condition in conditions_of(key_columns, keys):
            statement = select(RESERVATIONS).where(condition).order_by(*key_columns)
            for row in (await connection.execute(dialect.locks.lock_rows(statement))).mappings():
                rows.setdefault(row["id"], []).append(dict(row))
        reservations = {}
        for entry in entries:
            for reservation in rows.get(entry.id, ()):
                if entry.bounds.admits({**reservation["labels"], **reservation}):
                    reservations[id(entry)] = reservation
        await self._read_holds([row for same_id in rows.values() for row in same_id])
        return reservations

    async def _read_holds(self, rows: list[dict[str, Any]]) -> None:
        claims = sorted({(r["organization_id"], r["id"]) for r in rows})
        columns = tuple_(HOLDS.c.organization_id, HOLDS.c.reservation_id)
        for batch in chunks(claims):
            statement = select(HOLDS).where(columns.in_(batch))
            for row in await self.flush.connection.execute(statement):
                key = row.organization_id, row.limit_id, row.period_start
                self.holds_by_claim.setdefault((key[0], row.reservation_id), []).append(
                    (key, row.units)
                )

    def decide(self, entry: ConsumeEntry, use: UsageRecord) -> None:
        keys = self.keys[id(use)]
        decision = decide(self.ledger.levels(keys), entry.units)
        if not decision.allowed:
            if entry.id is not None:
                self._denials(entry)[claim_of(entry)] = decision_as_json(decision)
            entry.result = denied(entry, decision_as_json(decision))
            return
        if entry.ttl is None:
            self._use(entry, use, decision)
        else:
            self._reserve(entry, keys)
        entry.result = ItemResult.accepted(entry.id, decision_as_json(decision))

    def _denials(self, entry: ConsumeEntry) -> dict[Claim, Decision]:
        return self._denied if entry.ttl is None else self._unreserved

    def _use(self, entry: ConsumeEntry, use: UsageRecord, decision: Decision) -> None:
        for key in self.keys[id(use)]:
            self.ledger.use(key, entry.units)
        self.flush.uses.append(use)
        if entry.id is not None:
            levels = [level.as_json() for level in decision.levels]
            self._granted.append({"o": entry.organization, "i": entry.id, "levels_now": levels})

    def _reserve(self, entry: ConsumeEntry, keys: list[UsageKey]) -> None:
        for key in keys:
            self.ledger.hold(key, entry.units)
            self._new_holds.append(self._hold(entry, key))
        # It may be settled in this very flush: by a caller that did not wait for our answer.
        self.holds_by_claim[claim_of(entry)] = [(key, entry.units) for key in keys]
        self._not_yet_held.discard(claim_of(entry))

    def _hold(self, entry: ConsumeEntry, key: UsageKey) -> dict[str, Any]:
        assert entry.ttl is not None
        return {
            "organization_id": key[0],
            "limit_id": key[1],
            "period_start": key[2],
            "reservation_id": entry.id,
            "units": entry.units,
            "expires_at": self.flush.now + entry.ttl,
        }

    def settle(
        self, entry: SettleEntry, row: dict[str, Any] | None, use: UsageRecord | None
    ) -> None:
        """Commit or release; work that was done is counted, even past the limit or after the end.

        A reservation that still holds its units counts in the periods in which it was made, one
        that was released or has expired in those of now.
        """
        if row is None or (row["organization_id"], row["id"]) in self._not_yet_held:
            entry.result = ItemResult.rejected(
                entry.id, NotFoundError(f"Reservation {entry.id} not found.", ("reservationId",))
            )
            return
        claim, now = (row["organization_id"], row["id"]), self.flush.now
        entry.organization = row["organization_id"]
        is_held = row["status"] == ReservationStatus.HELD
        if row["status"] == ReservationStatus.COMMITTED or not (is_held or entry.units is not None):
            entry.result = repeated_settle(entry, row, now)
            return
        holds = self.holds_by_claim.pop(claim, []) if is_held else []
        if row["expires_at"] > now:
            for key, units in holds:
                self.ledger.hold(key, -units)
        elif entry.units is not None:
            holds = []
        limits = {key[1] for key, _ in holds}
        later = [key for key in self.keys[id(use)] if key[1] not in limits] if use else []
        keys = [*(key for key, _ in holds), *later]
        for key in keys:
            self.ledger.use(key, entry.units or 0)
        status = ReservationStatus.RELEASED if entry.units is None else ReservationStatus.COMMITTED
        row["status"], row["settled_units"] = status.value, entry.units
        self._settled.append(
            {"o": claim[0], "i": claim[1], "s": status.value, "u": entry.units or 0}
        )
        if use is not None and use.units:
            self.flush.uses.append(use)
        decision = Decision(True, None, tuple(self.ledger.levels(keys)), entry.units or 0)
        entry.result = ItemResult.accepted(entry.id, decision_as_json(decision))

    async def write(self) -> None:
        run, table = self.flush.connection.execute, CONSUMPTIONS
        await self.ledger.write()
        if self._granted:
            matching_key = (table.c.organization_id == bindparam("o"), table.c.id == bindparam("i"))
            await run(
                update(table).where(*matching_key).values(levels=bindparam("levels_now")),
                self._granted,
            )
        for claims, claimed in ((self._denied, CONSUMPTIONS), (self._unreserved, RESERVATIONS)):
            columns = tuple_(claimed.c.organization_id, claimed.c.id)
            for batch in chunks(sorted(claims)):
                await run(delete(claimed).where(columns.in_(batch)))
        if self._new_holds:
            await run(self.flush.dialect.rows.insert(HOLDS), self._new_holds)
        if self._settled:
            table = RESERVATIONS
            matching_key = (table.c.organization_id == bindparam("o"), table.c.id == bindparam("i"))
            await run(
                update(table)
                .where(*matching_key)
                .values(
                    status=bindparam("s"),
                    settled_units=bindparam("u"),
                    settled_at=self.flush.now,
                ),
                self._settled,
            )
            columns = tuple_(HOLDS.c.organization_id, HOLDS.c.reservation_id)
            for batch in chunks([(s["o"], s["i"]) for s in self._settled]):
                await run(delete(HOLDS).where(columns.in_(batch)))

    async def answer_repeats(
        self, entries: list[ConsumeEntry], uses: Mapping[int, UsageRecord]
    ) -> None:
        consumed = await self._claimed(CONSUMPTIONS, [e for e in entries if e.ttl is None])
        reserved = await self._claimed(RESERVATIONS, [e for e in entries if e.ttl is not None])
        for entry in entries:
            row = (consumed if entry.ttl is None else reserved).get(claim_of(entry))
            if row is None:
                first = self._denials(entry).get(claim_of(entry))
                entry.result = forgotten(entry) if first is None else denied(entry, first)
            elif entry.ttl is None:
                entry.result = repeated_consume(entry, row)
            else:
                levels = self.ledger.levels(self.keys[id(uses[id(entry)])])
                entry.result = repeated_reserve(entry, row, levels, self.flush.now)

    async def _claimed(self, table: Table, entries: list[ConsumeEntry]) -> dict[Claim, Any]:
        columns = tuple_(table.c.organization_id, table.c.id)
        claimed_rows: dict[Claim, Any] = {}
        for batch in chunks(sorted({claim_of(entry) for entry in entries})):
            rows = await self.flush.connection.execute(select(table).where(columns.in_(batch)))
            claimed_rows |= {(row["organization_id"], row["id"]): row for row in rows.mappings()}
        return claimed_rows


def reserved_usage(row: dict[str, Any], units: int, flush: Flush) -> UsageRecord:
    """Return the usage of a committed reservation, under its original labels."""
    return UsageRecord.of(
        labels=row["labels"],
        at=flush.now,
        interaction_type=row["interaction_type"],
        operation_type=row["operation_type"],
        route=None,
        method=None,
        units=units,
    )
