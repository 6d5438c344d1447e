"""Lists of values as a single parameter: a statement can have some 32,700 parameters."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Text, any_, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY


def in_array(column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return whether the column is one of the values, which are sent as one PostgreSQL array."""
    array = literal(list(values), ARRAY(column.type))
    condition: ColumnElement[bool] = column == any_(array)
    return condition


def in_json_array(
    column: ColumnElement[Any], values: Sequence[Any], dialect: Dialect
) -> ColumnElement[bool]:
    """Return whether the column is one of the values, which are sent as one JSON text to SQLite."""
    process = column.type.dialect_impl(dialect).bind_processor(dialect)
    stored = [value if process is None else process(value) for value in values]
    members = func.json_each(literal(json.dumps(stored), Text())).table_valued("value")
    return column.in_(select(members.c.value))
