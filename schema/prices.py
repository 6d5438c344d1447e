"""Describe prices per 1,000 tokens."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

from schema.conditions import condition
from schema.enums import ItemStatus, PriceKind
from schema.filter_operators import (
    DateTimeFilter,
    FloatFilter,
    IDFilter,
    StringFilter,
    ValueFilter,
)
from schema.hydration import described
from schema.scalars import Long
from store.database import Row
from store.pricing.prices import RATES, to_dollars

OUTPUT = "Output tokens of a model. Defaults to inputPer1k."
CACHED_INPUT = "Input tokens of a model read from a cache. Defaults to inputPer1k."
CACHE_WRITE_INPUT = "Input tokens of a model written to a cache. Defaults to inputPer1k."
REASONING = "Reasoning tokens of a model. Defaults to outputPer1k."
AUDIO_INPUT = "Audio input tokens of a model. Defaults to inputPer1k."
AUDIO_OUTPUT = "Audio output tokens of a model. Defaults to outputPer1k."
TIER_TEXT = (
    "The tier applies to whole calls with more input tokens than this, including cached tokens."
)
DEFAULT_RATE_TEXT = "Defaults to the base price, otherwise to {}."
AMOUNTS = tuple(f"{name}_per_1k" for name in RATES)


@dataclass(slots=True)
class TierDraft:
    above_input_tokens: int
    input_per_1k: Decimal
    output_per_1k: Decimal | None
    cached_input_per_1k: Decimal | None
    cache_write_input_per_1k: Decimal | None
    reasoning_per_1k: Decimal | None
    audio_input_per_1k: Decimal | None
    audio_output_per_1k: Decimal | None


@dataclass(slots=True)
class PriceDraft:
    kind: PriceKind
    name: str
    organization_id: str | None
    effective_from: datetime | None
    tiers: list[TierDraft]
    input_per_1k: Decimal
    output_per_1k: Decimal | None
    cached_input_per_1k: Decimal | None
    cache_write_input_per_1k: Decimal | None
    reasoning_per_1k: Decimal | None
    audio_input_per_1k: Decimal | None
    audio_output_per_1k: Decimal | None


def decimals_of(rates: Any) -> dict[str, Any]:
    return {name: exact(getattr(rates, name)) for name in AMOUNTS}


def dollars_of(row: Row) -> dict[str, float]:
    return {f"{name}_per_1k": to_dollars(row[f"{name}_nanos"]) for name in RATES}


@strawberry.type(description="The price of a model's calls with a large input.")
class PriceTier:
    above_input_tokens: Long = described(TIER_TEXT)
    input_per_1k: float = described("Input tokens.")
    output_per_1k: float = described("Output tokens.")
    cached_input_per_1k: float = described("Input tokens read from a cache.")
    cache_write_input_per_1k: float = described("Input tokens written to a cache.")
    reasoning_per_1k: float = described("Reasoning tokens.")
    audio_input_per_1k: float = described("Audio input tokens.")
    audio_output_per_1k: float = described("Audio output tokens.")


@strawberry.type(
    description="Price of a model or tool in US dollars per 1,000 tokens, in force from a point in "
    "time."
)
class Price:
    organization_id: strawberry.ID = described(
        "Organization of the price; * means the whole installation."
    )
    kind: PriceKind = described("Kind of price.")
    name: str = described("Name of the model or tool.")
    effective_from: datetime = described(
        "Start of validity. The price is in force until the next one."
    )
    input_per_1k: float = described("Price of a model's input tokens, or of all tokens of a tool.")
    output_per_1k: float = described("Output tokens of a model.")
    cached_input_per_1k: float = described("Input tokens of a model read from a cache.")
    cache_write_input_per_1k: float = described("Input tokens of a model written to a cache.")
    reasoning_per_1k: float = described("Reasoning tokens of a model.")
    audio_input_per_1k: float = described("Audio input tokens of a model.")
    audio_output_per_1k: float = described("Audio output tokens of a model.")
    tiers: list[PriceTier] = described(
        "Prices of calls with a large input, smallest threshold first."
    )
    created_at: datetime = described("When the price was set.")

    @classmethod
    def from_row(cls, row: Row) -> "Price":
        tiers = sorted(row["tiers"], key=lambda tier: tier["from_input_tokens"])
        return cls(
            organization_id=row["organization_id"],
            kind=PriceKind(row["kind"]),
            name=row["name"],
            effective_from=row["effective_from"],
            tiers=[
                PriceTier(
                    above_input_tokens=Long(tier["from_input_tokens"] - 1), **dollars_of(tier)
                )
                for tier in tiers
            ],
            created_at=row["created_at"],
            **dollars_of(row),
        )


@strawberry.input(
    description="Filters prices. Conditions are combined with AND. A price matches with all of its "
    "tiers; rates are those of the base price."
)
class PriceFilter:
    and_: list["PriceFilter"] | None = condition(
        "Matches records that satisfy all of these filters.", name="and"
    )
    or_: list["PriceFilter"] | None = condition(
        "Matches records that satisfy any of these filters.", name="or"
    )
    not_: "PriceFilter | None" = condition(
        "Matches records that do not satisfy this filter.", name="not"
    )
    organization_id: IDFilter | None = condition(
        "Filters by organization; * means the whole installation."
    )
    kind: ValueFilter[PriceKind] | None = condition("Filters by kind.")
    name: StringFilter | None = condition("Filters by the name of the model or tool.")
    effective_from: DateTimeFilter | None = condition("Filters by the start of validity.")
    created_at: DateTimeFilter | None = condition("Filters by the time the price was set.")
    input_per_1k: FloatFilter | None = condition("Filters by the price of input tokens.")
    output_per_1k: FloatFilter | None = condition("Filters by the price of output tokens.")
    cached_input_per_1k: FloatFilter | None = condition(
        "Filters by the price of input tokens read from a cache."
    )
    cache_write_input_per_1k: FloatFilter | None = condition(
        "Filters by the price of input tokens written to a cache."
    )
    reasoning_per_1k: FloatFilter | None = condition("Filters by the price of reasoning tokens.")
    audio_input_per_1k: FloatFilter | None = condition(
        "Filters by the price of audio input tokens."
    )
    audio_output_per_1k: FloatFilter | None = condition(
        "Filters by the price of audio output tokens."
    )


@strawberry.input(description="The price of a model's calls with a large input.")
class PriceTierInput:
    above_input_tokens: Long = described(TIER_TEXT)
    input_per_1k: float = described("Input tokens.")
    output_per_1k: float | None = described(
        f"Output tokens. {DEFAULT_RATE_TEXT.format('inputPer1k')}", default=None
    )
    cached_input_per_1k: float | None = described(
        f"Input tokens read from a cache. {DEFAULT_RATE_TEXT.format('inputPer1k')}", default=None
    )
    cache_write_input_per_1k: float | None = described(
        f"Input tokens written to a cache. {DEFAULT_RATE_TEXT.format('inputPer1k')}", default=None
    )
    reasoning_per_1k: float | None = described(
        f"Reasoning tokens. {DEFAULT_RATE_TEXT.format('outputPer1k')}", default=None
    )
    audio_input_per_1k: float | None = described(
        f"Audio input tokens. {DEFAULT_RATE_TEXT.format('inputPer1k')}", default=None
    )
    audio_output_per_1k: float | None = described(
        f"Audio output tokens. {DEFAULT_RATE_TEXT.format('outputPer1k')}", default=None
    )

    def draft(self) -> TierDraft:
        return TierDraft(above_input_tokens=self.above_input_tokens, **decimals_of(self))


@strawberry.input(description="A price to set, in US dollars per 1,000 tokens.")
class PriceInput:
    kind: PriceKind = described("Kind of price.")
    name: str = described("Name of the model or tool.")
    input_per_1k: float = described("Price of a model's input tokens, or of all tokens of a tool.")
    output_per_1k: float | None = described(OUTPUT, default=None)
    cached_input_per_1k: float | None = described(CACHED_INPUT, default=None)
    cache_write_input_per_1k: float | None = described(CACHE_WRITE_INPUT, default=None)
    reasoning_per_1k: float | None = described(REASONING, default=None)
    audio_input_per_1k: float | None = described(AUDIO_INPUT, default=None)
    audio_output_per_1k: float | None = described(AUDIO_OUTPUT, default=None)
    tiers: list[PriceTierInput] | None = described(
        "Prices of a model's calls by input size. The highest tier that a call reaches "
        "prices the whole call. At most 10; tiers of an earlier call are replaced.",
        default=None,
    )
    organization_id: strawberry.ID | None = described(
        "Defaults to the organization of the API key; * sets the price of the "
        "installation and requires an administrator of all.",
        default=None,
    )
    effective_from: datetime | None = described(
        "Start of validity. Defaults to the beginning of time.", default=None
    )

    def draft(self) -> PriceDraft:
        return PriceDraft(
            kind=self.kind,
            name=self.name,
            organization_id=self.organization_id,
            effective_from=self.effective_from,
            tiers=[tier.draft() for tier in self.tiers or ()],
            **decimals_of(self),
        )


def exact(value: float | None) -> Decimal | None:
    """Return the decimal as written, not the nearest binary fraction."""
    return None if value is None else Decimal(str(value))


@strawberry.type(description="Result of setPrice.")
class PricePayload:
    status: ItemStatus = described("ACCEPTED.")
    price: Price = described("The price.")
