"""Define the root fields of prices."""

from typing import Annotated

import strawberry

from schema.arguments import about, where_of, with_filter
from schema.context import Info
from schema.enums import ItemStatus
from schema.filters import condition_of
from schema.prices import Price, PriceFilter, PriceInput, PricePayload
from schema.repricing import RepriceInput, RepricePayload


@strawberry.type
class PriceMutations:
    @strawberry.mutation(
        description="Sets the price of a model or tool from a point in time. Recorded costs do not "
        "change; use reprice to update them."
    )
    async def set_price(
        self, info: Info, input: Annotated[PriceInput, about("The price.")]
    ) -> PricePayload:
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
        store = info.context.store
        condition = condition_of(input.where, store.now(), path=("input", "where"))
        repricing = await store.repricing.reprice(
            info.context.principal, condition, input.dry_run, input.after
        )
        return RepricePayload.of(repricing, input.dry_run)


@strawberry.type
class PriceQueries:
    @strawberry.field(
        description="Prices of the caller's organization and of the installation, ordered by "
        "organization, kind, name and start of validity."
    )
    async def prices(
        self,
        info: Info,
        where: Annotated[PriceFilter | None, where_of("prices")] = None,
    ) -> list[Price]:
        store = info.context.store
        condition = condition_of(where, store.now())
        rows = await store.prices.list_prices(info.context.reader(), condition)
        return [Price.from_row(row) for row in rows]
