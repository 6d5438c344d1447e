"""What a filter input says, as a condition of the store."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from schema.enums import LimitPeriod, OperationKind
from schema.filter_operators import (
    AttributeFilter,
    BooleanFilter,
    DateTimeFilter,
    FloatFilter,
    IntFilter,
    LongFilter,
    StringFilter,
    UUIDFilter,
    ValueFilter,
)
from schema.filters import MAX_DEPTH, condition_of
from schema.interactions import InteractionFilter
from schema.limits import LimitFilter
from schema.operation_filters import OperationFilter
from store.errors import InvalidInputError
from store.query.filters import (
    AllOf,
    AnyOf,
    Compare,
    CompareAttribute,
    ComparisonOperator,
    Condition,
    Not,
)
from store.time_ranges import parse_time_range

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAME = OperationFilter(name=StringFilter(eq="a"))
SAYS_NAME = AllOf((Compare("name", ComparisonOperator.EQ, "a"),))


def said(where: Any) -> Condition | None:
    """The condition, without the brackets around it."""
    found = condition_of(where, NOW)
    return found.parts[0] if isinstance(found, AllOf) and len(found.parts) == 1 else found


def test_nothing_is_asked() -> None:
    assert condition_of(None, NOW) is None
    assert condition_of(OperationFilter(), NOW) == AllOf(())
    assert condition_of(OperationFilter(and_=[], attributes=[]), NOW) == AllOf(())


NO_OPERATOR = (
    "no operator was given. Use eq, ne, in, notIn, isNull, gt, gte, lt, lte, startsWith, endsWith, "
    "contains, eqIgnoreCase, startsWithIgnoreCase, endsWithIgnoreCase or containsIgnoreCase, or leave "
    "name out."
)


@pytest.mark.parametrize(
    ("where", "path", "message"),
    [
        (OperationFilter(name=None), "where.name", "null is not a condition"),
        (OperationFilter(kind=None), "where.kind", "null is not a condition"),
        (OperationFilter(cache_hit=None), "where.cacheHit", "null is not a condition"),
        (OperationFilter(attributes=None), "where.attributes", "null is not a condition"),
        (OperationFilter(and_=None), "where.and", "null is not a condition"),
        (OperationFilter(or_=None), "where.or", "null is not a condition"),
        (OperationFilter(not_=None), "where.not", "null is not a condition"),
        (OperationFilter(name=StringFilter()), "where.name", NO_OPERATOR),
        (OperationFilter(name=StringFilter(eq=None)), "where.name.eq", "{isNull: true}"),
        (OperationFilter(name=StringFilter(in_=None)), "where.name.in", "null is not a condition"),
        (OperationFilter(name=StringFilter(is_null=None)), "where.name.isNull", "null is not"),
        (
            OperationFilter(units=LongFilter()),
            "where.units",
            "Use eq, ne, in, notIn, isNull, gt, gte, lt or lte, or leave units out.",
        ),
        (OperationFilter(units=LongFilter(gt=1, lt=None)), "where.units.lt", "null is not"),
        (OperationFilter(occurred_at=DateTimeFilter()), "where.occurredAt", "since, until or last"),
        (
            OperationFilter(occurred_at=DateTimeFilter(since=NOW, until=None)),
            "where.occurredAt.until",
            "null is not a condition. Send a value, or leave it out.",
        ),
        (
            OperationFilter(attributes=[AttributeFilter(path="a")]),
            "where.attributes.0",
            "Use eq, ne, in, notIn, isNull, gt, gte, lt, lte, startsWith,",
        ),
        (
            OperationFilter(attributes=[AttributeFilter(path="a", gt=None)]),
            "where.attributes.0.gt",
            "null is not a condition",
        ),
        (
            OperationFilter(attributes=[AttributeFilter(path="a", ne=None)]),
            "where.attributes.0.ne",
            "null is not a condition",
        ),
        (OperationFilter(not_=OperationFilter()), "where.not", "would match everything"),
        (OperationFilter(and_=[NAME, OperationFilter()]), "where.and.1", "would match everything"),
        (
            OperationFilter(or_=[OperationFilter(and_=[OperationFilter(name=StringFilter())])]),
            "where.or.0.and.0.name",
            NO_OPERATOR,
        ),
        (OperationFilter(kind=ValueFilter()), "where.kind", "Use eq, ne, in, notIn or isNull,"),
        (OperationFilter(kind=ValueFilter(eq=None)), "where.kind.eq", "{isNull: true}"),
        (OperationFilter(id=UUIDFilter(in_=None)), "where.id.in", "null is not a condition"),
        (OperationFilter(cache_hit=BooleanFilter()), "where.cacheHit", "or leave cacheHit out."),
        (
            InteractionFilter(year=IntFilter(eq=2026), month=None),
            "where.month",
            "null is not a condition",
        ),
        (InteractionFilter(year=IntFilter(eq=None)), "where.year.eq", "null is not a condition"),
        (InteractionFilter(month=IntFilter()), "where.month", "or leave month out."),
        (InteractionFilter(year=None), "where.year", "null is not a condition"),
    ],
)
def test_a_condition_without_a_value_is_refused(where: Any, path: str, message: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        condition_of(where, NOW)
    (problem,) = refused.value.problems
    assert ".".join(map(str, problem.path)) == path
    assert message in problem.message


@pytest.mark.parametrize(
    ("given", "op", "value"),
    [
        ({"eq": "a"}, ComparisonOperator.EQ, "a"),
        ({"eq": ""}, ComparisonOperator.EQ, ""),
        ({"ne": "a"}, ComparisonOperator.NE, "a"),
        ({"in_": ["a"]}, ComparisonOperator.IN, ["a"]),
        ({"in_": []}, ComparisonOperator.IN, []),
        ({"not_in": ["a"]}, ComparisonOperator.NOT_IN, ["a"]),
        ({"starts_with": "a"}, ComparisonOperator.STARTS_WITH, "a"),
        ({"contains": "a"}, ComparisonOperator.CONTAINS, "a"),
        ({"is_null": True}, ComparisonOperator.IS_NULL, True),
        ({"is_null": False}, ComparisonOperator.IS_NULL, False),
    ],
)
def test_texts(given: dict[str, Any], op: ComparisonOperator, value: Any) -> None:
    assert said(OperationFilter(name=StringFilter(**given))) == Compare("name", op, value)


@pytest.mark.parametrize(
    "op",
    [
        ComparisonOperator.EQ,
        ComparisonOperator.GT,
        ComparisonOperator.GTE,
        ComparisonOperator.LT,
        ComparisonOperator.LTE,
    ],
)
def test_numbers(op: ComparisonOperator) -> None:
    given: dict[str, Any] = {op.value: 1}
    assert said(OperationFilter(units=LongFilter(**given))) == Compare("units", op, 1)
    assert said(OperationFilter(duration_ms=FloatFilter(**given))) == Compare("duration_ms", op, 1)


def test_enums_flags_and_ids() -> None:
    kinds = [OperationKind.API, OperationKind.LLM]
    assert said(OperationFilter(kind=ValueFilter(in_=kinds))) == Compare(
        "kind", ComparisonOperator.IN, ["API", "LLM"]
    )
    assert said(OperationFilter(kind=ValueFilter(in_=[]))) == Compare(
        "kind", ComparisonOperator.IN, []
    )
    assert said(OperationFilter(kind=ValueFilter(ne=OperationKind.TOOL))) == Compare(
        "kind", ComparisonOperator.NE, "TOOL"
    )
    assert said(OperationFilter(cache_hit=BooleanFilter(eq=False))) == Compare(
        "cache_hit", ComparisonOperator.EQ, False
    )
    assert said(OperationFilter(cache_hit=BooleanFilter(is_null=True))) == Compare(
        "cache_hit", ComparisonOperator.IS_NULL, True
    )
    id = UUID(int=1)
    assert said(OperationFilter(id=UUIDFilter(not_in=[id]))) == Compare(
        "id", ComparisonOperator.NOT_IN, [id]
    )
    assert said(LimitFilter(period=ValueFilter(not_in=[LimitPeriod.DAY]))) == Compare(
        "period", ComparisonOperator.NOT_IN, ["DAY"]
    )


def test_all_that_is_given_must_hold() -> None:
    where = OperationFilter(
        name=StringFilter(starts_with="a", contains="b"), units=LongFilter(gt=0, lt=9)
    )
    assert condition_of(where, NOW) == AllOf(
        (
            Compare("name", ComparisonOperator.STARTS_WITH, "a"),
            Compare("name", ComparisonOperator.CONTAINS, "b"),
            Compare("units", ComparisonOperator.GT, 0),
            Compare("units", ComparisonOperator.LT, 9),
        )
    )


def test_and_or_not() -> None:
    where = OperationFilter(and_=[NAME, NAME], or_=[NAME], not_=NAME)
    assert condition_of(where, NOW) == AllOf(
        (SAYS_NAME, SAYS_NAME, AnyOf((SAYS_NAME,)), Not(SAYS_NAME))
    )
    assert said(OperationFilter(or_=[])) == AnyOf(())
    assert condition_of(OperationFilter(and_=[]), NOW) == AllOf(())


def test_depth_is_bounded() -> None:
    where = NAME
    for _ in range(MAX_DEPTH - 1):
        where = OperationFilter(not_=where)
    condition_of(where, NOW)
    with pytest.raises(InvalidInputError, match="nested deeper than 10 levels"):
        condition_of(OperationFilter(not_=where), NOW)


def test_spans_of_time_are_half_open() -> None:
    early, late = NOW - timedelta(days=1), NOW
    where = OperationFilter(occurred_at=DateTimeFilter(since=early, until=late))
    assert condition_of(where, NOW) == AllOf(
        (
            Compare("occurred_at", ComparisonOperator.GTE, early),
            Compare("occurred_at", ComparisonOperator.LT, late),
        )
    )


def test_the_last_hour_ends_now() -> None:
    where = OperationFilter(occurred_at=DateTimeFilter(last=parse_time_range("1h")))
    assert said(where) == Compare("occurred_at", ComparisonOperator.GTE, NOW - timedelta(hours=1))
    whole = said(OperationFilter(occurred_at=DateTimeFilter(last=parse_time_range("P999999D"))))
    assert whole == Compare("occurred_at", ComparisonOperator.GTE, datetime.min.replace(tzinfo=UTC))


def test_times_compare_like_numbers() -> None:
    where = OperationFilter(recorded_at=DateTimeFilter(gt=NOW, lte=NOW, is_null=False))
    assert condition_of(where, NOW) == AllOf(
        (
            Compare("recorded_at", ComparisonOperator.IS_NULL, False),
            Compare("recorded_at", ComparisonOperator.GT, NOW),
            Compare("recorded_at", ComparisonOperator.LTE, NOW),
        )
    )
    assert said(OperationFilter(occurred_at=DateTimeFilter(gte=NOW))) == said(
        OperationFilter(occurred_at=DateTimeFilter(since=NOW))
    )


@pytest.mark.parametrize("other", ["since", "until", "gt", "gte", "lt", "lte"])
def test_last_excludes_other_ranges(other: str) -> None:
    options: dict[str, Any] = {other: NOW}
    both = DateTimeFilter(last=parse_time_range("1h"), **options)
    with pytest.raises(InvalidInputError, match="last cannot be combined with since, until, gt"):
        condition_of(OperationFilter(occurred_at=both), NOW)


@pytest.mark.parametrize(
    ("given", "op", "value"),
    [
        ({"eq": None}, ComparisonOperator.EQ, None),
        ({"eq": False}, ComparisonOperator.EQ, False),
        ({"eq": "x"}, ComparisonOperator.EQ, "x"),
        ({"in_": [1, "x"]}, ComparisonOperator.IN, [1, "x"]),
        ({"gt": 0.0}, ComparisonOperator.GT, 0.0),
        ({"gte": 1.0}, ComparisonOperator.GTE, 1.0),
        ({"lt": 1.0}, ComparisonOperator.LT, 1.0),
        ({"lte": 1.0}, ComparisonOperator.LTE, 1.0),
        ({"ne": 5}, ComparisonOperator.NE, 5),
        ({"not_in": [1, "x"]}, ComparisonOperator.NOT_IN, [1, "x"]),
        ({"ends_with": "x"}, ComparisonOperator.ENDS_WITH, "x"),
        ({"is_null": True}, ComparisonOperator.IS_NULL, True),
        ({"exists": True}, ComparisonOperator.EXISTS, True),
        ({"exists": False}, ComparisonOperator.EXISTS, False),
    ],
)
def test_attributes(given: dict[str, Any], op: ComparisonOperator, value: Any) -> None:
    where = OperationFilter(attributes=[AttributeFilter(path=r"plan.v1\.0", **given)])
    assert said(where) == CompareAttribute("attributes", ("plan", "v1.0"), op, value)


def test_every_attribute_must_fit() -> None:
    where = OperationFilter(
        attributes=[AttributeFilter(path="a", eq=1), AttributeFilter(path="b", gt=1.0, lt=2.0)]
    )
    found = condition_of(where, NOW)
    assert isinstance(found, AllOf)
    assert len(found.parts) == 3


MONTH = "month"


def is_(number: int) -> IntFilter:
    return IntFilter(eq=number)


def within(since: date, until: date) -> tuple[Condition, ...]:
    return (
        Compare(MONTH, ComparisonOperator.GTE, since),
        Compare(MONTH, ComparisonOperator.LT, until),
    )


def test_a_month_and_a_year_are_a_range() -> None:
    """Ranges are what an index finds, and what aggregations slice and compare."""
    for where, since, until in (
        (InteractionFilter(year=is_(2026), month=is_(2)), date(2026, 2, 1), date(2026, 3, 1)),
        (InteractionFilter(year=is_(2026), month=is_(12)), date(2026, 12, 1), date(2027, 1, 1)),
        (InteractionFilter(year=is_(2026)), date(2026, 1, 1), date(2027, 1, 1)),
        (
            InteractionFilter(year=is_(2026), month=IntFilter(gte=4, lt=7)),
            date(2026, 4, 1),
            date(2026, 7, 1),
        ),
        (InteractionFilter(year=IntFilter(gte=2025, lt=2027)), date(2025, 1, 1), date(2027, 1, 1)),
    ):
        assert condition_of(where, NOW) == AllOf(within(since, until))
    last = InteractionFilter(year=is_(9999), month=is_(12))
    assert said(last) == Compare(MONTH, ComparisonOperator.GTE, date(9999, 12, 1))


def test_months_apart_and_months_of_any_year() -> None:
    apart = InteractionFilter(year=is_(2026), month=IntFilter(in_=[1, 6, 7]))
    assert said(apart) == AnyOf(
        (
            AllOf(within(date(2026, 1, 1), date(2026, 2, 1))),
            AllOf(within(date(2026, 6, 1), date(2026, 8, 1))),
        )
    )
    july = Compare("calendar_month", ComparisonOperator.IN, [7])
    assert said(InteractionFilter(month=is_(7))) == july
    several = InteractionFilter(year=IntFilter(in_=[2024, 2026]), month=is_(7))
    years = Compare("calendar_year", ComparisonOperator.IN, [2024, 2026])
    assert condition_of(several, NOW) == AllOf(
        (*within(date(2024, 1, 1), date(2027, 1, 1)), years, july)
    )
    assert said(InteractionFilter(month=IntFilter(in_=[]))) == Compare(
        "calendar_month", ComparisonOperator.IN, []
    )
    assert said(InteractionFilter(year=is_(2026), month=IntFilter(in_=[]))) == AnyOf(())


@pytest.mark.parametrize(
    ("where", "path", "message"),
    [
        (InteractionFilter(month=is_(13)), "where.month.eq", "Invalid month 13. Use 1 to 12."),
        (InteractionFilter(month=IntFilter(gte=0)), "where.month.gte", "Invalid month 0."),
        (InteractionFilter(month=IntFilter(in_=[1, 13])), "where.month.in.1", "Invalid month 13."),
        (InteractionFilter(year=is_(0)), "where.year.eq", "Invalid year 0. Use 1 to 9999."),
        (InteractionFilter(year=IntFilter(lt=10_000)), "where.year.lt", "Invalid year 10000."),
        (InteractionFilter(year=is_(-1), month=is_(1)), "where.year.eq", "Invalid year -1."),
    ],
)
def test_invalid_months(where: InteractionFilter, path: str, message: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        condition_of(where, NOW)
    (problem,) = refused.value.problems
    assert ".".join(map(str, problem.path)) == path
    assert message in problem.message
