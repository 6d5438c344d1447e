"""Prices: set and listed."""

from typing import Annotated

import strawberry

from schema.arguments import about, with_filter
from schema.context import Info
from schema.enums import ItemStatus
from schema.filters import condition_of
from schema.prices import Price, PriceInput, PricePayload
from schema.repricing import RepriceInput, RepricePayload


@strawberry.type
class PriceMutations:
    """Setting prices."""

    @strawberry.mutation(
        description="Set the price of a model or tool from an instant on. Costs that are already "
        "recorded stay as they are: see reprice."
    )
    async def set_price(
        self, info: Info, input: Annotated[PriceInput, about("The price.")]
    ) -> PricePayload:
        """The same key and instant again replaces it."""
        row = await info.context.store.prices.set_price(input.draft(), info.context.principal)
        return PricePayload(status=ItemStatus.ACCEPTED, price=Price.from_row(row))

    @strawberry.mutation(
        description="Price recorded operations anew by the prices in force at each one's own time. "
        "Nothing is changed unless dryRun is false. One call looks at a bounded number of "
        "operations; the next one goes on after its endCursor. Safe beside writers, and to repeat."
    )
    async def reprice(
        self, info: Info, input: Annotated[RepriceInput, with_filter("Which operations, and how.")]
    ) -> RepricePayload:
        """Within the caller's bounds."""
        store = info.context.store
        condition = condition_of(input.where, store.now(), path=("input", "where"))
        found = await store.repricing.reprice(
            info.context.principal, condition, input.dry_run, input.after
        )
        return RepricePayload.of(found, input.dry_run)


@strawberry.type
class PriceQueries:
    """Reading prices."""

    @strawberry.field(description="The prices of the caller's organization and the installation.")
    async def prices(self, info: Info) -> list[Price]:
        """All dates of them."""
        rows = await info.context.store.prices.list_prices(info.context.reader())
        return [Price.from_row(row) for row in rows]
