"""Answers to calls about limits: granted and denied ones, repeats, and reservations that ended."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from models.enums import ReservationStatus
from store.errors import ConflictError, OverloadedError, StoreError
from store.ingest.entries import ItemResult
from store.limits.decide import Decision, Level
from store.limits.entries import ConsumeEntry, SettleEntry
from store.limits.ledger import LABEL_OF_SUBJECT

Claim = tuple[str, UUID]


class LimitExceededError(StoreError):
    """A hard limit refused; only answers per item carry it, ``consume`` itself answers as data."""

    code = "LIMIT_EXCEEDED"


def claim_of(entry: ConsumeEntry) -> Claim:
    assert entry.id is not None
    return entry.organization, entry.id


def level_as_json(level: Level, entry: ConsumeEntry) -> bool:
    """Return whether a repeat may see a level: a part of an organization only sees those it names itself.

    Its id may be that of another part's call.
    """
    return not entry.bounds.is_partial or (
        level.subject_id == entry.labels.get(LABEL_OF_SUBJECT[level.subject])
    )


def denied(entry: ConsumeEntry, decision: Decision) -> ItemResult:
    error = LimitExceededError(decision.reason() or "a limit is reached")
    return ItemResult.rejected(entry.id, error, decision)


def forgotten(entry: ConsumeEntry) -> ItemResult:
    return ItemResult.rejected(
        entry.id, OverloadedError("The id has just expired. Send the call again.")
    )


def decision_as_json(decision: Decision) -> Decision:
    denied = replace(decision.denied_by) if decision.denied_by else None
    return replace(
        decision, denied_by=denied, levels=tuple(replace(level) for level in decision.levels)
    )


def repeated_consume(entry: ConsumeEntry, row: Any) -> ItemResult:
    """Return the answer to an id that was consumed before: the one of the first call."""
    if (row["interaction_type"], row["units"]) != (entry.interaction_type, entry.units):
        return other_call(entry, row)
    stored = map(Level.from_json, row["levels"])
    levels = [level for level in stored if level_as_json(level, entry)]
    return ItemResult.duplicate(entry.id, Decision(True, None, tuple(levels), row["units"]))


def repeated_reserve(
    entry: ConsumeEntry, row: Any, levels: list[Level], now: datetime
) -> ItemResult:
    """Return the answer to an id that was reserved before; one that ended holds nothing."""
    if not entry.bounds.admits({**row["labels"], **row}):
        return ItemResult.taken(entry.id)
    first = tuple(row[name] for name in ("interaction_type", "operation_type", "units", "labels"))
    if first != (entry.interaction_type, entry.operation_type, entry.units, entry.labels):
        return other_call(entry, row)
    note = end_of(row, now)
    if note is not None:
        note = f"{note}: it holds nothing. Reserve with a new id for further work"
    seen = tuple(level for level in levels if level_as_json(level, entry))
    return ItemResult.duplicate(
        entry.id, decision_as_json(Decision(note is None, None, seen, row["units"], note))
    )


def other_call(entry: ConsumeEntry, row: Any) -> ItemResult:
    message = f"Id {entry.id} was used for another call. Send a new id."
    if not entry.bounds.is_partial:
        message = (
            f"Id {entry.id} was used for another call ({row['units']:,} "
            f"{row['interaction_type']}, now {entry.units:,} {entry.interaction_type}). Send a new id "
            "for further work, or the same arguments for a retry."
        )
    return ItemResult.rejected(entry.id, ConflictError(message, ("id",)))


def repeated_settle(entry: SettleEntry, row: Any, now: datetime) -> ItemResult:
    units = row["settled_units"] or 0
    note = end_of(row, now)
    if entry.units is None and row["status"] == ReservationStatus.COMMITTED:
        note = f"{note}: these stay counted"
    elif entry.units is not None and entry.units != units:
        note = f"{note}: {entry.units:,} are not counted. Consume what was used beyond that"
    return ItemResult.duplicate(entry.id, Decision(True, None, (), units, note))


def end_of(row: Any, now: datetime) -> str | None:
    match ReservationStatus(row["status"]):
        case ReservationStatus.COMMITTED:
            return f"the reservation was committed with {row['settled_units'] or 0:,} units"
        case ReservationStatus.RELEASED:
            return "the reservation was released"
        case ReservationStatus.HELD if row["expires_at"] <= now:
            return f"the reservation expired at {row['expires_at']:%Y-%m-%dT%H:%M:%SZ}"
        case ReservationStatus.HELD:
            return None
