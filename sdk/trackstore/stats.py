"""Aggregations: builds the GraphQL query of measures and groups."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

from trackstore.calls import Json
from trackstore.values import spelling

Source = Literal["operations", "requests", "stages", "events", "interactions"]
BucketUnit = Literal["MINUTE", "HOUR", "DAY", "WEEK", "MONTH", "QUARTER", "YEAR"]
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
TIMES = {
    "operations": "occurredAt",
    "requests": "createdAt",
    "stages": "startedAt",
    "events": "occurredAt",
}
"""Time field of ``last`` by source."""
SNAKE = re.compile(r"_([a-z0-9])")
ATTRIBUTE = "attribute:"
"""Prefix of a group by attribute, such as ``attribute:plan.name``."""
TYPES = {
    "operations": "Operation",
    "requests": "Request",
    "stages": "Stage",
    "events": "Event",
    "interactions": "Interaction",
}


@dataclass(frozen=True, slots=True)
class StatsRow:
    """One group, or one time bucket of it.

    ``key`` holds the groups by the requested names, ``values`` the measures.
    """

    key: Mapping[str, Any]
    values: Mapping[str, Any]
    start: datetime | None = None
    """Start and ``end`` of the time bucket: [start, end)."""
    end: datetime | None = None


@dataclass(frozen=True, slots=True)
class StatsAnswer:
    rows: Sequence[StatsRow]
    totals: Mapping[str, Any]
    """Measures of everything selected."""
    others: Mapping[str, Any] | None = None
    """Measures of what ``top`` left out."""


@dataclass(frozen=True, slots=True)
class StatsQuestion:
    """An aggregation of ``source``.

    ``measures`` are fields of the result rows in snake or camel case, with dots for nested ones:
    ``count``, ``error_rate``, ``duration_ms.p95``, ``cost.saved``. ``by`` lists dimensions such as
    ``tool_name``, or ``attribute:plan.name``. ``bucket`` groups by time, in ``zone``. ``where``,
    ``having``, ``order_by``, ``top`` and ``compare`` are those of the schema, as dicts. ``last`` is
    a time range up to now, such as ``90m``, ``24h``, ``7d``, ``2w`` or ``all``. A single text is
    one measure or dimension. Raises ``ValueError`` for an invalid name.
    """

    source: Source
    measures: Sequence[str] = ("count",)
    by: Sequence[str] = ()
    where: Mapping[str, Any] | None = None
    bucket: BucketUnit | None = None
    zone: str = "UTC"
    every: int = 1
    having: Mapping[str, Any] | None = None
    order_by: Sequence[Mapping[str, Any]] | None = None
    top: Mapping[str, Any] | None = None
    compare: Mapping[str, Any] | None = None
    limit: int = 1000
    last: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", spelling(self.source).lower())
        if self.source not in TYPES:
            raise ValueError(f"source: {self.source!r} is none of {', '.join(TYPES)}")
        for field in ("measures", "by"):
            if isinstance(value := getattr(self, field), str):
                object.__setattr__(self, field, (value,))
        if not self.measures:
            raise ValueError("measures: none is asked for: pass ['count'], for example")
        if self.bucket is not None:
            object.__setattr__(self, "bucket", spelling(self.bucket))
        if self.last is not None and self.source not in TIMES:
            raise ValueError(f"{self.source} are counted per month: ask with where, not with last")
        for name in (*self.measures, *(group for group in self.by if not is_attribute(group))):
            if not all(NAME.fullmatch(part) for part in name.split(".")):
                raise ValueError(f"Invalid name {name!r}. Use the name of a measure or dimension.")

    @property
    def document(self) -> str:
        kind, measures = TYPES[self.source], selection(self.measures)
        keys = " ".join(f"k{place}: {key_field(group)}" for place, group in enumerate(self.by))
        parts = ["bucket { start end }" if self.bucket else "", f"key {{ {keys} }}" if keys else ""]
        others = f"others {{ {measures} }}" if self.top else ""
        types = {
            "where": f"{kind}Filter",
            "groupBy": f"[{kind}Group!]",
            "bucket": "BucketInput",
            "having": f"{kind}Having",
            "orderBy": "[StatsOrder!]",
            "top": "TopInput",
            "compare": "CompareInput",
            "limit": "Int",
        }
        variables = self.variables
        declared = ", ".join(f"${name}: {types[name]}" for name in variables)
        arguments = ", ".join(f"{name}: ${name}" for name in variables)
        return (
            f"query Stats({declared}) {{ stats: {kind.lower()}Stats({arguments}) {{ "
            f"rows {{ {' '.join(filter(None, parts))} {measures} }} "
            f"totals {{ {measures} }} {others} }} }}"
        )

    @property
    def variables(self) -> Json:
        bucket = {"unit": self.bucket, "every": self.every, "zone": self.zone}
        variables = {
            "where": self._where(),
            "groupBy": [group_of(group) for group in self.by] or None,
            "bucket": bucket if self.bucket else None,
            "having": self.having,
            "orderBy": self.order_by,
            "top": self.top,
            "compare": self.compare,
            "limit": self.limit,
        }
        return {name: value for name, value in variables.items() if value is not None}

    def _where(self) -> Mapping[str, Any] | None:
        if self.last is None:
            return self.where
        span = {TIMES[self.source]: {"last": self.last}}
        return {"and": [self.where, span]} if self.where else span

    def answer(self, data: Json) -> StatsAnswer:
        stats = data["stats"]
        others = stats.get("others")
        return StatsAnswer(
            rows=[self._row(row) for row in stats["rows"]],
            totals=self._values(stats["totals"]),
            others=None if others is None else self._values(others),
        )

    def _row(self, row: Json) -> StatsRow:
        bucket, key = row.get("bucket") or {}, row.get("key") or {}
        return StatsRow(
            key={group: key[f"k{place}"] for place, group in enumerate(self.by)},
            values=self._values(row),
            start=parse_instant(bucket.get("start")),
            end=parse_instant(bucket.get("end")),
        )

    def _values(self, row: Json) -> dict[str, Any]:
        return {measure: measure_at(row, measure) for measure in self.measures}


def camel(name: str) -> str:
    return SNAKE.sub(lambda match: match[1].upper(), name)


def is_attribute(group: str) -> bool:
    return group.startswith(ATTRIBUTE)


def key_field(group: str) -> str:
    if is_attribute(group):
        path = msgspec.json.encode(group.removeprefix(ATTRIBUTE)).decode()
        return f"attribute(path: {path})"
    return camel(group.lower() if group.isupper() else group)


def group_of(group: str) -> Json:
    if is_attribute(group):
        return {"attribute": group.removeprefix(ATTRIBUTE)}
    return {"field": re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", group).upper()}


def selection(measures: Sequence[str]) -> str:
    parts: dict[str, list[str]] = {}
    for measure in measures:
        head, _, tail = camel(measure).partition(".")
        parts.setdefault(head, []).extend([tail] if tail else [])
    return " ".join(
        f"{head} {{ {selection(tail)} }}" if tail else head for head, tail in parts.items()
    )


def measure_at(row: Json, measure: str) -> Any:
    value: Any = row
    for part in camel(measure).split("."):
        value = None if value is None else value[part]
    return value


def parse_instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
