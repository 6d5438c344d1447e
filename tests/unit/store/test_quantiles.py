"""Quantiles of single values, as SQLite calls them, against sorting all of them."""

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store import exact_quantiles
from store.exact_quantiles import ExactQuantile, nth, value_at

VALUES = st.lists(st.floats(-1e9, 1e9) | st.integers(-5, 5), min_size=1, max_size=80)


def plain(values: list[float], q: float) -> float:
    """The quantile by its definition."""
    place = q * (len(values) - 1)
    low, high = (sorted(map(float, values))[at] for at in (math.floor(place), math.ceil(place)))
    return low + (high - low) * (place - math.floor(place))


@given(VALUES, st.lists(st.floats(0, 1), min_size=1, max_size=4), st.integers(1, 20))
def test_any_number_of_runs_gives_what_sorting_gives(
    values: list[float], asked: list[float], run: int
) -> None:
    text = " ".join(map(repr, asked))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact_quantiles, "RUN_VALUES", run)
        exact = ExactQuantile()
        for value in [None, *values, None]:
            exact.step(value, text)
        found = exact.finalize()
    for place, q in enumerate(asked):
        assert nth(found, place) == pytest.approx(plain(values, q), rel=1e-12, abs=1e-6)


def test_no_values_have_no_quantile() -> None:
    exact = ExactQuantile()
    exact.step(None, "0.5")
    assert exact.finalize() is None
    assert nth(None, 0) is None


def test_equal_values_in_many_runs() -> None:
    runs = [array("d", [7.0] * 5) for _ in range(4)]
    assert [value_at(runs, rank) for rank in range(20)] == [7.0] * 20
