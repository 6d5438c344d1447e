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
        description="Sets the price of a model or tool from a point in time. Recorded costs do not "
        "change; use reprice to update them."
    )
    async def set_price(
        self, info: Info, input: Annotated[PriceInput, about("The price.")]
    ) -> PricePayload:
        """The same key and instant again replaces it."""
        row = await info.context.store.prices.set_price(input.draft(), info.context.principal)
        return PricePayload(status=ItemStatus.ACCEPTED, price=Price.from_row(row))

    @strawberry.mutation(
        description="Recalculates the costs of recorded operations with the prices in force when "
        "each occurred. Changes are saved only if dryRun is false. Each call processes "
        "a bounded number of operations; pass endCursor as after to continue. Safe to "
        "repeat and to run alongside writers."
    )
    async def reprice(
        self,
        info: Info,
        input: Annotated[RepriceInput, with_filter("The operations and the repricing options.")],
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

    @strawberry.field(description="Prices of the caller's organization and of the installation.")
    async def prices(self, info: Info) -> list[Price]:
        """All dates of them."""
        rows = await info.context.store.prices.list_prices(info.context.reader())
        return [Price.from_row(row) for row in rows]
