"""From a selection to the measures of a question, and from its answer to what was selected."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from schema.hydration import hydrate
from schema.selection import Selection
from schema.stats.fields import Shown, Values
from schema.stats.shapes import Bucket, StatsCoverage, StatsSpan
from schema.stats.types import SourceTypes
from store.aggregation.measures import Attribute, Measure
from store.aggregation.queries import Span
from store.aggregation.results import AggregationResult, Group, Row, change

MOVED = ("previous", "delta", "ratio")


@dataclass(frozen=True, slots=True)
class Measured:
    """The selected measures of a row, the others or the totals, and of what they are held against."""

    own: tuple[Shown, ...]
    moved: dict[str, tuple[Shown, ...]]

    @classmethod
    def of(cls, types: SourceTypes, below: Selection) -> "Measured":
        """Of what is selected below such a field."""
        moved = {n: _shown(types, below.below(n)) for n in MOVED if n in below}
        return cls(_shown(types, below), moved)

    @property
    def measures(self) -> Iterator[Measure]:
        """What is to be computed."""
        for shown in (self.own, *self.moved.values()):
            for one in shown:
                yield from one.measures

    def show(
        self, types: SourceTypes, measures: tuple[Measure, ...], group: Group
    ) -> dict[str, Any]:
        """The values of the selected fields."""
        values = dict(zip(measures, group.values, strict=True))
        made = {one.name: one.show(values, False) for one in self.own}
        if not self.moved:
            return made
        made |= dict.fromkeys(self.moved)
        if group.previous is None:
            return made
        before = dict(zip(measures, group.previous, strict=True))
        changes = {m: change(values[m], before[m]) for m in measures}
        found: dict[str, Values] = {
            "previous": before,
            "delta": {m: moved.delta for m, moved in changes.items()},
            "ratio": {m: moved.ratio for m, moved in changes.items()},
        }
        for name, shown in self.moved.items():
            kind = types.measures if name == "previous" else types.changes
            parts = {one.name: one.show(found[name], name == "ratio") for one in shown}
            made[name] = hydrate(kind, parts)
        return made


def _shown(types: SourceTypes, below: Selection) -> tuple[Shown, ...]:
    return tuple(one for field in types.fields for one in field.shown(below))


class Wanted:
    """What a caller selected of the answer to a question."""

    def __init__(self, types: SourceTypes, selection: Selection) -> None:
        self._types = types
        self.rows = Measured.of(types, selection.below("rows"))
        self.others = Measured.of(types, selection.below("others"))
        self.totals = Measured.of(types, selection.below("totals"))
        self.has_others = "others" in selection
        self.has_totals = "totals" in selection

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Exactly what is to be computed, each once."""
        parts = (self.rows, self.others, self.totals)
        return tuple(dict.fromkeys(m for part in parts for m in part.measures))

    def show(self, answer: AggregationResult) -> Any:
        """The answer as its GraphQL type has it."""
        types, measures = self._types, answer.question.measures
        coverage = answer.coverage
        return hydrate(
            types.stats,
            {
                "rows": [self._row(answer, row) for row in answer.rows],
                "others": self._whole(self.others, measures, answer.others),
                "totals": self._whole(self.totals, measures, answer.totals),
                "span": span_of(answer.span),
                "compared": span_of(answer.compared) if answer.compared else None,
                "truncated": answer.truncated,
                "coverage": StatsCoverage(
                    source=coverage.source,
                    quantile_error=coverage.quantile_error,
                    as_of=coverage.as_of,
                ),
            },
        )

    def _whole(self, measured: Measured, measures: tuple[Measure, ...], group: Group | None) -> Any:
        if group is None:
            return None
        return hydrate(self._types.totals, measured.show(self._types, measures, group))

    def _row(self, answer: AggregationResult, row: Row) -> Any:
        made = self.rows.show(self._types, answer.question.measures, row)
        made["key"] = self._key(answer, row)
        made["bucket"] = Bucket(start=row.bucket.start, end=row.bucket.end) if row.bucket else None
        return hydrate(self._types.row, made)

    def _key(self, answer: AggregationResult, row: Row) -> Any:
        own: dict[str, Any] = {}
        attributes = {}
        for group, value in zip(answer.question.group_by, row.key, strict=True):
            if isinstance(group, Attribute):
                attributes[group.path] = value
            else:
                own[group] = value
        return hydrate(self._types.key, own, attributes=attributes)


def span_of(span: Span) -> StatsSpan:
    """A span as GraphQL has it."""
    return StatsSpan(since=span.since, until=span.until)
