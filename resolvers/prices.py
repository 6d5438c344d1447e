"""Prices: set and listed."""

from typing import Annotated

import strawberry

from schema.arguments import about
from schema.context import Info
from schema.prices import Price, PriceInput, PricePayload


@strawberry.type
class PriceMutations:
    """Setting prices."""

    @strawberry.mutation(
        description="Set the price of a model or tool from an instant on. Costs that are already "
        "recorded stay as they are."
    )
    async def set_price(
        self, info: Info, input: Annotated[PriceInput, about("The price.")]
    ) -> PricePayload:
        """The same key and instant again replaces it."""
        row = await info.context.store.prices.set_price(input.draft(), info.context.principal)
        return PricePayload(price=Price.from_row(row))


@strawberry.type
class PriceQueries:
    """Reading prices."""

    @strawberry.field(description="The prices of the caller's organization and the installation.")
    async def prices(self, info: Info) -> list[Price]:
        """All dates of them."""
        rows = await info.context.store.prices.list_prices(info.context.reader())
        return [Price.from_row(row) for row in rows]
