"""Describe repricing: which operations are priced again, and what changes."""

from typing import Any

import strawberry

from schema.enums import ItemStatus, OperationKind
from schema.hydration import described
from schema.operation_filters import OperationFilter
from schema.scalars import Long
from store.operations.repricing import CostSums as Sums
from store.operations.repricing import RepricedTotals, RepriceResult
from store.pricing.prices import to_dollars


@strawberry.input(description="The operations to reprice, and whether to save the changes.")
class RepriceInput:
    where: OperationFilter | None = described(
        "Filters operations. If omitted, null or empty, nothing is filtered.", default=None
    )
    dry_run: bool = described("Only report what would change.", default=True)
    after: str | None = described("endCursor of the previous call.", default=None)


@strawberry.type(description="Costs in US dollars. Operations without a cost are not counted.")
class CostSums:
    baseline: float = described("Cost without savings and caches.")
    actual: float = described("Actual cost.")
    saved: float = described("Difference between baseline and actual.")

    @classmethod
    def of(cls, sums: Sums) -> "CostSums":
        return cls(
            baseline=to_dollars(sums.baseline),
            actual=to_dollars(sums.actual),
            saved=to_dollars(sums.saved),
        )


@strawberry.type(description="Changes by repricing for the operations of one name.")
class RepricedGroup:
    kind: OperationKind | None = described(
        "TOOL or LLM; null for the group that combines further names."
    )
    name: str | None = described(
        "Name of the tool or model; null for the group that combines further names."
    )
    operations: Long = described("Number of operations processed.")
    changed: Long = described("Number of operations whose costs change.")
    newly_priced: Long = described("Number of operations that had no price and now have one.")
    newly_unpriced: Long = described("Number of operations that had a price and now have none.")
    before: CostSums = described("Total costs before repricing.")
    after: CostSums = described("Total costs at the prices in force.")

    @classmethod
    def of(cls, totals: RepricedTotals) -> "RepricedGroup":
        return cls(kind=OperationKind(totals.kind) if totals.kind else None, name=totals.name,
                   **counts_of(totals))  # fmt: skip


@strawberry.type(description="Result of reprice: the changes made, or those that would be made.")
class RepricePayload:
    status: ItemStatus = described("ACCEPTED, or DUPLICATE if no costs change.")
    dry_run: bool = described("Whether this was a dry run.")
    operations: Long = described("Number of tool and model operations processed.")
    changed: Long = described("Number of operations whose costs change.")
    newly_priced: Long = described("Number of operations that had no price and now have one.")
    newly_unpriced: Long = described("Number of operations that had a price and now have none.")
    before: CostSums = described("Total costs before repricing.")
    after: CostSums = described("Total costs at the prices in force.")
    groups: list[RepricedGroup] = described(
        "Models and tools with changes, most changed first. The last group may combine "
        "further ones."
    )
    has_more: bool = described("Whether more operations remain. Call again with after to continue.")
    end_cursor: str | None = described("Cursor to pass as after to the next call.")

    @classmethod
    def of(cls, result: RepriceResult, dry_run: bool) -> "RepricePayload":
        return cls(
            status=ItemStatus.ACCEPTED if result.total.changed else ItemStatus.DUPLICATE,
            dry_run=dry_run,
            groups=[RepricedGroup.of(group) for group in result.parts()],
            has_more=result.more,
            end_cursor=result.cursor,
            **counts_of(result.total),
        )


def counts_of(totals: RepricedTotals) -> dict[str, Any]:
    return {
        "operations": Long(totals.operations),
        "changed": Long(totals.changed),
        "newly_priced": Long(totals.newly_priced),
        "newly_unpriced": Long(totals.newly_unpriced),
        "before": CostSums.of(totals.before),
        "after": CostSums.of(totals.after),
    }
