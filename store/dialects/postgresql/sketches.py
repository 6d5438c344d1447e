"""Quantiles and histograms of PostgreSQL."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Double,
    cast,
    func,
    literal,
    type_coerce,
)

from models.types import SketchBins
from store.dialects.sketches import Sketches
from store.histograms import MIN_VALUE


class PostgresqlSketches(Sketches):
    def quantile(
        self, value: ColumnElement[Any], q: float, quantiles: tuple[float, ...]
    ) -> ColumnElement[float]:
        del quantiles  # it finds out by itself that they need one order only
        percentile = func.percentile_cont(literal(q, Double())).within_group(value)
        return type_coerce(percentile, Double())

    def add_histograms(self, histogram: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.sum(histogram)

    def bin_indexes_of(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        number: ColumnElement[float] = cast(value, Double())
        lane = func.trackstore_lane(number)
        return func.array_agg(lane, type_=SketchBins).filter(number >= MIN_VALUE)

    def has_few_bins(self, lanes: ColumnElement[Any], most: int) -> ColumnElement[bool]:
        return func.cardinality(lanes) <= most
