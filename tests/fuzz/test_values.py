"""Cursors, filters and time zones that nobody made on purpose."""

import base64
import json
from typing import Any
from zoneinfo import available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.conftest import BOUNDED, Target

MANY = settings(BOUNDED, max_examples=60)
PAGES = """query ($after: String, $before: String, $first: Int, $last: Int) {
    operations(after: $after, before: $before, first: $first, last: $last) { totalCount }
    requests(after: $after, before: $before, first: $first, last: $last) { totalCount }
    interactions(after: $after, first: $first) { totalCount } }"""
COUNT = "query ($where: OperationFilter) { operations(where: $where) { totalCount } }"
STATS = """query ($bucket: BucketInput!, $where: OperationFilter) {
    operationStats(bucket: $bucket, where: $where, limit: 5) { rows { count } } }"""

INSIDE: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=4),
    max_leaves=6,
)
CURSORS = (
    st.none()
    | st.text(max_size=40)
    | st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
    | INSIDE.map(lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode())
)
SCALARS = INSIDE | st.uuids().map(str) | st.datetimes().map(lambda at: at.isoformat() + "Z")
OPERATORS = (
    "eq", "ne", "in", "notIn", "gt", "gte", "lt", "lte", "startsWith", "endsWith", "contains",
    "isNull", "eqIgnoreCase", "startsWithIgnoreCase", "endsWithIgnoreCase", "containsIgnoreCase",
    "since", "until", "after", "before", "last", "path", "exists",
)  # fmt: skip
COMPARED = st.dictionaries(st.sampled_from(OPERATORS), SCALARS, max_size=3)
FIELDS = (
    "id", "kind", "outcome", "name", "occurredAt", "recordedAt", "durationMs", "statusCode",
    "tokensOriginal", "sessionId", "traceId", "costActual", "route", "attributes", "cacheHit",
)  # fmt: skip
FILTERS: st.SearchStrategy[Any] = st.recursive(
    st.dictionaries(st.sampled_from(FIELDS), COMPARED | st.lists(COMPARED, max_size=2) | SCALARS, max_size=3),
    lambda inner: st.fixed_dictionaries(
        {}, optional={"and": st.lists(inner, max_size=3), "or": st.lists(inner, max_size=3), "not": inner}
    ),
    max_leaves=5,
)  # fmt: skip
ZONES = st.sampled_from(sorted(available_timezones())) | st.text(max_size=30) | st.sampled_from(
    ["../../etc/passwd", "/etc/localtime", "Europe", "UTC\0", "+01:00", "utc", "\ud800", "localtime"]
)  # fmt: skip
INSTANTS = st.datetimes().map(lambda at: at.isoformat() + "Z") | st.text(max_size=20)


@MANY
@given(after=CURSORS, before=CURSORS, first=SCALARS, last=SCALARS)
def test_cursors(target: Target, after: Any, before: Any, first: Any, last: Any) -> None:
    target.ask(content=body(PAGES, after=after, before=before, first=first, last=last))


@MANY
@given(where=FILTERS)
def test_filters(target: Target, where: Any) -> None:
    target.ask(content=body(COUNT, where=where))


@MANY
@given(
    zone=ZONES,
    unit=st.sampled_from(["MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "EON"]),
    every=st.integers(),
    start=INSTANTS,
    end=INSTANTS,
)
def test_zones(target: Target, zone: str, unit: str, every: int, start: str, end: str) -> None:
    where = {"occurredAt": {"since": start, "until": end}}
    target.ask(
        content=body(STATS, bucket={"unit": unit, "every": every, "zone": zone}, where=where)
    )


def body(query: str, **variables: Any) -> bytes:
    """A request; lone surrogates travel as escapes."""
    return json.dumps({"query": query, "variables": variables}).encode()
