"""Quantiles and histograms of SQLite, by functions of this process."""

from typing import Any

from sqlalchemy import ColumnElement, Double, func, literal_column

from models.types import SketchBins
from store.dialects.sketches import Sketches


class SqliteSketches(Sketches):
    def quantile(
        self, value: ColumnElement[Any], q: float, quantiles: tuple[float, ...]
    ) -> ColumnElement[float]:
        # Written out: calls of the same text are made once, and what is bound is never the same.
        every: ColumnElement[str] = literal_column(f"'{' '.join(map(repr, quantiles))}'")
        exact_quantile = func.trackstore_exact(value, every)
        return func.trackstore_nth(exact_quantile, quantiles.index(q), type_=Double())

    def add_histograms(self, histogram: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.trackstore_union(histogram, type_=histogram.type)

    def bin_indexes_of(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.trackstore_lanes(value, type_=SketchBins)

    def has_few_bins(self, lanes: ColumnElement[Any], most: int) -> ColumnElement[bool]:
        return func.length(lanes) <= 2 * most
