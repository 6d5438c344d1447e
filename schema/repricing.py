"""Repricing: which operations are priced again, and what changes."""

from typing import Any

import strawberry

from schema.enums import ItemStatus, OperationKind
from schema.hydration import described
from schema.operation_filters import OperationFilter
from schema.scalars import Long
from store.operations.repricing import CostSums as Sums
from store.operations.repricing import RepricedTotals, RepriceResult
from store.pricing.prices import to_dollars


@strawberry.input(description="Which operations are priced again, and whether costs are changed.")
class RepriceInput:
    """One call of possibly several."""

    where: OperationFilter | None = described(
        "Which operations. Left out, null or empty it filters nothing: all of them.", default=None
    )
    dry_run: bool = described("Only tell what would change.", default=True)
    after: str | None = described("The endCursor of the call before.", default=None)


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
    def of(cls, found: RepricedTotals) -> "RepricedGroup":
        """From the store's counts."""
        return cls(kind=OperationKind(found.kind) if found.kind else None, name=found.name,
                   **counts_of(found))  # fmt: skip


@strawberry.type(description="What the prices in force change, or would change.")
class RepricePayload:
    """After reprice."""

    status: ItemStatus = described("ACCEPTED, or DUPLICATE where no costs change.")
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
    def of(cls, found: RepriceResult, dry_run: bool) -> "RepricePayload":
        """From the store's outcome."""
        return cls(
            status=ItemStatus.ACCEPTED if found.total.changed else ItemStatus.DUPLICATE,
            dry_run=dry_run,
            groups=[RepricedGroup.of(group) for group in found.parts()],
            has_more=found.more,
            end_cursor=found.cursor,
            **counts_of(found.total),
        )


def counts_of(found: RepricedTotals) -> dict[str, Any]:
    """What both types have in common."""
    return {
        "operations": Long(found.operations),
        "changed": Long(found.changed),
        "newly_priced": Long(found.newly_priced),
        "newly_unpriced": Long(found.newly_unpriced),
        "before": CostSums.of(found.before),
        "after": CostSums.of(found.after),
    }
