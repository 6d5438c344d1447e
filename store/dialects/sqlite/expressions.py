"""Functions of SQLite."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Double,
    Text,
    case,
    cast,
    func,
    literal,
    null,
    type_coerce,
)

from models.types import MICROSECOND, Instant, JsonNumber, to_microseconds
from store.dialects.connections import Connections
from store.dialects.expressions import Expressions
from store.dialects.json_leaf import JsonLeaf
from store.dialects.value_lists import in_json_array


class SqliteExpressions(Expressions):
    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def json_leaf(self, column: ColumnElement[Any], path: Sequence[str]) -> JsonLeaf:
        where = "$" + "".join("." + json.dumps(step, ensure_ascii=False) for step in path)
        kind = func.json_type(column, where)
        value = func.json_extract(column, where)
        is_number, is_truth = kind.in_(["integer", "real"]), kind.in_(["true", "false"])
        return JsonLeaf(
            kind=case(
                (kind == "text", "string"),
                (is_number, "number"),
                (is_truth, "boolean"),
                else_=kind,
            ),
            text=case((kind == "text", type_coerce(value, Text())), else_=null()),
            number=case((is_number, type_coerce(value, JsonNumber())), else_=null()),
            truth=case((is_truth, type_coerce(value, Boolean())), else_=null()),
        )

    def contains(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        return func.instr(column, text) > 0

    def starts_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        return func.substr(column, 1, len(text)) == text

    def ends_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        if not text:
            return column.is_not(None)
        return func.substr(column, -len(text)) == text

    def fold_ascii_case(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        return func.lower(column, type_=Text())

    def one_of(self, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        return in_json_array(column, values, self._connections.read_engine.dialect)

    def by_code_point(self, column: ColumnElement[str]) -> ColumnElement[str]:
        return column

    def bin(
        self, column: ColumnElement[Any], step: timedelta, origin: datetime
    ) -> ColumnElement[datetime]:
        at = type_coerce(column, BigInteger())
        past = (at - literal(to_microseconds(origin), BigInteger())).self_group()
        return type_coerce(at - past % literal(step // MICROSECOND, BigInteger()), Instant())

    def milliseconds(
        self, start: ColumnElement[Any], end: ColumnElement[Any]
    ) -> ColumnElement[float]:
        between = type_coerce(end, BigInteger()) - type_coerce(start, BigInteger())
        return type_coerce(between / literal(1_000.0, Double()), Double())

    def wide(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return cast(value, Double())

    def exact_sum(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.trackstore_wide_sum(value, type_=value.type)
