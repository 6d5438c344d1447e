"""The cost columns of operations, from their tokens and the price in force."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import repeat
from operator import mul, sub
from typing import Any

from models.vocabulary import OperationKind, PriceKind, PriceStatus
from store.operations.columns import AT
from store.operations.frames import Frame
from store.operations.quick import (
    KIND,
    MODEL,
    NAME,
    OCCURRED_AT,
    ORGANIZATION,
    TOKENS_ACTUAL,
    TOKENS_ORIGINAL,
    TOOL_NAME,
)
from store.prices import MAX_COST, PER_TOKENS, Cost, PriceBook, model_cost, tool_cost
from store.token_counts import TOKEN_COLUMNS, TokenCounts

STATUS, BASELINE = AT["price_status"], AT["cost_baseline"]
ACTUAL, SAVED = AT["cost_actual"], AT["cost_saved"]
TOOL, LLM = OperationKind.TOOL.value, OperationKind.LLM.value
PRICED, UNPRICED = PriceStatus.PRICED.value, PriceStatus.UNPRICED.value
OF_TOOL, OF_MODEL = PriceKind.TOOL.value, PriceKind.MODEL.value
NAMES = (KIND, ORGANIZATION, TOOL_NAME, NAME, MODEL)
COUNTS = (TOKENS_ORIGINAL, TOKENS_ACTUAL, *(AT[name] for name in TOKEN_COLUMNS))
Counts = tuple[int | None, ...]
Costs = tuple[str | None, int | None, int | None, int | None]
"""Status, baseline, actual and saved."""
NO_COSTS: Costs = (None, None, None, None)


def fill_costs(frame: Frame, book: PriceBook) -> None:
    """Set the cost columns of operations that have tokens; a model without a price is UNPRICED."""
    columns: Iterable[Sequence[Any]] | None = costs_at_default(frame, book)
    if columns is None:
        names, counts = frame.tuples(NAMES), frame.tuples(COUNTS)
        given = zip(names, frame.column(OCCURRED_AT), counts, strict=True)
        columns = zip(*(costs_of(book, *values) for values in given), strict=True)
    for position, values in zip((STATUS, BASELINE, ACTUAL, SAVED), columns, strict=True):
        frame.put(position, values)


def costs_at_default(frame: Frame, book: PriceBook) -> tuple[Sequence[Any], ...] | None:
    """The columns where every operation is a tool's at the default price with both counts.

    None where one is not: what is told apart there by row is known here of all of them.
    """
    before, after = frame.columns.get(TOKENS_ORIGINAL), frame.columns.get(TOKENS_ACTUAL)
    if not book.is_empty or before is None or after is None or set(frame.columns[KIND]) != {TOOL}:
        return None
    if None in before or None in after:
        return None
    price, half = book.default_tool.input, PER_TOKENS // 2
    if max(*before, *after) * price + half > MAX_COST * PER_TOKENS:
        return None
    each, rest = divmod(price, PER_TOKENS)
    if rest:
        baseline = [(count * price + half) // PER_TOKENS for count in before]
        actual = [(count * price + half) // PER_TOKENS for count in after]
    else:  # nothing is ever rounded
        baseline = list(map(mul, before, repeat(each)))
        actual = list(map(mul, after, repeat(each)))
    return (PRICED,) * frame.count, baseline, actual, list(map(sub, baseline, actual))


def costs_of(book: PriceBook, names: tuple[Any, ...], at: datetime, counts: Counts) -> Costs:
    """The costs of one operation, from the values of ``NAMES`` and of ``COUNTS``."""
    kind, organization, tool, name, model = names
    before, after, *parts = counts
    tokens = TokenCounts(*parts)
    cost: Cost | None = None
    if kind == TOOL and (before is not None or after is not None):
        found = book.find(organization, OF_TOOL, tool or name, at)
        cost = tool_cost(before, after, found or book.default_tool)
    elif kind == LLM and (tokens.input_tokens is not None or tokens.output_tokens is not None):
        price = book.find(organization, OF_MODEL, model or "", at)
        if price is None:
            return UNPRICED, None, None, None
        cost = model_cost(tokens, price)
    if cost is None:
        return NO_COSTS
    return PRICED, cost.baseline, cost.actual, cost.baseline - cost.actual
