"""What the tokens of rows cost at the prices of models, in plain Python."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from store.aggregation.measures import CostAt, CostPart
from tests.store.rows import Row


def priced(rows: Iterable[Row], prices: Sequence[Row], models: Iterable[str]) -> list[Row]:
    """The rows with their ``costs`` at the prices of each model."""
    names = list(models)
    return [row | {"costs": {CostAt(n, p): v for n in names for p, v in costs(row, n, prices)}}
            for row in rows]  # fmt: skip


def costs(row: Row, model: str, prices: Sequence[Row]) -> list[tuple[CostPart, int | None]]:
    """The parts of one row's costs at one model's prices."""
    if row["kind"] == "TOOL":
        given = [n for n in (row["tokens_original"], row["tokens_actual"]) if n is not None]
        plain, used = ((given[0], 0, 0), (given[-1], 0, 0)) if given else (None, None)
    elif row["kind"] == "LLM" and (row["input_tokens"], row["output_tokens"]) != (None, None):
        read, cached = row["input_tokens"] or 0, row["cached_input_tokens"] or 0
        written = row["output_tokens"] or 0
        plain, used = (read, 0, written), (read - cached, cached, written)
    else:
        plain = used = None
    if plain is None or used is None:
        return [(part, None) for part in CostPart]
    price = in_force(model, row["organization_id"], row["occurred_at"], prices)
    if price is None:
        return [*((part, None) for part in CostPart), (CostPart.UNPRICED_COUNT, 1)]
    baseline, actual = (
        (sum(n * nanos for n, nanos in zip(tokens, price, strict=True)) + 500) // 1_000
        for tokens in (plain, used)
    )
    return [(CostPart.BASELINE, baseline), (CostPart.ACTUAL, actual),
            (CostPart.SAVED, baseline - actual), (CostPart.UNPRICED_COUNT, None)]  # fmt: skip


def in_force(model: str, owner: str, at: datetime, prices: Sequence[Row]) -> Any:
    """Fresh input, cached input and output, per 1,000 tokens; the latest price of the nearest owner."""
    for one in (owner, "*"):
        begun = [
            price
            for price in prices
            if (price["name"], price["organization_id"]) == (model, one)
            and price["effective_from"] <= at
        ]
        if begun:
            last = max(begun, key=lambda price: price["effective_from"])
            return [last[f"{part}_nanos"] for part in ("input", "cached_input", "output")]
    return None
