"""Cursors: any row's place survives the way to a client and back, and garbage is bad input."""

import base64
import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import Date, Double, Integer, Uuid

from models.types import CleanText, Instant
from store.errors import InvalidInputError
from store.operations.sources import OPERATIONS
from store.query.paging import (
    MAX_CURSOR_LENGTH,
    OrderTerm,
    PageRequest,
    PageSize,
    decode_cursor,
    encode_cursor,
    signature,
)
from store.query.records import Order, Source
from store.requests.sources import EVENTS, REQUESTS
from store.sources import INTERACTIONS, SESSIONS

SOURCES = (OPERATIONS, REQUESTS, EVENTS, SESSIONS, INTERACTIONS)
LONGEST_LABEL = 2_000
"""As far as the setting of its length goes."""
LABELS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)
LATEST = datetime(9999, 1, 1)  # noqa: DTZ001


@st.composite
def orders(draw: st.DrawFn) -> list[OrderTerm]:
    """The terms of any order that a source can be asked in."""
    source: Source = draw(st.sampled_from(SOURCES))
    fields = draw(st.lists(st.sampled_from(sorted(source.orders)), max_size=3))
    return source.terms([Order(name, draw(st.booleans())) for name in fields])


def values_of(term: OrderTerm) -> st.SearchStrategy[Any]:
    """What the column of a term can hold."""
    type_ = term.column.type
    found: st.SearchStrategy[Any]
    if isinstance(type_, Instant):
        found = st.datetimes(datetime(1, 1, 2), LATEST, timezones=st.just(UTC))  # noqa: DTZ001
    elif isinstance(type_, Uuid):
        found = st.uuids()
    elif isinstance(type_, Date):
        found = st.dates()
    elif isinstance(type_, Double):
        found = st.floats(allow_nan=False, allow_infinity=False)
    elif isinstance(type_, Integer):
        found = st.integers(-(2**63), 2**63 - 1)
    else:
        assert isinstance(type_, CleanText)
        found = LABELS
    return st.none() | found if term.nullable else found


def is_of(term: OrderTerm, value: Any) -> bool:
    """Whether a database can compare the column with the value."""
    if value is None:
        return term.nullable
    if isinstance(term.column.type, Integer):
        return isinstance(value, int) and -(2**63) <= value < 2**63
    kinds = {Instant: datetime, Uuid: UUID, Date: date, Double: float, CleanText: str}
    kind = next(kind for type_, kind in kinds.items() if isinstance(term.column.type, type_))
    return isinstance(value, kind)


def wrapped(content: Any) -> str:
    """Any JSON in the clothes of a cursor."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@given(orders(), st.data())
def test_a_row_comes_back(terms: list[OrderTerm], data: st.DataObject) -> None:
    row = {term.name: data.draw(values_of(term)) for term in terms}
    cursor = encode_cursor(terms, row)
    assert decode_cursor(cursor, terms, "after") == list(row.values())
    assert len(cursor) <= MAX_CURSOR_LENGTH


@pytest.mark.parametrize("character", ["x", "é", "\x01", "\U0001f600"])
def test_the_longest_labels_fit(character: str) -> None:
    terms = REQUESTS.terms([Order(name) for name in sorted(REQUESTS.orders)])
    row: dict[str, Any] = {term.name: datetime(9999, 1, 1, tzinfo=UTC) for term in terms}
    row |= {"progress": 1.2345678901234567e-300, "organization_id": character * LONGEST_LABEL}
    row["id"] = UUID(int=2**128 - 1)
    cursor = encode_cursor(terms, row)
    assert decode_cursor(cursor, terms, "after") == [row[term.name] for term in terms]


@given(orders(), orders(), st.data())
def test_a_cursor_is_good_for_its_own_order_only(
    one: list[OrderTerm], other: list[OrderTerm], data: st.DataObject
) -> None:
    cursor = encode_cursor(one, {term.name: data.draw(values_of(term)) for term in one})
    if signature(one) != signature(other):
        with pytest.raises(InvalidInputError, match="different order") as refused:
            decode_cursor(cursor, other, "before")
        assert refused.value.path == ("before",)


@given(orders(), st.text() | st.text("abcXYZ019-_=", max_size=80) | JSON.map(wrapped))
@example(OPERATIONS.terms(()), "")
@example(OPERATIONS.terms(()), "W10")
@example(OPERATIONS.terms(()), "=" * 9)
@example(OPERATIONS.terms(()), "A" * (MAX_CURSOR_LENGTH + 1))
@example(OPERATIONS.terms(()), base64.b64encode(b"[" * 3_000).decode())
@example(OPERATIONS.terms(()), "é")
@example(OPERATIONS.terms(()), "\ud800")
def test_garbage_is_bad_input(terms: list[OrderTerm], cursor: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        decode_cursor(cursor, terms, "after")
    assert refused.value.code == "BAD_USER_INPUT"
    assert refused.value.path == ("after",)


@given(orders(), st.lists(JSON | st.just("9" * 400), max_size=6))
def test_forged_values_are_bad_input_or_of_the_right_type(
    terms: list[OrderTerm], values: list[Any]
) -> None:
    some = values[: len(terms)] + [None] * (len(terms) - len(values))
    try:
        decoded = decode_cursor(wrapped([signature(terms), *some]), terms, "after")
    except InvalidInputError:
        return
    assert all(is_of(term, value) for term, value in zip(terms, decoded, strict=True))


@given(orders(), st.data())
def test_a_damaged_cursor_is_bad_input_or_still_one(
    terms: list[OrderTerm], data: st.DataObject
) -> None:
    cursor = encode_cursor(terms, {term.name: data.draw(values_of(term)) for term in terms})
    place = data.draw(st.integers(0, len(cursor) - 1))
    damaged = cursor[:place] + data.draw(st.text(max_size=2)) + cursor[place + 1 :]
    try:
        decoded = decode_cursor(damaged, terms, "after")
    except InvalidInputError:
        return
    assert all(is_of(term, value) for term, value in zip(terms, decoded, strict=True))


@pytest.mark.parametrize("asked", [-1, 1_001])
def test_a_page_has_a_size(asked: int) -> None:
    for name, request in (("first", PageRequest(asked)), ("last", PageRequest(last=asked))):
        with pytest.raises(
            InvalidInputError, match=f"{name} must not (be negative|exceed 1,000)"
        ) as refused:
            request.size(PageSize())
        assert refused.value.path == (name,)


def test_first_and_last_exclude_each_other() -> None:
    with pytest.raises(InvalidInputError, match="cannot be combined"):
        PageRequest(first=1, last=1).size(PageSize())


@pytest.mark.parametrize(
    ("request_", "size"),
    [
        (PageRequest(), 100),
        (PageRequest(first=0), 0),
        (PageRequest(first=1_000), 1_000),
        (PageRequest(last=5, before="x"), 5),
        (PageRequest(before="x"), 100),
    ],
)
def test_sizes(request_: PageRequest, size: int) -> None:
    assert request_.size(PageSize()) == size
