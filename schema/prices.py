"""Prices per 1,000 tokens."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from schema.enums import OperationKind, PriceKind
from schema.hydration import described
from schema.scalars import Long
from store.database import Row
from store.prices import to_dollars
from store.repricing import CostSums as Sums
from store.repricing import Outcome, Repriced


@dataclass(slots=True)
class PriceDraft:
    """A ``store.prices.PriceDraft``."""

    kind: PriceKind
    name: str
    organization_id: str | None
    effective_from: datetime | None
    input_per_1k: Decimal
    output_per_1k: Decimal | None
    cached_input_per_1k: Decimal | None


@strawberry.type(description="US dollars per 1,000 tokens of a model or tool, from an instant on.")
class Price:
    """A row of ``prices``."""

    organization_id: strawberry.ID = described("Whose price it is; * is the installation's.")
    kind: PriceKind = described("What it is for.")
    name: str = described("The model or tool.")
    effective_from: datetime = described("From when on it holds, until the next one.")
    input_per_1k: float = described("Input tokens of a model; any token of a tool.")
    output_per_1k: float = described("Output tokens of a model.")
    cached_input_per_1k: float = described("Input tokens of a model that came from a cache.")
    created_at: datetime = described("When it was set.")

    @classmethod
    def from_row(cls, row: Row) -> "Price":
        """From a row of ``prices``."""
        return cls(
            organization_id=row["organization_id"],
            kind=PriceKind(row["kind"]),
            name=row["name"],
            effective_from=row["effective_from"],
            input_per_1k=to_dollars(row["input_nanos"]),
            output_per_1k=to_dollars(row["output_nanos"]),
            cached_input_per_1k=to_dollars(row["cached_input_nanos"]),
            created_at=row["created_at"],
        )


@strawberry.input(description="A price to be set, in US dollars per 1,000 tokens.")
class PriceInput:
    """Becomes a ``PriceDraft``: exact decimals of what was written."""

    kind: PriceKind = described("What it is for.")
    name: str = described("The model or tool.")
    input_per_1k: float = described("Input tokens of a model; any token of a tool.")
    output_per_1k: float | None = described("Default: as inputPer1k.", default=None)
    cached_input_per_1k: float | None = described("Default: as inputPer1k.", default=None)
    organization_id: strawberry.ID | None = described(
        "Default: the key's; * for the installation (administrators of all).", default=None
    )
    effective_from: datetime | None = described("Default: from the beginning.", default=None)

    def draft(self) -> PriceDraft:
        """The same with decimals."""
        return PriceDraft(
            kind=self.kind,
            name=self.name,
            organization_id=self.organization_id,
            effective_from=self.effective_from,
            input_per_1k=Decimal(str(self.input_per_1k)),
            output_per_1k=exact(self.output_per_1k),
            cached_input_per_1k=exact(self.cached_input_per_1k),
        )


def exact(value: float | None) -> Decimal | None:
    """The decimal that was written, not the binary fraction nearest to it."""
    return None if value is None else Decimal(str(value))


@strawberry.type(description="The price as it is stored.")
class PricePayload:
    """After setPrice."""

    price: Price = described("The price.")


@strawberry.type(description="Costs in US dollars; operations without a cost count nothing.")
class CostSums:
    """Sums over operations."""

    baseline: float = described("Without saving or cache.")
    actual: float = described("What it costs.")
    saved: float = described("The difference.")

    @classmethod
    def of(cls, sums: Sums) -> "CostSums":
        """From whole nano-dollars."""
        return cls(
            baseline=to_dollars(sums.baseline),
            actual=to_dollars(sums.actual),
            saved=to_dollars(sums.saved),
        )


@strawberry.type(description="What the prices in force change among the operations of one name.")
class RepricedGroup:
    """One model or tool."""

    kind: OperationKind | None = described(
        "TOOL or LLM; null for all names that are not told apart."
    )
    name: str | None = described("The tool or model; null for all names that are not told apart.")
    operations: Long = described("Operations that were looked at.")
    changed: Long = described("Those whose costs change.")
    newly_priced: Long = described("Those that had no price and have one now.")
    newly_unpriced: Long = described("Those that had a price and have none now.")
    before: CostSums = described("Costs of all of them as they were.")
    after: CostSums = described("Costs of all of them by the prices in force.")

    @classmethod
    def of(cls, found: Repriced) -> "RepricedGroup":
        """From the store's counts."""
        return cls(kind=OperationKind(found.kind) if found.kind else None, name=found.name,
                   **counts_of(found))  # fmt: skip


@strawberry.type(description="What the prices in force change, or would change.")
class RepricePayload:
    """After reprice."""

    dry_run: bool = described("Whether everything was left as it is.")
    operations: Long = described("Operations of tools and models that were looked at.")
    changed: Long = described("Those whose costs change.")
    newly_priced: Long = described("Those that had no price and have one now.")
    newly_unpriced: Long = described("Those that had a price and have none now.")
    before: CostSums = described("Costs of all of them as they were.")
    after: CostSums = described("Costs of all of them by the prices in force.")
    groups: list[RepricedGroup] = described(
        "The models and tools with changes, the most changed first; the last one may stand for "
        "further ones together."
    )
    has_more: bool = described(
        "Whether operations are left: one call looks at a bounded number. Ask again with after."
    )
    end_cursor: str | None = described("Where this call ended: the next one's after.")

    @classmethod
    def of(cls, found: Outcome, dry_run: bool) -> "RepricePayload":
        """From the store's outcome."""
        return cls(
            dry_run=dry_run,
            groups=[RepricedGroup.of(group) for group in found.parts()],
            has_more=found.more,
            end_cursor=found.cursor,
            **counts_of(found.whole),
        )


def counts_of(found: Repriced) -> dict[str, Any]:
    """What both types have in common."""
    return {
        "operations": Long(found.operations),
        "changed": Long(found.changed),
        "newly_priced": Long(found.newly_priced),
        "newly_unpriced": Long(found.newly_unpriced),
        "before": CostSums.of(found.before),
        "after": CostSums.of(found.after),
    }
