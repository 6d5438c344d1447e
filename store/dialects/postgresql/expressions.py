"""Functions of PostgreSQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Double,
    Interval,
    Numeric,
    Text,
    case,
    cast,
    collate,
    func,
    literal,
    null,
    text,
    true,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from models.types import Instant, JsonNumber
from store.dialects.expressions import Expressions
from store.dialects.json_leaf import JsonLeaf
from store.dialects.value_lists import in_array


class PostgresqlExpressions(Expressions):
    def json_leaf(self, column: ColumnElement[Any], path: Sequence[str]) -> JsonLeaf:
        value: ColumnElement[Any] = column
        for step in path:
            value = value.op("->")(cast(step, Text()))
        kind = func.json_typeof(value, type_=Text())
        plain = value.op("#>>", return_type=Text())(text("'{}'"))
        return JsonLeaf(
            kind=kind,
            text=case((kind == "string", plain), else_=null()),
            number=case((kind == "number", cast(plain, JsonNumber())), else_=null()),
            truth=case((kind == "boolean", cast(plain, Boolean())), else_=null()),
        )

    def contains(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        return func.strpos(column, text) > 0

    def starts_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        return func.starts_with(column, text) == true()

    def ends_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        return func.right(column, len(text)) == text

    def fold_ascii_case(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        # lower() depends on the collation of the database.
        return func.translate(column, ascii_uppercase, ascii_lowercase, type_=Text())

    def one_of(self, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        return in_array(column, values)

    def by_code_point(self, column: ColumnElement[str]) -> ColumnElement[str]:
        return collate(column, "C")

    def bin(
        self, column: ColumnElement[Any], step: timedelta, origin: datetime
    ) -> ColumnElement[datetime]:
        width = literal(step, Interval())
        return func.date_bin(width, column, literal(origin, Instant()), type_=Instant())

    def milliseconds(
        self, start: ColumnElement[Any], end: ColumnElement[Any]
    ) -> ColumnElement[float]:
        between = type_coerce(end, TIMESTAMP(True)) - type_coerce(start, TIMESTAMP(True))
        return func.date_part("epoch", between, type_=Double()) * literal(1_000.0, Double())

    def wide(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(value, Numeric())
