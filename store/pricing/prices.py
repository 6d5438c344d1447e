"""Prices per 1,000 tokens and the cost of an operation, in whole nano-dollars."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from models import Price, table_of
from store.auth.access import EVERY_ORGANIZATION
from store.database import Row
from store.pricing.token_counts import TokenCounts
from store.validation import LONG_MAX

NANOS_PER_DOLLAR = 1_000_000_000
PER_TOKENS = 1_000
"""Prices are stated per this many tokens."""
DEFAULT_TOOL_PRICE = Decimal("0.015")
"""US dollars per 1,000 tokens of a tool that has no price of its own."""
MAX_PRICE = Decimal(1_000)
"""US dollars per 1,000 tokens; keeps the cost of the largest call within 64 bits."""
MAX_COST = LONG_MAX
TABLE = table_of(Price)
PRICE_KEY = ("organization_id", "kind", "name", "effective_from")
"""What a price and its tiers have in common."""


def to_nanos(dollars: Decimal) -> int:
    """Return whole nano-dollars, rounded half to even."""
    return int((dollars * NANOS_PER_DOLLAR).quantize(Decimal(1)))


def to_dollars(nanos: int) -> float:
    return nanos / NANOS_PER_DOLLAR


RATES = (
    "input", "output", "cached_input", "cache_write_input", "reasoning", "audio_input",
    "audio_output",
)  # fmt: skip
"""The parts of a price; each has a column that ends in ``_nanos``."""
FALLBACKS = {
    "output": "input",
    "cached_input": "input",
    "cache_write_input": "input",
    "reasoning": "output",
    "audio_input": "input",
    "audio_output": "output",
}
"""The part whose price holds where one has no price of its own."""


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """Nano-dollars per 1,000 tokens, as the fields of ``RATES``.

    Each tier is its first number of input tokens and the price of the whole call from there on,
    the highest first.
    """

    input: int
    output: int
    cached_input: int
    cache_write_input: int
    reasoning: int
    audio_input: int
    audio_output: int
    tiers: tuple[tuple[int, "TokenPrice"], ...] = ()

    @classmethod
    def of(cls, input: int, output: int, cached_input: int) -> "TokenPrice":
        return cls(input, output, cached_input, input, output, input, output)

    @classmethod
    def of_rows(cls, rows: Iterable[Row]) -> "TokenPrice":
        by_size = {
            row["from_input_tokens"]: cls(*(row[f"{name}_nanos"] for name in RATES)) for row in rows
        }
        price = by_size.pop(0)
        return replace(price, tiers=tuple(sorted(by_size.items(), reverse=True)))

    def for_call(self, input_tokens: int) -> "TokenPrice":
        for from_input_tokens, tier in self.tiers:
            if input_tokens >= from_input_tokens:
                return tier
        return self


@dataclass(frozen=True, slots=True)
class Cost:
    """Nano-dollars: what it would have cost, what it did cost, the difference."""

    baseline: int
    actual: int

    @property
    def saved(self) -> int:
        return self.baseline - self.actual


def _cost(tokens_times_price: int) -> int:
    cost = (tokens_times_price + PER_TOKENS // 2) // PER_TOKENS
    return max(-MAX_COST, min(MAX_COST, cost))


def tool_cost(original: int | None, actual: int | None, price: TokenPrice) -> Cost:
    """Tokens / 1,000 x price, of the tokens without and with the tool's saving.

    Where one of the two counts is unknown nothing was saved.
    """
    before = original if original is not None else actual
    after = actual if actual is not None else original
    return Cost(_cost((before or 0) * price.input), _cost((after or 0) * price.input))


def model_cost(counts: TokenCounts, price: TokenPrice) -> Cost:
    """Price each part of input and output by the tier of the call's input.

    The baseline reads nothing from a cache and writes nothing to it. Audio input that cannot be
    beside the tokens of the cache was read from it or written to it, and is priced as such.
    """
    read, output, cached, written, reasoning, audio_in, audio_out = (count or 0 for count in counts)
    price = price.for_call(read)
    out = (output - reasoning - audio_out) * price.output
    out += reasoning * price.reasoning + audio_out * price.audio_output
    baseline = (read - audio_in) * price.input + audio_in * price.audio_input
    fresh = read - cached - written
    fresh_audio = min(audio_in, fresh)
    actual = (fresh - fresh_audio) * price.input + fresh_audio * price.audio_input
    actual += cached * price.cached_input + written * price.cache_write_input
    return Cost(_cost(baseline + out), _cost(actual + out))


class PriceBook:
    def __init__(self, rows: Iterable[Row], default_tool_nanos: int) -> None:
        self.default_tool = TokenPrice.of(*[default_tool_nanos] * 3)
        self._rows: dict[tuple[str, str, str], list[tuple[datetime, TokenPrice]]] = {}
        for (*key, effective_from), tiers in by_date(rows).items():
            organization, kind, name = key
            price = effective_from, TokenPrice.of_rows(tiers)
            self._rows.setdefault((organization, kind, name), []).append(price)
        for prices in self._rows.values():
            prices.sort(key=lambda price: price[0], reverse=True)

    @property
    def is_empty(self) -> bool:
        return not self._rows

    def find(self, organization: str, kind: str, name: str, at: datetime) -> TokenPrice | None:
        """Return the price in force at an instant: the organization's own before the installation's."""
        if not self._rows:
            return None
        for owner in (organization, EVERY_ORGANIZATION):
            for effective_from, price in self._rows.get((owner, kind, name), ()):
                if effective_from <= at:
                    return price
        return None


def by_date(rows: Iterable[Row]) -> dict[tuple[Any, ...], list[Row]]:
    prices: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        prices.setdefault(tuple(row[name] for name in PRICE_KEY), []).append(row)
    return prices
