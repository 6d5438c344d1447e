"""Prices per 1,000 tokens."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import strawberry

from schema.enums import PriceKind
from schema.hydration import described
from store.database import Row
from store.prices import to_dollars


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
