"""Convert a selection to the measures of a query, and its result to what was selected."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schema.hydration import hydrate
from schema.selection import Selection
from schema.stats.fields import FieldProjection, Values
from schema.stats.shapes import Bucket, StatsCoverage, StatsSpan
from schema.stats.types import SourceTypes
from store.aggregation.measures import Attribute, Measure
from store.aggregation.queries import Span
from store.aggregation.results import AggregationResult, Group, Row, change

COMPARISONS = ("previous", "delta", "ratio")


@dataclass(frozen=True, slots=True)
class SelectedMeasures:
    """Hold the selected measures of rows, others or totals, and of what they are compared with."""

    current: tuple[FieldProjection, ...]
    compared: dict[str, tuple[FieldProjection, ...]]

    @classmethod
    def of(cls, types: SourceTypes, below: Selection) -> "SelectedMeasures":
        compared = {n: _project(types, below.below(n)) for n in COMPARISONS if n in below}
        return cls(_project(types, below), compared)

    @property
    def measures(self) -> Iterator[Measure]:
        for projections in (self.current, *self.compared.values()):
            for projection in projections:
                yield from projection.measures

    def show(
        self, types: SourceTypes, measures: tuple[Measure, ...], group: Group
    ) -> dict[str, Any]:
        values = dict(zip(measures, group.values, strict=True))
        field_values = {
            projection.name: projection.show(values, False) for projection in self.current
        }
        if not self.compared:
            return field_values
        field_values |= dict.fromkeys(self.compared)
        if group.previous is None:
            return field_values
        previous_values = dict(zip(measures, group.previous, strict=True))
        changes = {m: change(values[m], previous_values[m]) for m in measures}
        compared_values: dict[str, Values] = {
            "previous": previous_values,
            "delta": {m: value_change.delta for m, value_change in changes.items()},
            "ratio": {m: value_change.ratio for m, value_change in changes.items()},
        }
        for name, projections in self.compared.items():
            kind = types.measures if name == "previous" else types.changes
            parts = {
                projection.name: projection.show(compared_values[name], name == "ratio")
                for projection in projections
            }
            field_values[name] = hydrate(kind, parts)
        return field_values


def _project(types: SourceTypes, below: Selection) -> tuple[FieldProjection, ...]:
    return tuple(projection for field in types.fields for projection in field.project(below))


class StatsSelection:
    """Hold what a caller selected of the answer to an aggregation."""

    def __init__(self, types: SourceTypes, selection: Selection) -> None:
        self._types = types
        self.rows = SelectedMeasures.of(types, selection.below("rows"))
        self.others = SelectedMeasures.of(types, selection.below("others"))
        self.totals = SelectedMeasures.of(types, selection.below("totals"))
        self.has_others = "others" in selection
        self.has_totals = "totals" in selection

    @property
    def measures(self) -> tuple[Measure, ...]:
        parts = (self.rows, self.others, self.totals)
        return tuple(dict.fromkeys(m for part in parts for m in part.measures))

    def show(self, result: AggregationResult) -> Any:
        types, measures = self._types, result.question.measures
        coverage = result.coverage
        return hydrate(
            types.stats,
            {
                "rows": [self._row(result, row) for row in result.rows],
                "others": self._total_row(self.others, measures, result.others),
                "totals": self._total_row(self.totals, measures, result.totals),
                "span": span_of(result.span),
                "compared": span_of(result.compared) if result.compared else None,
                "truncated": result.truncated,
                "coverage": StatsCoverage(
                    source=coverage.source,
                    quantile_error=coverage.quantile_error,
                    as_of=coverage.as_of,
                ),
            },
        )

    def _total_row(
        self, measured: SelectedMeasures, measures: tuple[Measure, ...], group: Group | None
    ) -> Any:
        if group is None:
            return None
        return hydrate(self._types.totals, measured.show(self._types, measures, group))

    def _row(self, result: AggregationResult, row: Row) -> Any:
        row_values = self.rows.show(self._types, result.question.measures, row)
        row_values["key"] = self._key(result, row)
        row_values["bucket"] = (
            Bucket(start=row.bucket.start, end=row.bucket.end) if row.bucket else None
        )
        return hydrate(self._types.row, row_values)

    def _key(self, result: AggregationResult, row: Row) -> Any:
        dimensions: dict[str, Any] = {}
        attributes = {}
        for group, value in zip(result.question.group_by, row.key, strict=True):
            if isinstance(group, Attribute):
                attributes[group.path] = value
            else:
                dimensions[group] = value
        return hydrate(self._types.key, dimensions, attributes=attributes)


def span_of(span: Span) -> StatsSpan:
    return StatsSpan(since=span.since, until=span.until)
