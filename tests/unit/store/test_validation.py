"""The checker: every problem with its path, nothing but text and numbers that every database holds."""

import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.types import REPLACEMENT
from store.errors import InvalidInputError
from store.validation import LONG_MAX, LONG_MIN, Checker, InputBounds, check_batch_size

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
SMALL = InputBounds(
    label_length=5, text_length=10, long_text_length=20, json_bytes=60, json_depth=3, batch_items=3
)
ANY_TEXT = st.text(st.characters(exclude_categories=[]))
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
)


def checker(bounds: InputBounds = SMALL) -> Checker:
    """A checker with small bounds."""
    return Checker(bounds, NOW)


def storable(text: str) -> bool:
    """Whether PostgreSQL takes the text."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)


def texts_in(value: Any) -> list[str]:
    """Every text in a JSON value, keys too."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [*value, *(text for inner in value.values() for text in texts_in(inner))]
    return [t for inner in value for t in texts_in(inner)] if isinstance(value, list) else []


@pytest.mark.parametrize(("kind", "longest"), [("name", 5), ("required_name", 5), ("text", 10)])
def test_lengths_count_characters(kind: str, longest: int) -> None:
    check = checker()
    assert getattr(check, kind)("😀" * longest, "field") == "😀" * longest
    assert not check.problems
    getattr(check, kind)("x" * (longest + 1), "at", 3, "field")
    (problem,) = check.problems
    assert problem.message == f"{longest + 1} characters, at most {longest}: shorten it"
    assert problem.path == ("at", 3, "field")


def test_a_name_is_not_empty_but_a_text_may_be() -> None:
    check = checker()
    assert check.text("", "message") == ""
    assert check.name(None, "label") is None
    assert not check.problems
    check.name("", "label")
    check.required_name("", "name")
    assert [str(problem) for problem in check.problems] == [
        "label: is empty: give at least one character",
        "name: is empty: give at least one character",
    ]


@pytest.mark.parametrize(("kind", "limit"), [("cut_text", 40), ("cut_long_text", 80)])
def test_a_text_over_its_limit_is_cut_and_counted(kind: str, limit: int) -> None:
    check = checker(InputBounds(text_length=40, long_text_length=80))
    assert getattr(check, kind)("😀" * limit) == "😀" * limit
    assert (check.truncated, getattr(check, kind)(None)) == (0, None)
    text = getattr(check, kind)("x" * 1_000)
    assert len(text) == limit
    assert text.endswith("xx… [truncated: 1,000 characters]")
    assert (check.truncated, check.problems) == (1, [])


@given(st.dictionaries(ANY_TEXT, ANY_JSON, max_size=3))
@example({"a": {"b": {"c": {"d": 1}}}})
@example({"a": "x" * 100})
@example({"a": 2**64})
@example({"a\0": 1, "a\ufffd": 2})
def test_a_payload_is_always_stored(value: dict[str, Any]) -> None:
    check = checker()
    stored = check.payload(value, "result")
    assert stored is not None
    assert not check.problems
    assert all(storable(text) for text in texts_in(stored))
    json.dumps(stored, allow_nan=False)
    if check.truncated:
        assert stored["truncated"] is True
        assert stored["bytes"] > 0
        assert isinstance(stored["preview"], str)


def test_a_payload_that_is_no_object_is_refused() -> None:
    check = checker()
    check.payload([1], "result")
    assert [str(problem) for problem in check.problems] == [
        "result: must be a JSON object, not a list"
    ]


@given(ANY_TEXT)
@example("a\0\ud800b\udfff")
@example("\U0001f600")
def test_text_becomes_storable_and_is_counted(text: str) -> None:
    check = Checker(InputBounds(), NOW)
    cleaned = check.text(text, "text")
    assert cleaned is not None
    assert storable(cleaned)
    assert len(cleaned) == len(text)
    assert check.repaired == (not storable(text))
    assert all(now in (was, REPLACEMENT) for now, was in zip(cleaned, text, strict=True))
    assert check.text(cleaned, "text") is cleaned


