"""Scalars: what goes in comes out again, and what is refused says what was expected."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLError, GraphQLScalarType, Undefined, parse_value, value_from_ast
from hypothesis import example, given
from hypothesis import strategies as st

from schema.scalars import (
    parse_instant,
    parse_long,
    parse_uuid,
    write_duration,
    write_instant,
)
from store.time_ranges import parse_duration, parse_time_range
from store.validation import LONG_MAX, LONG_MIN
from tests.unit.schema.vocabulary import graphql

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
OFFSETS = st.timedeltas(timedelta(hours=-14), timedelta(hours=14)).map(
    lambda offset: timezone(timedelta(minutes=offset // timedelta(minutes=1)))
)
LONGEST = timedelta(weeks=999_999)


def scalar(name: str) -> GraphQLScalarType:
    """A scalar of the schema."""
    found = graphql().type_map[name]
    assert isinstance(found, GraphQLScalarType)
    return found


def literal(name: str, text: str) -> Any:
    """What a literal in a document becomes; ``Undefined`` where it is refused."""
    return value_from_ast(parse_value(text), scalar(name))


# --- DateTime ---------------------------------------------------------------------------------------


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=OFFSETS))  # noqa: DTZ001
def test_instants_come_back(instant: datetime) -> None:
    assert parse_instant(instant.isoformat()) == instant
    written = write_instant(instant)
    assert parse_instant(written) == instant
    assert written.endswith("Z")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-21T09:30:00Z", "2026-11-21T09:30:00Z"),
        ("2026-11-21t09:30:00z", "2026-11-21T09:30:00Z"),
        ("2026-11-21 09:30:00Z", "2026-11-21T09:30:00Z"),
        ("2026-11-21T10:30:00.5+01:00", "2026-11-21T09:30:00.500000Z"),
        ("2026-11-21T09:30:00-00:00", "2026-11-21T09:30:00Z"),
        ("2026-11-21T09:30:00.123456789Z", "2026-11-21T09:30:00.123457Z"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59-01:00", "9999-12-31T23:59:59.999999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("2024-02-29T00:00:00+05:45", "2024-02-28T18:15:00Z"),
    ],
)
def test_instants(text: str, written: str) -> None:
    instant = parse_instant(text)
    assert instant.tzinfo is UTC
    assert scalar("DateTime").serialize(instant) == written


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2026-11-21T09:30:00", "has no time zone. Add Z or an offset such as +01:00."),
        ("2026-11-21", "Use RFC 3339, such as 2026-11-21T09:30:00Z."),
        ("2026-11-21T09:30Z", "Use RFC 3339"),
        ("20261121T093000Z", "Use RFC 3339"),
        ("2026-W47-6T09:30:00Z", "Use RFC 3339"),
        ("٢٠٢٦-11-21T09:30:00Z", "Use RFC 3339"),
        ("now", "Invalid timestamp 'now'. Use RFC 3339"),
        ("", "Invalid timestamp ''. Use RFC 3339"),
        (1_795_000_000, "Invalid timestamp 1795000000. Use RFC 3339"),
        (None, "Invalid timestamp null. Use RFC 3339"),
        ({"a": 1}, "Use RFC 3339"),
        ("2026-02-29T00:00:00Z", ": day is out of range for month"),
        ("2026-11-21T24:00:01Z", "Invalid timestamp"),
        ("2026-12-31T23:59:60Z", "Invalid timestamp"),
        ("2026-11-21T09:30:00+24:00", "Invalid timestamp"),
    ],
)
def test_what_is_no_instant(value: Any, said: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011  its text is checked next
        parse_instant(value)
    assert said in str(refused.value)


# --- Duration ---------------------------------------------------------------------------------------


@given(st.timedeltas(timedelta(), LONGEST))
@example(timedelta(days=40, seconds=1))
@example(timedelta(microseconds=1))
@example(LONGEST - timedelta(microseconds=1))
def test_durations_come_back(duration: timedelta) -> None:
    assert parse_duration(write_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "duration", "written"),
    [
        ("PT1H", timedelta(hours=1), "PT3600S"),
        ("P7D", timedelta(days=7), "PT604800S"),
        ("P1W2DT3H4M5S", timedelta(9, 3 * 3_600 + 4 * 60 + 5), "PT788645S"),
        ("PT0.000001S", timedelta(microseconds=1), "PT0.000001S"),
        ("PT1.50S", timedelta(seconds=1.5), "PT1.5S"),
        ("PT0S", timedelta(), "PT0S"),
        ("PT100000000S", timedelta(seconds=10**8), "PT100000000S"),
        ("90m", timedelta(minutes=90), "PT5400S"),
        ("24h", timedelta(hours=24), "PT86400S"),
        ("24 H", timedelta(hours=24), "PT86400S"),
        ("7d", timedelta(days=7), "PT604800S"),
        ("2w", timedelta(weeks=2), "PT1209600S"),
        ("45s", timedelta(seconds=45), "PT45S"),
    ],
)
def test_durations(text: str, duration: timedelta, written: str) -> None:
    assert parse_duration(text) == duration
    assert scalar("Duration").serialize(duration) == written


@pytest.mark.parametrize(
    "value",
    ["", "P", "PT", "1y", "3 weeks", "-1h", "1.5h", "h", "24", "all",
     "PT1", "P1Y", "P1M", "-PT1H", "PT-1H", "P1H", "PT1D", "pt1h", "PT1H ", 60,
     60.0, None, "PT1.S", "PT.5S", "PT0.0000001S", "P1D1W", "PT٣H", ["PT1H"]],
)  # fmt: skip
def test_what_is_no_duration(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^Invalid duration .*\. Use 90m, 24h, 7d or 2w\.$"):
        parse_duration(value)


@pytest.mark.parametrize(
    ("text", "name", "length"),
    [
        ("1h", "1h", timedelta(hours=1)),
        ("24H", "24h", timedelta(hours=24)),
        ("LAST_24H", "24h", timedelta(hours=24)),
        ("007d", "7d", timedelta(days=7)),
        ("30d", "30d", timedelta(days=30)),
        ("PT24H", "PT24H", timedelta(hours=24)),
        ("all", "all", None),
        ("ALL", "all", None),
    ],
)
def test_time_ranges(text: str, name: str, length: timedelta | None) -> None:
    found = parse_time_range(text)
    assert (found.name, found.length) == (name, length)
    assert scalar("TimeRange").serialize(found) == name


@pytest.mark.parametrize("value", ["3 weeks", "", "last_", "everything", "1y", 24, None, "-1h"])
def test_what_is_no_time_range(value: Any) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011  its text is checked next
        parse_time_range(value)
    assert str(refused.value) == (
        f"Invalid duration {value!r}. Use 90m, 24h, 7d or 2w. Use all for everything."
    )


# --- Long -------------------------------------------------------------------------------------------


@given(st.integers(LONG_MIN, LONG_MAX))
@example(LONG_MIN)
@example(LONG_MAX)
def test_whole_numbers_come_back(number: int) -> None:
    assert parse_long(number) == number
    assert scalar("Long").serialize(number) == number
    assert literal("Long", str(number)) == number


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1.0, 1),
        (-0.0, 0),
        (1e3, 1000),
        (2.0**53 - 1, 2**53 - 1),
        ("7", 7),
        (str(LONG_MIN), LONG_MIN),
    ],
)
def test_floats_that_are_whole(value: Any, number: int) -> None:
    found = parse_long(value)
    assert found == number
    assert isinstance(found, int)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (LONG_MAX + 1, "Invalid integer 9223372036854775808."),
        (LONG_MIN - 1, "Use a value within 64 bits."),
        (1e19, "Use a value within 64 bits."),
        (1e300, "Use a value within 64 bits."),
        (1.5, "Invalid integer 1.5."),
        (float("nan"), "Invalid integer nan."),
        (float("inf"), "Invalid integer inf."),
        ("1.0", "Invalid integer '1.0'."),
        ("+1", "Invalid integer '+1'."),
        ("", "Invalid integer ''."),
        ("9223372036854775808", "Use a value within 64 bits."),
        (2.0**53, "may not be exact. Write integers"),
        (1e18, "may not be exact. Write integers"),
        (True, "Invalid integer True."),
        (None, "Invalid integer null."),
        ([1], "Invalid integer a list."),
        ("x" * 500, "..."),
    ],
)
def test_what_is_no_whole_number(value: Any, said: str) -> None:
    with pytest.raises(ValueError, match=r"Invalid integer|not be exact") as refused:
        parse_long(value)
    assert said in str(refused.value)
    assert len(str(refused.value)) < 170


# --- UUID -------------------------------------------------------------------------------------------


@given(st.uuids(allow_nil=True))
def test_ids_come_back(id: UUID) -> None:
    for text in (str(id), str(id).upper(), id.hex):
        assert parse_uuid(text) == id
    assert scalar("UUID").serialize(id) == str(id)
    assert literal("UUID", f'"{id}"') == id


@pytest.mark.parametrize(
    "value",
    ["", "x", "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4", "{0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f}",
     "urn:uuid:0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f", "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f ",
     "\N{ARABIC-INDIC DIGIT ZERO}190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f", 1, None,
     "WyJPcGVyYXRpb24iLCJhY21lIl0"],
)  # fmt: skip
def test_what_is_no_id(value: Any) -> None:
    with pytest.raises(ValueError, match=r"Invalid UUID .* Use the uuid of the record, not its id"):
        parse_uuid(value)


# --- JSON, and all of them --------------------------------------------------------------------------


@given(ANY_JSON)
def test_json_passes_as_it_is(value: Any) -> None:
    json_scalar = scalar("JSON")
    assert json_scalar.parse_value(value) is value
    assert json_scalar.serialize(value) is value


def test_json_can_be_written_in_a_document() -> None:
    text = '{a: [1, 2.5, "x", true, null, {b: "\\u00e9"}]}'
    assert literal("JSON", text) == {"a": [1, 2.5, "x", True, None, {"b": "é"}]}


@given(st.sampled_from(["DateTime", "Duration", "TimeRange", "Long", "Number", "UUID"]), ANY_JSON)
def test_any_json_is_a_value_or_refused(name: str, value: Any) -> None:
    made = scalar(name)
    try:
        parsed = made.parse_value(value)
    except (ValueError, GraphQLError) as error:
        assert str(error)  # noqa: PT017  either may happen
        return
    json.dumps(made.serialize(parsed))


@pytest.mark.parametrize(
    ("name", "text"),
    [("Long", '"1.0"'), ("Long", "1.5"), ("Long", "RED"), ("UUID", "1"), ("DateTime", "2026"),
     ("Duration", "60"), ("Long", str(2**63)), ("Long", "[1]"), ("UUID", "{a: 1}")],
)  # fmt: skip
def test_literals_that_are_refused(name: str, text: str) -> None:
    assert literal(name, text) is Undefined
