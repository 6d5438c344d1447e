"""Costs in whole nano-dollars: which price holds, how it is rounded, and what has none."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.operations.bulk.frames import Frame
from store.operations.columns import COLUMNS
from store.operations.costs import (
    ACTUAL,
    BASELINE,
    COUNTS,
    NAMES,
    SAVED,
    STATUS,
    costs_of,
    fill_costs,
)
from store.operations.fast_path import OCCURRED_AT
from store.pricing.prices import (
    DEFAULT_TOOL_PRICE,
    MAX_COST,
    MAX_PRICE,
    RATES,
    Cost,
    PriceBook,
    TokenPrice,
    model_cost,
    to_dollars,
    to_nanos,
    tool_cost,
)
from store.pricing.token_counts import TokenCounts

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = timedelta(days=1)
DEFAULT_NANOS = to_nanos(DEFAULT_TOOL_PRICE)
DEFAULT = TokenPrice.of(DEFAULT_NANOS, DEFAULT_NANOS, DEFAULT_NANOS)
TOKENS = st.integers(0, 10**15)
NANOS = st.integers(0, to_nanos(MAX_PRICE))


@dataclass
class Book:
    """Collects price rows."""

    rows: list[dict[str, Any]]

    def add(self, owner: str, name: str, nanos: int, since: datetime, kind: str = "MODEL") -> None:
        """One price for all kinds of tokens."""
        amounts = dict.fromkeys((f"{part}_nanos" for part in RATES), nanos)
        self.rows.append(
            {"organization_id": owner, "kind": kind, "name": name, "effective_from": since}
            | amounts
            | {"from_input_tokens": 0}
        )

    def filled(self, **values: Any) -> dict[str, Any]:
        """An operation with its costs."""
        operation = {"organization_id": "acme", "occurred_at": NOON, "name": "call", **values}
        frame = Frame.of_rows([[operation.get(name) for name in COLUMNS]])
        fill_costs(frame, PriceBook(self.rows, DEFAULT_NANOS))
        (row,) = frame.rows()
        return {n: v for n, v in zip(COLUMNS, row, strict=True) if v is not None}


@pytest.fixture
def book() -> Book:
    return Book([])


def test_c5_the_figures_of_the_tool_server(book: Book) -> None:
    found = book.filled(kind="TOOL", tool_name="read", tokens_original=5_000, tokens_actual=500)
    assert to_dollars(found["cost_baseline"]) == 0.075
    assert to_dollars(found["cost_actual"]) == 0.0075
    assert to_dollars(found["cost_saved"]) == 0.0675
    assert found["price_status"] == "PRICED"


def test_a_mode_that_costs_more_saves_less_than_nothing(book: Book) -> None:
    found = book.filled(kind="TOOL", tokens_original=100, tokens_actual=1_000)
    assert to_dollars(found["cost_saved"]) == -0.0135


@pytest.mark.parametrize(("original", "actual"), [(400, None), (None, 400)])
def test_a_tool_that_says_one_number_saves_nothing(
    original: int | None, actual: int | None
) -> None:
    assert tool_cost(original, actual, DEFAULT) == Cost(6_000_000, 6_000_000)


@pytest.mark.parametrize("kind", ["TOOL", "LLM", "API"])
def test_without_tokens_there_is_no_cost(book: Book, kind: str) -> None:
    book.add("acme", "call", 1_000, NOON - DAY, "TOOL")
    assert "price_status" not in book.filled(kind=kind)


@pytest.mark.parametrize(
    ("tokens", "nanos", "cost"),
    [(1, 499, 0), (1, 500, 1), (1, 1_499, 1), (1, 1_500, 2), (3, 500, 2), (0, 10**12, 0)],
)
def test_half_a_nano_dollar_is_rounded_up(tokens: int, nanos: int, cost: int) -> None:
    assert tool_cost(tokens, tokens, TokenPrice.of(nanos, 0, 0)) == Cost(cost, cost)


@given(
    st.lists(st.tuples(TOKENS, TOKENS), min_size=1, max_size=20),
    NANOS | st.integers(0, 50).map(lambda n: n * 1_000),
)
def test_columns_of_costs_are_those_of_each_operation(
    counts: list[tuple[int, int]], nanos: int
) -> None:
    values = {"organization_id": "acme", "occurred_at": NOON, "name": "read", "kind": "TOOL"}
    names = ("tokens_original", "tokens_actual")
    rows = [values | dict(zip(names, both, strict=True)) for both in counts]
    frame = Frame.of_rows([[row.get(name) for name in COLUMNS] for row in rows])
    fill_costs(frame, PriceBook([], nanos))
    found = [dict(zip(COLUMNS, row, strict=True)) for row in frame.rows()]
    price = TokenPrice.of(nanos, nanos, nanos)
    for (before, after), row in zip(counts, found, strict=True):
        cost = tool_cost(before, after, price)
        assert cost is not None
        assert (row["cost_baseline"], row["cost_actual"]) == (cost.baseline, cost.actual)
        assert row["cost_saved"] == cost.baseline - cost.actual


PRICE_ROWS = st.tuples(
    st.sampled_from(["*", "acme", "globex"]),
    st.sampled_from(["read", "search"]),
    NANOS | st.integers(0, 50).map(lambda n: n * 1_000),
    st.integers(-3, 3).map(lambda n: NOON + n * DAY),
)
TOOL_CALLS = st.tuples(
    st.sampled_from(["acme", "globex", "other"]),
    st.sampled_from(["read", "search", "grep", None]),
    st.integers(-4, 4).map(lambda n: NOON + n * DAY),
    TOKENS,
    TOKENS,
)


@given(st.lists(PRICE_ROWS, max_size=6), st.lists(TOOL_CALLS, min_size=1, max_size=12))
def test_tools_priced_together_cost_what_each_costs(
    price_rows: list[tuple[str, str, int, datetime]],
    calls: list[tuple[Any, ...]],
) -> None:
    book = Book([])
    for owner, name, nanos, since in price_rows:
        book.add(owner, name, nanos, since, "TOOL")
    names = ("organization_id", "tool_name", "occurred_at", "tokens_original", "tokens_actual")
    shared = {"name": "search", "kind": "TOOL"}
    operations = [shared | dict(zip(names, call, strict=True)) for call in calls]
    frame = Frame.of_rows([[row.get(name) for name in COLUMNS] for row in operations])
    prices = PriceBook(book.rows, DEFAULT_NANOS)
    each = [
        costs_of(prices, *values)
        for values in zip(
            frame.tuples(NAMES), frame.column(OCCURRED_AT), frame.tuples(COUNTS), strict=True
        )
    ]
    fill_costs(frame, prices)
    assert list(frame.tuples((STATUS, BASELINE, ACTUAL, SAVED))) == each


@given(TOKENS, TOKENS, NANOS, NANOS, NANOS, st.data())
def test_costs_are_those_of_exact_decimals(
    input_tokens: int, output_tokens: int, fresh: int, out: int, cached: int, data: st.DataObject
) -> None:
    kept = data.draw(st.integers(0, input_tokens))
    cost = model_cost(
        TokenCounts(input_tokens, output_tokens, kept), TokenPrice.of(fresh, out, cached)
    )
    assert cost is not None

    def exact(nanos: int) -> int:
        rounded = (Decimal(nanos) / 1_000).quantize(Decimal(1), ROUND_HALF_UP)
        return min(int(rounded), MAX_COST)

    assert cost.baseline == exact(input_tokens * fresh + output_tokens * out)
    actual = (input_tokens - kept) * fresh + kept * cached + output_tokens * out
    assert cost.actual == exact(actual)
    assert -(2**63) < cost.saved < 2**63, "it fits into the column"


def test_cached_tokens_are_part_of_the_input(book: Book) -> None:
    book.add("acme", "m", 3_000_000_000, NOON - DAY)
    book.rows[0] |= {"cached_input_nanos": 300_000_000, "output_nanos": 15_000_000_000}
    found = book.filled(
        kind="LLM", model="m", input_tokens=1_000, output_tokens=100, cached_input_tokens=900
    )
    assert to_dollars(found["cost_baseline"]) == 4.5
    assert to_dollars(found["cost_actual"]) == 2.07, "0.3 + 0.27 + 1.5"
    assert to_dollars(found["cost_saved"]) == 2.43


@pytest.mark.parametrize("tokens", [{"input_tokens": 5}, {"output_tokens": 0}])
def test_a_model_without_a_price_is_visible(book: Book, tokens: dict[str, int]) -> None:
    book.add("acme", "other", 1, NOON - DAY)
    found = book.filled(kind="LLM", model="m", **tokens)
    assert found["price_status"] == "UNPRICED"
    assert "cost_actual" not in found, "unknown, not zero"


def test_a_model_that_is_not_named_is_unpriced(book: Book) -> None:
    assert book.filled(kind="LLM", input_tokens=5)["price_status"] == "UNPRICED"


def test_a_price_of_zero_is_a_price(book: Book) -> None:
    book.add("acme", "m", 0, NOON - DAY)
    found = book.filled(kind="LLM", model="m", input_tokens=5)
    assert (found["price_status"], found["cost_actual"]) == ("PRICED", 0)


def test_a_price_holds_from_its_instant_to_the_next(book: Book) -> None:
    for nanos, since in ((2_000, NOON), (1_000, NOON - DAY), (3_000, NOON + DAY)):
        book.add("acme", "m", nanos, since)
    prices = PriceBook(book.rows, DEFAULT_NANOS)

    def input_nanos(at: datetime) -> int | None:
        found = prices.find("acme", "MODEL", "m", at)
        return found.input if found else None

    moment = timedelta(microseconds=1)
    assert input_nanos(NOON - DAY - moment) is None
    assert input_nanos(NOON - DAY) == 1_000
    assert input_nanos(NOON - moment) == 1_000
    assert input_nanos(NOON) == 2_000
    assert input_nanos(NOON + DAY) == 3_000


def test_the_organizations_own_price_goes_before_the_installations(book: Book) -> None:
    book.add("*", "m", 1_000, NOON)
    book.add("acme", "m", 2_000, NOON - 2 * DAY)
    prices = PriceBook(book.rows, DEFAULT_NANOS)

    def owner_price(organization: str, at: datetime = NOON) -> int:
        found = prices.find(organization, "MODEL", "m", at)
        assert found is not None
        return found.input

    assert owner_price("acme") == 2_000, "although the other one is newer"
    assert owner_price("globex") == 1_000


def test_the_installations_price_holds_until_the_organizations_begins(book: Book) -> None:
    book.add("*", "m", 1_000, NOON - DAY)
    book.add("acme", "m", 2_000, NOON + DAY)
    found = PriceBook(book.rows, DEFAULT_NANOS).find("acme", "MODEL", "m", NOON)
    assert found == TokenPrice.of(1_000, 1_000, 1_000)


def test_a_tool_is_priced_by_its_name_else_by_the_operations(book: Book) -> None:
    book.add("acme", "search", 1_000_000, NOON - DAY, "TOOL")
    for names in (
        {"tool_name": "search"},
        {"name": "search"},
        {"name": "x", "tool_name": "search"},
    ):
        found = book.filled(kind="TOOL", tokens_actual=1_000, **names)
        assert found["cost_actual"] == 1_000_000
    assert book.filled(kind="TOOL", tokens_actual=1_000)["cost_actual"] == DEFAULT_NANOS


def test_a_tools_price_is_not_a_models(book: Book) -> None:
    book.add("acme", "m", 1_000, NOON - DAY, "TOOL")
    assert book.filled(kind="LLM", model="m", input_tokens=5)["price_status"] == "UNPRICED"


@pytest.mark.parametrize(
    ("dollars", "nanos"),
    [
        ("0.015", 15_000_000),
        ("0.0000000005", 0),  # half to even
        ("0.0000000015", 2),
        ("1000", 10**12),
        ("0.000000001", 1),
    ],
)
def test_dollars_become_whole_nano_dollars(dollars: str, nanos: int) -> None:
    assert to_nanos(Decimal(dollars)) == nanos