@given(ANY_JSON)
@example({"a": 10**400})
@example({"a": [float("nan")]})
@example({"a\0": {"b\ud800": "\0"}})
def test_any_json_becomes_storable_or_a_problem(value: Any) -> None:
    check = Checker(InputBounds(json_depth=4), NOW)
    found = check.json_object(value, "attributes")
    if check.problems:
        assert all(problem.path[0] == "attributes" for problem in check.problems)
        return
    assert found is None or isinstance(found, dict)
    assert all(storable(text) for text in texts_in(found))
    json.dumps(found, allow_nan=False).encode()
    assert (check.repaired > 0) == any(not storable(text) for text in texts_in(value))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([1], "attributes: must be a JSON object, not a list"),
        ("x", "attributes: must be a JSON object, not a string"),
        (True, "attributes: must be a JSON object, not a boolean"),
        (0, "attributes: must be a JSON object, not a number"),
        ({"a": [0, 2**63]}, "attributes.a.1: is an integer beyond 64 bits. Send it as text."),
        ({"a": math.inf}, "attributes.a: inf is not a valid JSON number"),
        ({"a": {"b": {"c": {}}}}, "attributes.a.b.c: is nested deeper than 3 levels"),
        ({"a": {"b": [[]]}}, "attributes.a.b.0: is nested deeper than 3 levels"),
        ({"a": "é" * 27}, "attributes: 62 bytes of JSON, at most 60: send less"),
        ({"a": {1}}, "attributes.a: set is not a JSON value"),
    ],
)
def test_json_that_is_refused(value: Any, said: str) -> None:
    check = checker()
    check.json_object(value, "attributes")
    assert [str(problem) for problem in check.problems] == [said]


@pytest.mark.parametrize(
    "value", [{}, {"a": "é" * 26}, {"a": {"b": [1]}}, {"a": [LONG_MIN, LONG_MAX]}, None]
)
def test_json_that_just_fits(value: Any) -> None:
    check = checker()
    assert check.json_object(value, "attributes") == value
    assert not check.problems


@given(st.integers() | st.sampled_from([LONG_MIN, LONG_MAX, LONG_MAX + 1]))
def test_whole_numbers(value: int) -> None:
    check = checker()
    found = check.integer(value, "n", minimum=-3, maximum=10**6)
    assert (found is None) == bool(check.problems) == (not -3 <= value <= 10**6)


@given(st.floats() | st.integers())
@example(10**400)
@example(-(10**400))
def test_numbers(value: float) -> None:
    check = checker()
    found = check.number(value, "n", maximum=1e12)
    assert (found is None) == bool(check.problems) == (not 0 <= value <= 1e12)
    assert found is None or isinstance(found, float)


def test_a_number_says_what_was_expected() -> None:
    check = checker()
    check.number(-1.0, "durationMs", maximum=1e12)
    check.number(math.nan, "weight")
    assert [str(problem) for problem in check.problems] == [
        "durationMs: -1.0 is not a finite number of at least 0 and at most 1,000,000,000,000",
        "weight: nan is not a finite number of at least 0",
    ]


@pytest.mark.parametrize(
    ("when", "good"),
    [
        ("2000-01-01T00:00:00+00:00", True),
        ("1999-12-31T23:59:59.999999+00:00", False),
        ("2000-01-01T00:59:59+01:00", False),
        ("2026-11-22T09:30:00+00:00", True),
        ("2026-11-22T09:30:00.000001+00:00", False),
        ("0001-01-01T00:00:00+14:00", False),
        ("9999-12-31T23:59:59-12:00", False),
    ],
)
def test_instants(when: str, good: bool) -> None:
    check = checker()
    instant = datetime.fromisoformat(when)
    found = check.instant(instant, "occurredAt")
    assert found == (instant if good else None)
    assert bool(check.problems) != good


def test_an_instant_is_kept_in_utc() -> None:
    found = checker().instant(datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=9))), "at")
    assert found == datetime(2025, 12, 31, 15, tzinfo=UTC)
    assert found.tzinfo is UTC


def test_an_instant_needs_a_zone() -> None:
    check = checker()
    assert check.instant(datetime(2026, 1, 1), "occurredAt") is None  # noqa: DTZ001
    assert [str(p) for p in check.problems] == [
        "occurredAt: has no time zone. Add Z or an offset such as +01:00."
    ]


def test_all_problems_come_at_once() -> None:
    check = Checker(SMALL, NOW, prefix=("operations", 3))
    check.name("", "name")
    check.integer(-1, "tool", "tokensActual")
    with pytest.raises(InvalidInputError) as refused:
        check.raise_if_any()
    assert [problem.path for problem in refused.value.problems] == [
        ("operations", 3, "name"),
        ("operations", 3, "tool", "tokensActual"),
    ]
    assert refused.value.path == ("operations", 3, "name")
    assert "operations.3.tool.tokensActual: -1 is not from 0 to" in str(refused.value)


def test_a_batch_has_a_size() -> None:
    check_batch_size(3, SMALL, "entries")
    with pytest.raises(InvalidInputError, match="must not exceed 3 items") as refused:
        check_batch_size(4, SMALL, "entries")
    assert refused.value.path == ("entries",)
