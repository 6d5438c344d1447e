"""What the tokens of rows cost at the prices of models, in plain Python."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from fractions import Fraction
from math import floor

from store.aggregation.measures import CostAt, CostPart
from store.pricing.token_counts import TOKEN_COLUMNS
from tests.unit.store.rows import Row


def priced(rows: Iterable[Row], prices: Sequence[Row], models: Iterable[str]) -> list[Row]:
    """The rows with their ``costs`` at the prices of each model."""
    names = list(models)
    return [row | {"costs": {CostAt(n, p): v for n in names for p, v in costs(row, n, prices)}}
            for row in rows]  # fmt: skip


def costs(row: Row, model: str, prices: Sequence[Row]) -> list[tuple[CostPart, int | None]]:
    """The parts of one row's costs at one model's prices: of a tool's tokens, and of a model's."""
    price = in_force(model, row["organization_id"], row["occurred_at"], prices)
    groups = []
    given = [n for n in (row["tokens_original"], row["tokens_actual"]) if n is not None]
    if given:
        groups.append(({"input": given[0]}, {"input": given[-1]}))
    if (row["input_tokens"], row["output_tokens"]) != (None, None):
        groups.append(tokens_by_price(row))
    if not groups:
        return [(part, None) for part in CostPart]
    if price is None:
        return [*((part, None) for part in CostPart), (CostPart.UNPRICED_COUNT, 1)]
    rates = tier_of(price, row["input_tokens"] or 0)
    baseline, actual = (
        sum(rounded(tokens, rates) for tokens in way) for way in zip(*groups, strict=True)
    )
    return [(CostPart.BASELINE, baseline), (CostPart.ACTUAL, actual),
            (CostPart.SAVED, baseline - actual), (CostPart.UNPRICED_COUNT, None)]  # fmt: skip


def tokens_by_price(row: Row) -> tuple[dict[str, int], dict[str, int]]:
    """How many tokens of a call cost the price of each part: without a cache, and as it was."""
    of = {name: row[name] or 0 for name in TOKEN_COLUMNS}
    written = {
        "reasoning": of["reasoning_tokens"],
        "audio_output": of["audio_output_tokens"],
        "output": of["output_tokens"] - of["reasoning_tokens"] - of["audio_output_tokens"],
    }
    audio = of["audio_input_tokens"]
    plain = {"audio_input": audio, "input": of["input_tokens"] - audio} | written
    fresh = of["input_tokens"]
    used = dict(written)
    for part in ("cached_input", "cache_write_input"):
        used[part] = of[f"{part}_tokens"]
        fresh -= used[part]
    used["audio_input"] = min(audio, fresh)
    used["input"] = fresh - used["audio_input"]
    return plain, used


def rounded(tokens: dict[str, int], rates: Row) -> int:
    """Whole nano-dollars, half up."""
    exact = sum(Fraction(count * rates[f"{part}_nanos"], 1_000) for part, count in tokens.items())
    return floor(exact + Fraction(1, 2))


def in_force(model: str, owner: str, at: datetime, prices: Sequence[Row]) -> list[Row] | None:
    """The rows of the latest price of the nearest owner."""
    for one in (owner, "*"):
        begun = [
            price
            for price in prices
            if (price["name"], price["organization_id"]) == (model, one)
            and price["effective_from"] <= at
        ]
        if begun:
            last = max(price["effective_from"] for price in begun)
            return [price for price in begun if price["effective_from"] == last]
    return None


def tier_of(price: Sequence[Row], input_tokens: int) -> Row:
    """The row of a price that holds for a call of that size."""
    reached = [row for row in price if row["from_input_tokens"] <= input_tokens]
    return max(reached, key=lambda row: row["from_input_tokens"])
