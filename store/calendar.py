"""Calendar years and months of a column of dates, as conditions."""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from sqlalchemy import Column, ColumnElement, Integer, cast, extract

from store.query.filters import AllOf, AnyOf, Compare, ComparisonOperator, Condition, Not

MONTHS = 12
CALENDAR_YEAR, CALENDAR_MONTH = "calendar_year", "calendar_month"
"""The fields of a source that hold the parts of its month."""


def calendar_fields(column: Column[date]) -> dict[str, ColumnElement[int]]:
    """Return the year and the month of a column of dates, by the names of their fields."""
    return {
        CALENDAR_YEAR: cast(extract("year", column), Integer()),
        CALENDAR_MONTH: cast(extract("month", column), Integer()),
    }


def calendar_conditions(
    column: str, years: Iterable[Compare], months: Iterable[Compare]
) -> list[Condition]:
    """Return conditions on a column that holds the first day of each month.

    ``years`` and ``months`` compare numbers; those of a filter that names one year become ranges of
    dates, which an index finds.
    """
    years, numbers = list(years), matching_months(months)
    single = next((year.value for year in years if year.op is ComparisonOperator.EQ), None)
    conditions: list[Condition] = []
    for comparison in years:
        if comparison.op is not ComparisonOperator.EQ or comparison.value != single:
            conditions += _year(column, comparison)
    if single is not None:
        runs = [_range(column, single, first, last) for first, last in runs_of(numbers)]
        conditions += runs[0].parts if len(runs) == 1 else [AnyOf(tuple(runs))]
    elif len(numbers) < MONTHS:
        conditions.append(Compare(CALENDAR_MONTH, ComparisonOperator.IN, numbers))
    return conditions


def matching_months(comparisons: Iterable[Compare]) -> list[int]:
    """Return the months, 1 to 12, that satisfy all of the comparisons."""
    comparisons = list(comparisons)
    return [
        m for m in range(1, MONTHS + 1) if all(matches(m, comparison) for comparison in comparisons)
    ]


def matches(number: int, comparison: Compare) -> bool:
    value: Any = comparison.value
    match comparison.op:
        case ComparisonOperator.EQ:
            return bool(number == value)
        case ComparisonOperator.NE:
            return bool(number != value)
        case ComparisonOperator.IN:
            return number in value
        case ComparisonOperator.NOT_IN:
            return number not in value
        case ComparisonOperator.GT:
            return bool(number > value)
        case ComparisonOperator.GTE:
            return bool(number >= value)
        case ComparisonOperator.LT:
            return bool(number < value)
        case ComparisonOperator.LTE:
            return bool(number <= value)
        case _:
            return not value  # a month is never null


def runs_of(numbers: list[int]) -> Iterator[tuple[int, int]]:
    for number in numbers:
        if number - 1 not in numbers:
            last = number
            while last + 1 in numbers:
                last += 1
            yield number, last


def _year(column: str, comparison: Compare) -> list[Condition]:
    value = comparison.value
    match comparison.op:
        case ComparisonOperator.EQ:
            return list(_range(column, value, 1, MONTHS).parts)
        case ComparisonOperator.NE:
            return [Not(_range(column, value, 1, MONTHS))]
        case ComparisonOperator.IN if value:
            within = (*_since(column, min(value)), *_until(column, max(value), MONTHS))
            return [*within, Compare(CALENDAR_YEAR, comparison.op, value)]
        case ComparisonOperator.IN | ComparisonOperator.NOT_IN:
            return [Compare(CALENDAR_YEAR, comparison.op, value)]
        case ComparisonOperator.GT:
            return _since(column, value + 1) if value < date.max.year else [AnyOf(())]
        case ComparisonOperator.GTE:
            return _since(column, value)
        case ComparisonOperator.LT:
            return [Compare(column, ComparisonOperator.LT, date(value, 1, 1))]
        case ComparisonOperator.LTE:
            return _until(column, value, MONTHS)
        case _:
            return [Compare(column, comparison.op, value)]


def _range(column: str, year: int, first: int, last: int) -> AllOf:
    return AllOf((*_since(column, year, first), *_until(column, year, last)))


def _since(column: str, year: int, month: int = 1) -> list[Condition]:
    return [Compare(column, ComparisonOperator.GTE, date(year, month, 1))]


def _until(column: str, year: int, last: int) -> list[Condition]:
    """Return the condition that a date lies before the end of a month; none after the last of all."""
    year, month = divmod(year * MONTHS + last, MONTHS)
    if year > date.max.year:
        return []
    return [Compare(column, ComparisonOperator.LT, date(year, month + 1, 1))]
