"""The cost columns of operations, from their tokens and the price in force."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import sub
from typing import Any

from models.enums import PriceKind, PriceStatus
from store.operations.bulk.frames import Frame
from store.operations.columns import AT
from store.operations.fast_path import (
    INPUT_TOKENS,
    MODEL,
    NAME,
    OCCURRED_AT,
    ORGANIZATION,
    OUTPUT_TOKENS,
    TOKENS_ACTUAL,
    TOKENS_ORIGINAL,
    TOOL_NAME,
)
from store.pricing.prices import MAX_COST, PER_TOKENS, PriceBook, model_cost, tool_cost
from store.pricing.token_counts import TOKEN_COLUMNS, TokenCounts

STATUS, BASELINE = AT["price_status"], AT["cost_baseline"]
ACTUAL, SAVED = AT["cost_actual"], AT["cost_saved"]
PRICED, UNPRICED = PriceStatus.PRICED.value, PriceStatus.UNPRICED.value
OF_TOOL, OF_MODEL = PriceKind.TOOL.value, PriceKind.MODEL.value
NAMES = (ORGANIZATION, TOOL_NAME, NAME, MODEL)
COUNTS = (TOKENS_ORIGINAL, TOKENS_ACTUAL, *(AT[name] for name in TOKEN_COLUMNS))
Counts = tuple[int | None, ...]
Costs = tuple[str | None, int | None, int | None, int | None]
"""Status, baseline, actual and saved."""
NO_COSTS: Costs = (None, None, None, None)


def fill_costs(frame: Frame, book: PriceBook) -> None:
    """Set the cost columns of operations that have tokens; a model without a price is UNPRICED."""
    columns: Iterable[Sequence[Any]] | None = costs_of_tools(frame, book)
    if columns is None:
        names, counts = frame.tuples(NAMES), frame.tuples(COUNTS)
        priced_rows = zip(names, frame.column(OCCURRED_AT), counts, strict=True)
        columns = zip(*(costs_of(book, *values) for values in priced_rows), strict=True)
    for position, values in zip((STATUS, BASELINE, ACTUAL, SAVED), columns, strict=True):
        frame.put(position, values)


def costs_of_tools(frame: Frame, book: PriceBook) -> tuple[Sequence[Any], ...] | None:
    """Return the columns where every operation has the tokens of a tool, and no others.

    None if one operation differs, or a price changes between them; otherwise no row needs to be examined.
    """
    before, after = frame.columns.get(TOKENS_ORIGINAL), frame.columns.get(TOKENS_ACTUAL)
    if before is None or after is None:
        return None
    if INPUT_TOKENS in frame.columns or OUTPUT_TOKENS in frame.columns:
        return None
    if None in before or None in after:
        return None
    prices = tool_prices(frame, book)
    if prices is None:
        return None
    half = PER_TOKENS // 2
    if max(*before, *after) * max(prices) + half > MAX_COST * PER_TOKENS:
        return None
    baseline, actual = (
        [(count * price + half) // PER_TOKENS for count, price in zip(counts, prices, strict=True)]
        for counts in (before, after)
    )
    return (PRICED,) * frame.count, baseline, actual, list(map(sub, baseline, actual))


def tool_prices(frame: Frame, book: PriceBook) -> Sequence[int] | None:
    """Return the price of each operation's tokens; None where one changes between the operations."""
    if book.is_empty:
        return (book.default_tool.input,) * frame.count
    tools, names = frame.column(TOOL_NAME), frame.column(NAME)
    called = [tool or name for tool, name in zip(tools, names, strict=True)]
    owned = list(zip(frame.column(ORGANIZATION), called, strict=True))
    times = frame.column(OCCURRED_AT)
    first, last = min(times), max(times)
    prices: dict[tuple[str, str], int] = {}
    for organization, name in set(owned):
        price = book.find(organization, OF_TOOL, name, first)
        if price is not book.find(organization, OF_TOOL, name, last):
            return None
        prices[organization, name] = (price or book.default_tool).input
    return list(map(prices.__getitem__, owned))


def costs_of(book: PriceBook, names: tuple[Any, ...], at: datetime, counts: Counts) -> Costs:
    """Return the costs of one operation, from the values of ``NAMES`` and of ``COUNTS``.

    Tokens of a tool are priced by the tool, those of a model by the model, whatever the kind: what
    has both costs their sum. It is UNPRICED as soon as a model with tokens has no price.
    """
    organization, tool, name, model = names
    before, after, *parts = counts
    tokens = TokenCounts(*parts)
    baseline = actual = 0
    status = None
    if before is not None or after is not None:
        price = book.find(organization, OF_TOOL, tool or name, at) or book.default_tool
        cost = tool_cost(before, after, price)
        status, baseline, actual = PRICED, cost.baseline, cost.actual
    if tokens.input_tokens is not None or tokens.output_tokens is not None:
        token_price = book.find(organization, OF_MODEL, model or "", at)
        if token_price is None:
            return UNPRICED, None, None, None
        cost = model_cost(tokens, token_price)
        status, baseline, actual = PRICED, baseline + cost.baseline, actual + cost.actual
    if status is None:
        return NO_COSTS
    baseline, actual = min(baseline, MAX_COST), min(actual, MAX_COST)
    return status, baseline, actual, baseline - actual
