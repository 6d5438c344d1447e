"""What a question is asked of: anything that folds into parts, grouped by keys and buckets.

The compiler builds every statement from grouped selects of one shape. Records give the parts by
aggregates over columns; whatever else gives the same columns can stand in their place.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    Uuid,
    and_,
    cast,
    func,
    literal,
    select,
)
from sqlalchemy.types import TypeEngine

from models.types import CleanText, JsonNumber
from store.aggregation.buckets import Bucket
from store.aggregation.catalog import Source
from store.aggregation.measures import COUNTS, Attribute, Fold, Part
from store.aggregation.queries import Group, Span
from store.dialects import DatabaseDialect

BUCKET = "b_"
"""The column of the bucket's start."""


@dataclass(frozen=True, slots=True)
class KeyColumn:
    name: str
    type: TypeEngine[Any]

    @property
    def is_text(self) -> bool:
        return isinstance(self.type, CleanText | Text)

    @property
    def blank(self) -> ColumnElement[Any]:
        if isinstance(self.type, Uuid):
            return literal(UUID(int=0), self.type)
        if isinstance(self.type, Boolean):
            return literal(False, self.type)
        return literal(0 if isinstance(self.type, Integer | JsonNumber) else "", self.type)


def key_columns(source: Source, groups: tuple[Group, ...]) -> tuple[tuple[KeyColumn, ...], ...]:
    return tuple(
        (
            KeyColumn(f"k{i}_text", Text()),
            KeyColumn(f"k{i}_number", JsonNumber()),
            KeyColumn(f"k{i}_truth", Boolean()),
        )
        if isinstance(group, Attribute)
        else (KeyColumn(f"k{i}_", source.dimensions[group].column.type),)
        for i, group in enumerate(groups)
    )


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """Some keys, as a relation with their columns: records must be among them, or must not."""

    relation: FromClause
    columns: tuple[KeyColumn, ...]
    within: bool = True

    def condition(self, find: Mapping[str, ColumnElement[Any]]) -> ColumnElement[bool]:
        """Return the condition on rows with key columns ``find``; null equals null."""
        matching = select(literal(1)).select_from(self.relation)
        for column in self.columns:
            key_column, own_column = find[column.name], self.relation.c[column.name]
            # Two plain equalities, that a database can hash; a null-safe comparison it cannot.
            same = func.coalesce(key_column, column.blank) == func.coalesce(
                own_column, column.blank
            )
            matching = matching.where(and_(same, key_column.is_(None) == own_column.is_(None)))
        exists = matching.correlate_except(self.relation).exists()
        return exists if self.within else ~exists


@dataclass(frozen=True, slots=True)
class GroupedQuery:
    """A grouped select: of which span, by which keys and bucket, which parts, of which keys only.

    ``parts`` are named by the columns that they are to have.
    """

    span: Span
    groups: tuple[Group, ...] = ()
    bucket: Bucket | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)
    keys: KeyFilter | None = None
    of_keys: tuple[Group, ...] = ()
    """What ``keys`` are keys of, where the shape itself does not group by it."""


class Relation(Protocol):
    @property
    def dialect(self) -> DatabaseDialect: ...

    @property
    def source(self) -> Source: ...

    def grouped(self, shape: GroupedQuery) -> Select[Any]: ...

    def merge(self, part: Part, column: ColumnElement[Any]) -> ColumnElement[Any]: ...


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A relation that answers a question in place of the records: its name, and how exact it is.

    ``quantile_error`` is None where the answer is exact.
    """

    relation: Relation
    name: str
    quantile_error: float | None


def merge_part(
    part: Part, column: ColumnElement[Any], dialect: DatabaseDialect, wide: bool
) -> ColumnElement[Any]:
    if part.fold is Fold.MIN:
        return func.min(column)
    if part.fold is Fold.MAX:
        return func.max(column)
    if part.fold in COUNTS:
        return cast(func.coalesce(func.sum(column), 0), BigInteger())
    return dialect.expressions.exact_sum(column) if wide else func.sum(column)
