"""Histograms: within the stated error, mergeable, and the same in SQL as in Python."""

import math
from array import array
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import given as given_by
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Double, Select, literal, select, union_all

import migrations.versions
from store import histograms
from store.database import Database
from store.histograms import (
    UnionSketches,
    bin_index,
    counts,
    pack,
    quantile,
    single_value_sketch,
    unpack,
)

NUMBERS = st.lists(
    st.floats(0.001, 1e15) | st.sampled_from([0.0, 0.0005, 0.001, 1.0, 1e15]),
    min_size=1,
    max_size=40,
)
QS = st.sampled_from([0.0, 0.25, 0.5, 0.95, 0.99, 1.0]) | st.floats(0, 1, allow_subnormal=False)


def exact(numbers: list[float], q: float) -> float:
    """The quantile by linear interpolation."""
    ranked = sorted(numbers)
    place = q * (len(ranked) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ranked) - 1)
    return ranked[below] + (ranked[above] - ranked[below]) * (place - below)


def merged(numbers: list[float]) -> bytes | None:
    union = UnionSketches()
    for one in numbers:
        union.step(single_value_sketch(one))
    return union.finalize()


@given_by(NUMBERS, QS)
def test_a_quantile_is_within_the_stated_error(numbers: list[float], q: float) -> None:
    counted = [0.0 if one < histograms.MIN_VALUE else one for one in numbers]
    found = quantile(merged(numbers), len(numbers), q)
    assert found is not None
    assert math.isclose(found, exact(counted, q), rel_tol=histograms.RELATIVE_ERROR * (1 + 1e-9))


@given_by(st.lists(st.integers(0, 2_100)), st.sampled_from([1, 2**15, 2**31, 2**40 + 3]))
def test_packing_keeps_every_count(lanes: list[int], times: int) -> None:
    packed = pack(histograms.count_bins(lanes) * times)
    first, found = counts(packed) if packed else (0, [])
    told = {first + i: count for i, count in enumerate(found) if count}
    assert told == {lane: lanes.count(lane) * times for lane in lanes}
    assert packed is None or pack(unpack(packed)) == packed


@given_by(st.lists(st.lists(st.integers(0, 2_100)), max_size=6), st.lists(st.integers(0, 2_100)))
def test_rows_of_either_form_add_up(singly: list[list[int]], merged_before: list[int]) -> None:
    packed = pack(histograms.count_bins(merged_before))
    union = UnionSketches()
    for i, lanes in enumerate(singly):
        single = array("H", lanes).tobytes() if lanes else None
        union.step(histograms.sketch_of_row(packed if i == 0 else None, single))
    if not singly:
        union.step(histograms.sketch_of_row(packed, None))
    every = [*merged_before, *(lane for lanes in singly for lane in lanes)]
    assert union.finalize() == pack(histograms.count_bins(every))


def test_the_largest_values_have_lanes() -> None:
    assert bin_index(histograms.MIN_VALUE) == 0
    assert 0 < bin_index(1e15) < 2**15


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given_by(NUMBERS, QS)
async def test_the_database_says_the_same(
    database: Database, numbers: list[float], q: float
) -> None:
    dialect = database.dialect
    given: list[Select[Any]] = [select(literal(n, Double()).label("value")) for n in numbers]
    value = union_all(*given).subquery().c.value
    sums = select(
        dialect.sketches.add_histograms(dialect.sketches.histogram_of(value)).label("histogram")
    ).subquery()
    present = literal(len(numbers), BigInteger())
    statement: Select[Any] = select(
        dialect.sketches.histogram_quantile(sums.c.histogram, present, q)
    )
    async with database.read() as connection:
        found = await connection.scalar(statement)
    told = quantile(merged(numbers), len(numbers), q)
    assert told is not None
    assert found is not None
    # A value on the bound of two lanes may be in either.
    assert math.isclose(found, told, rel_tol=2.1 * histograms.RELATIVE_ERROR)
    counted = [0.0 if one < histograms.MIN_VALUE else one for one in numbers]
    assert math.isclose(found, exact(counted, q), rel_tol=histograms.RELATIVE_ERROR * (1 + 1e-9))


def test_the_functions_of_the_database_have_the_same_lanes() -> None:
    folder = Path(migrations.versions.__file__).parent
    counting = (folder / "0002_rollups.py").read_text()
    asking = (folder / "0006_quantiles.py").read_text()
    assert f">= {histograms.MIN_VALUE}" in counting
    assert counting.count(f"+ {-histograms.FIRST_BIN_EXPONENT}") == 1
    assert asking.count(f"- {-histograms.FIRST_BIN_EXPONENT}") == 2
    factor = f"{1 + histograms.RELATIVE_ERROR}::float8 / {1 - histograms.RELATIVE_ERROR}::float8"
    for source in (counting, asking):
        assert f"'1e' || {histograms.BIN_COUNT_DIGITS} *" in source
        assert factor in source
    assert asking.count("9" * histograms.BIN_COUNT_DIGITS) == 2
