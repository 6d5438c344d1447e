"""Defines quantiles and histograms inside of statements."""

from abc import ABC, abstractmethod
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Double,
    case,
    cast,
    func,
    literal,
)

from models.types import PackedSketch, SketchBins


class Sketches(ABC):
    @abstractmethod
    def quantile(
        self, value: ColumnElement[Any], q: float, quantiles: tuple[float, ...]
    ) -> ColumnElement[float]:
        """Return the quantile of a group, linear between neighbours; one of those ``asked`` of the value."""

    def histogram_of(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.trackstore_single(cast(value, Double()), type_=PackedSketch)

    @abstractmethod
    def add_histograms(self, histogram: ColumnElement[Any]) -> ColumnElement[Any]: ...

    @abstractmethod
    def bin_indexes_of(self, value: ColumnElement[Any]) -> ColumnElement[Any]: ...

    @abstractmethod
    def has_few_bins(self, lanes: ColumnElement[Any], most: int) -> ColumnElement[bool]: ...

    def join_bins(
        self, lanes: ColumnElement[Any], which: ColumnElement[bool]
    ) -> ColumnElement[Any]:
        return func.trackstore_join(lanes, type_=SketchBins).filter(which)

    def stored_histogram(
        self, packed: ColumnElement[Any], lanes: ColumnElement[Any]
    ) -> ColumnElement[Any]:
        # Most rows that are read were merged: nothing need be called for them.
        counted = func.trackstore_histogram(packed, lanes, type_=PackedSketch)
        return case((lanes.is_(None), packed), else_=counted)

    def histogram_quantile(
        self, histogram: ColumnElement[Any], present: ColumnElement[Any], q: float
    ) -> ColumnElement[float]:
        number = cast(present, BigInteger())
        return func.trackstore_quantile(histogram, number, literal(q, Double()), type_=Double())
