"""Operations and questions about them as hypothesis makes them: few values, so that they meet."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from models import Operation, table_of
from store.aggregation.buckets import Bucket
from store.aggregation.catalog import BucketUnit, Stat
from store.aggregation.measures import (
    CACHE_HIT_RATE,
    COUNT,
    ERROR_COUNT,
    ERROR_RATE,
    PER_SECOND,
    SAVINGS_RATE,
    UNPRICED_COUNT,
    Attribute,
    CostPart,
    Distinct,
    Measure,
    PerSecond,
    Quantile,
    Statistic,
    cost_at,
)
from store.aggregation.periods import split
from store.aggregation.queries import (
    AggregationQuery,
    ByBucket,
    ByGroup,
    ComparisonPeriod,
    Group,
    Having,
    OrderBy,
    Span,
    Top,
)
from store.aggregation.sources import OPERATIONS
from store.pricing.prices import RATES
from store.query.filters import (
    AllOf,
    AnyOf,
    Compare,
    CompareAttribute,
    ComparisonOperator,
    Condition,
    Not,
)
from tests.unit.store.rows import Row, v7_at

TABLE = table_of(Operation)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
)
# Moments at which a clock of these zones was moved; the days around them hold all rows.
MOVES = {
    "UTC": datetime(2026, 2, 28, 12, tzinfo=UTC),
    "Europe/Berlin": datetime(2026, 10, 25, 1, tzinfo=UTC),
    "America/New_York": datetime(2026, 3, 8, 7, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2026, 4, 4, 15, tzinfo=UTC),
    "Asia/Kathmandu": datetime(2026, 1, 1, tzinfo=UTC),
    "Pacific/Apia": datetime(2011, 12, 30, 10, tzinfo=UTC),
}
MODELS = ("gpt", "claude")
LONGS = st.none() | st.sampled_from([0, 1, 2, 3, 100, 2**40 + 1])
NULLABLE = ("a", "b", "é", "Z", "ab", None)
LEAVES = st.sampled_from(["x", "y", "1", 1, 1.0, 2.5, True, False, None, [1], {"deep": 1}])
GROUPS: st.SearchStrategy[Any] = st.sampled_from(
    ["name", "tool_name", "outcome", "status_code", "cache_hit", "session_id"]
) | st.sampled_from([Attribute(("plan",)), Attribute(("deep", "er"))])  # fmt: skip
EXACT: tuple[Measure, ...] = (
    COUNT,
    ERROR_COUNT,
    ERROR_RATE,
    CACHE_HIT_RATE,
    UNPRICED_COUNT,
    SAVINGS_RATE,
    Statistic("tokens_original", Stat.SUM),
    Statistic("tokens_original", Stat.AVG),
    Statistic("duration_ms", Stat.MIN),
    Statistic("duration_ms", Stat.MAX),
    Statistic("cost_saved", Stat.SUM),
    Statistic(Attribute(("plan",)), Stat.SUM),
    Quantile("duration_ms", 0.5),
    Quantile("tokens_original", 0),
    Distinct("tool_name"),
    Distinct("session_id"),
    *(cost_at(model, part) for model in MODELS for part in CostPart),
)
MEASURES = st.sampled_from(
    [
        *EXACT,
        PER_SECOND,
        Quantile("duration_ms", 0.95),
        Quantile("tokens_original", 0.99),
        Quantile("duration_ms", 1),
        Quantile(Attribute(("plan",)), 0.25),
        Statistic(Attribute(("deep", "er")), Stat.AVG),
    ]
)


NUMBER_OPERATORS = (
    ComparisonOperator.EQ,
    ComparisonOperator.NE,
    ComparisonOperator.GT,
    ComparisonOperator.GTE,
    ComparisonOperator.LT,
    ComparisonOperator.LTE,
)


def conditions_on(
    measures: st.SearchStrategy[Any], numbers: tuple[Any, ...] = (0, 1, 2, 0.5, 100)
) -> st.SearchStrategy[Having]:
    """Conditions of having: a number, a list of numbers, or whether there is one."""
    number = st.sampled_from(numbers)
    lists = st.sampled_from([ComparisonOperator.IN, ComparisonOperator.NOT_IN])
    return st.one_of(
        st.builds(Having, measures, st.sampled_from(NUMBER_OPERATORS), number),
        st.builds(Having, measures, lists, st.lists(number, max_size=3)),
        st.builds(Having, measures, st.just(ComparisonOperator.IS_NULL), st.booleans()),
    )


@st.composite
def operations(draw: st.DrawFn, move: datetime) -> Row:
    """An operation within some days of a moment."""
    row: Row = dict.fromkeys(column.name for column in TABLE.columns)
    near = st.timedeltas(timedelta(hours=-3), timedelta(hours=3))
    far = st.timedeltas(timedelta(days=-4), timedelta(days=4))
    at = move + draw(near | far | st.sampled_from([timedelta(), timedelta(microseconds=-1)]))
    row |= {
        "id": v7_at(at, draw(st.integers(0, 2**62 - 1))),
        "occurred_at": at,
        "recorded_at": at,
        "kind": draw(st.sampled_from(["TOOL", "LLM", "LLM", "API"])),
        "name": draw(st.sampled_from("ab")),
        "outcome": draw(st.sampled_from(["OK", "OK", "ERROR"])),
        "tool_name": draw(st.sampled_from(NULLABLE)),
        "status_code": draw(st.none() | st.sampled_from([200, 404, 500])),
        "cache_hit": draw(st.none() | st.booleans()),
        "price_status": draw(st.sampled_from([None, "PRICED", "UNPRICED"])),
        "session_id": draw(st.none() | st.sampled_from([str(v7_at(move, n)) for n in range(2)])),
        "duration_ms": draw(st.none() | st.sampled_from([0.0, 0.25, 1.5, 7.0, 1024.75])),
        "tokens_original": draw(LONGS),
        "tokens_actual": draw(LONGS),
        "input_tokens": draw(LONGS),
        "output_tokens": draw(LONGS),
        "cost_saved": draw(LONGS),
        "cost_baseline": draw(LONGS),
        "attributes": draw(
            st.none()
            | st.fixed_dictionaries({}, optional={"plan": LEAVES, "deep": st.just({"er": 0.5})})
        ),
    }
    if row["input_tokens"]:
        total = row["input_tokens"]
        row["cached_input_tokens"] = draw(st.none() | st.integers(0, total))
        left = total - (row["cached_input_tokens"] or 0)
        row["cache_write_input_tokens"] = draw(st.none() | st.integers(0, left))
        row["audio_input_tokens"] = draw(st.none() | st.integers(0, total))
    if row["output_tokens"]:
        row["reasoning_tokens"] = draw(st.none() | st.integers(0, row["output_tokens"]))
        left = row["output_tokens"] - (row["reasoning_tokens"] or 0)
        row["audio_output_tokens"] = draw(st.none() | st.integers(0, left))
    return row


@st.composite
def prices(draw: st.DrawFn, move: datetime) -> list[Row]:
    """Prices of the models, an organization's own (null) and the installation's (``*``)."""
    near = st.timedeltas(timedelta(days=-4), timedelta(days=4))
    moments = near.map(lambda span: move + span) | st.sampled_from([move, move - timedelta(days=5)])
    key = st.tuples(st.sampled_from([None, "*"]), st.sampled_from(MODELS), moments)
    nanos = st.sampled_from([0, 1, 250, 499, 500, 501, 2_000_001])
    sizes = st.lists(st.sampled_from([1, 2, 3, 100, 1_000]), max_size=2, unique=True)
    return [
        {
            "organization_id": owner,
            "kind": "MODEL",
            "name": name,
            "effective_from": moment,
            "from_input_tokens": size,
            "created_at": move,
        }
        | {f"{part}_nanos": draw(nanos) for part in RATES}
        for owner, name, moment in draw(st.lists(key, max_size=6, unique=True))
        for size in (0, *draw(sizes))
    ]


CONDITIONS: st.SearchStrategy[Condition] = st.sampled_from(
    [
        Compare("name", ComparisonOperator.EQ, "a"),
        Not(Compare("tool_name", ComparisonOperator.IN, ["a", "Z"])),
        AnyOf(
            (
                Compare("status_code", ComparisonOperator.GTE, 404),
                Compare("cache_hit", ComparisonOperator.EQ, True),
            )
        ),
        CompareAttribute("attributes", ("plan",), ComparisonOperator.GT, 0.5),
    ]
)


@st.composite
def wheres(draw: st.DrawFn, move: datetime) -> AllOf:
    """A span around a moment, open or closed, and now and then a condition."""
    parts: list[Condition] = draw(st.lists(CONDITIONS, max_size=1))
    near = st.timedeltas(timedelta(hours=-60), timedelta(hours=60))
    since = move + draw(near | st.sampled_from([timedelta(hours=-36), timedelta(0)]))
    if draw(st.booleans()):
        parts.append(Compare("occurred_at", ComparisonOperator.GTE, since))
        if draw(st.booleans()):
            until = since + draw(st.timedeltas(timedelta(minutes=1), timedelta(days=4)))
            parts.append(AllOf((Compare("occurred_at", ComparisonOperator.LT, until),)))
    return AllOf(tuple(parts))


def buckets(zone: str) -> st.SearchStrategy[Bucket]:
    """Buckets of a zone that some days have not too many of."""
    every = {BucketUnit.MINUTE: [30, 45, 97], BucketUnit.HOUR: [1, 2, 5, 6]}
    return st.sampled_from(list(BucketUnit)).flatmap(
        lambda unit: st.builds(
            Bucket,
            st.just(unit),
            st.sampled_from(every.get(unit, [1, 1, 2, 7])),
            st.just(zone),
            st.booleans(),
        )
    )


@st.composite
def asked(draw: st.DrawFn, zone: str, move: datetime) -> AggregationQuery:
    """Any question that has no problem."""
    groups: tuple[Group, ...] = tuple(draw(st.lists(GROUPS, max_size=2, unique=True)))
    bucket = draw(st.none() | buckets(zone))
    where = draw(wheres(move))
    measures = tuple(draw(st.lists(MEASURES, max_size=3)))
    exact = st.sampled_from(EXACT if bucket is not None else (*EXACT, PER_SECOND))
    by: list[Any] = [ByGroup(group) for group in groups]
    by += [ByBucket()] if bucket is not None else []
    steps = st.builds(OrderBy, exact | st.sampled_from(by or [COUNT]), st.booleans())
    terms = draw(st.lists(steps, max_size=2))
    top = None
    if groups and draw(st.sampled_from([True, False])):
        by_top = draw(exact.filter(lambda measure: not isinstance(measure, PerSecond)))
        top = Top(draw(st.integers(1, 3)), by_top, draw(st.booleans()))
    comparable = exact.filter(lambda measure: not isinstance(measure, PerSecond))
    having = draw(st.lists(conditions_on(comparable), max_size=1))
    begun = split(where, "occurred_at").span.since is not None
    given = st.just(Span(move - timedelta(days=2), move))
    compare = draw(st.none() | st.sampled_from(list(ComparisonPeriod)) | given) if begun else None
    return AggregationQuery(
        OPERATIONS,
        where=where,
        group_by=groups,
        bucket=bucket,
        measures=measures,
        having=tuple(having),
        order_by=tuple(terms),
        top=top,
        compare=compare,
        totals=draw(st.booleans()),
        limit=draw(st.sampled_from([1_000, 1_000, 2])),
    )
