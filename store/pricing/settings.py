"""Settings of prices."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from store.pricing.prices import DEFAULT_TOOL_PRICE, MAX_PRICE, to_nanos


@dataclass(frozen=True, slots=True)
class PricingSettings:
    default_tool_price: Annotated[
        Decimal,
        Field(
            ge=0,
            le=int(MAX_PRICE),
            description="US dollars per 1,000 tokens of a tool without a price of its own.",
        ),
    ] = DEFAULT_TOOL_PRICE
    reprice_items: Annotated[
        int,
        Field(
            validation_alias="max_reprice_items",
            ge=1,
            le=10_000_000,
            description="Operations that one call of reprice looks at; the next call goes on.",
        ),
    ] = 100_000

    @property
    def default_tool_nanos(self) -> int:
        return to_nanos(self.default_tool_price)
