"""What callers ask of limits: consume, reserve, commit, release; checked and ready to be written."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from models.enums import AccessScope
from models.labels import LABELS
from models.operation_fields import MAX_UNITS
from store.auth.access import UNRESTRICTED, LabelsDraft, Principal, TenantBounds, fill_labels
from store.ids import new_id
from store.ingest.entries import Entry, Lane
from store.operations.field_checks import check_labels
from store.validation import Checker, InputBounds

MIN_TTL, MAX_TTL = timedelta(seconds=1), timedelta(days=1)


class ConsumeDraft(Protocol):
    id: UUID | None
    interaction_type: str
    operation_type: str | None
    units: int

    @property
    def labels(self) -> LabelsDraft | None: ...


class ConsumeEntry(Entry):
    """A checked consume; with ``ttl`` it is a reserve. ``id`` is None when a repeat may count.

    ``bounds`` limit how much of the first answer a repeat may see.
    """

    __slots__ = ("bounds", "id", "interaction_type", "labels", "operation_type", "ttl", "units")

    def __init__(
        self,
        id: UUID | None,
        labels: dict[str, str | None],
        interaction_type: str,
        operation_type: str | None,
        units: int,
        ttl: timedelta | None = None,
        bounds: TenantBounds = UNRESTRICTED,
    ) -> None:
        super().__init__()
        self.bounds = bounds
        self.id = id
        self.labels = labels
        self.interaction_type = interaction_type
        self.operation_type = operation_type
        self.units = units
        self.ttl = ttl

    @property
    def lane(self) -> Lane:
        return Lane.LIMITS

    @property
    def organization(self) -> str:
        return self.labels["organization_id"] or ""


class SettleEntry(Entry):
    """Commit a reservation with the units really used, or release it (``units`` is None)."""

    __slots__ = ("bounds", "id", "organization", "units")

    def __init__(self, id: UUID, bounds: TenantBounds, units: int | None) -> None:
        super().__init__()
        self.organization: str | None = None  # known once the reservation was found
        self.id = id
        self.bounds = bounds
        self.units = units

    @property
    def lane(self) -> Lane:
        return Lane.LIMITS


def refuse_pattern(name: str | None, path: str, check: Checker) -> None:
    if name is not None and (name.startswith("*") or name.endswith("*")):
        check.refuse(
            f"{name!r} is not a name: limits hold for exactly one subject and one interaction. "
            "Name each of them, or limit the ORGANIZATION as a whole",
            path,
        )


def prepare_consume(
    draft: ConsumeDraft, principal: Principal, bounds: InputBounds, now: datetime
) -> ConsumeEntry:
    """Return the entry of a consume; raise ``InvalidInputError`` with all problems."""
    principal.require(AccessScope.INGEST)
    check = Checker(bounds, now)
    labels, problem = fill_labels(draft.labels, principal)
    if problem is not None:
        check.problems.append(problem)
    interaction_type = check.required_name(draft.interaction_type, "interactionType")
    refuse_pattern(interaction_type, "interactionType", check)
    entry = ConsumeEntry(
        draft.id,
        {n: v for n, v in check_labels(labels, check).items() if n in ("organization_id", *LABELS)},
        interaction_type,
        check.name(draft.operation_type, "operationType"),
        check.integer(draft.units, "units", minimum=1, maximum=MAX_UNITS) or 0,
        bounds=principal.bounds,
    )
    check.raise_if_any()
    entry.repaired = check.repaired
    return entry


def prepare_reserve(
    draft: ConsumeDraft,
    ttl: timedelta,
    principal: Principal,
    bounds: InputBounds,
    now: datetime,
) -> ConsumeEntry:
    """Return the entry of a reserve; raise ``InvalidInputError`` with all problems."""
    entry = prepare_consume(draft, principal, bounds, now)
    if not MIN_TTL <= ttl <= MAX_TTL:
        check = Checker(bounds, now)
        check.refuse(f"a time to live is from PT1S to P1D, not {ttl}", "ttl")
        check.raise_if_any()
    entry.ttl = ttl
    entry.id = entry.id or new_id()
    return entry


def prepare_settle(
    id: UUID, units: int | None, principal: Principal, bounds: InputBounds, now: datetime
) -> SettleEntry:
    principal.require(AccessScope.INGEST)
    check = Checker(bounds, now)
    check.integer(units, "units", minimum=0, maximum=MAX_UNITS)
    check.raise_if_any()
    return SettleEntry(id, principal.bounds, units)
