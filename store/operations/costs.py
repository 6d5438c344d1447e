"""The cost columns of an operation's row, from its tokens and the price in force."""

from collections.abc import Iterable

from models.vocabulary import OperationKind, PriceKind, PriceStatus
from store.access import EVERY_ORGANIZATION
from store.operations.columns import AT
from store.operations.quick import (
    CACHED_INPUT_TOKENS,
    INPUT_TOKENS,
    KIND,
    MODEL,
    NAME,
    OCCURRED_AT,
    ORGANIZATION,
    OUTPUT_TOKENS,
    TOKENS_ACTUAL,
    TOKENS_ORIGINAL,
    TOOL_NAME,
    Row,
)
from store.prices import Cost, PriceBook, model_cost, tool_cost

STATUS, BASELINE = AT["price_status"], AT["cost_baseline"]
ACTUAL, SAVED = AT["cost_actual"], AT["cost_saved"]
TOOL, LLM = OperationKind.TOOL.value, OperationKind.LLM.value
PRICED, UNPRICED = PriceStatus.PRICED.value, PriceStatus.UNPRICED.value
OF_TOOL, OF_MODEL = PriceKind.TOOL.value, PriceKind.MODEL.value


def price_keys(rows: Iterable[Row]) -> set[tuple[str, str, str]]:
    """The keys under which the prices of ``rows`` may stand."""
    found = set()
    for row in rows:
        kind = row[KIND]
        if kind == TOOL:
            found.add((row[ORGANIZATION], OF_TOOL, row[TOOL_NAME] or row[NAME]))
        elif kind == LLM and row[MODEL]:
            found.add((row[ORGANIZATION], OF_MODEL, row[MODEL]))
    return found | {(EVERY_ORGANIZATION, kind, name) for _, kind, name in found}


def fill_costs(row: Row, book: PriceBook) -> None:
    """Set the cost columns of a row that has tokens; a model without a price is UNPRICED."""
    cost: Cost | None
    kind = row[KIND]
    if kind == TOOL:
        before, after = row[TOKENS_ORIGINAL], row[TOKENS_ACTUAL]
        if before is None and after is None:
            return
        name = row[TOOL_NAME] or row[NAME]
        found = book.find(row[ORGANIZATION], OF_TOOL, name, row[OCCURRED_AT])
        cost = tool_cost(before, after, found or book.default_tool)
    elif kind == LLM:
        read, written = row[INPUT_TOKENS], row[OUTPUT_TOKENS]
        if read is None and written is None:
            return
        price = book.find(row[ORGANIZATION], OF_MODEL, row[MODEL] or "", row[OCCURRED_AT])
        if price is None:
            row[STATUS] = UNPRICED
            return
        cost = model_cost(read, written, row[CACHED_INPUT_TOKENS], price)
    else:
        return
    if cost is not None:
        row[STATUS], row[BASELINE], row[ACTUAL] = PRICED, cost.baseline, cost.actual
        row[SAVED] = cost.baseline - cost.actual
