"""Writes records as JSON objects in PostgreSQL, as the server would write them."""

import json
from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import BigInteger, Boolean, Column, Double, Integer, Text, Uuid
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from models.types import CleanText, Instant
from store.dialects.json_objects import JsonObjects, Member

MAX_CACHED_OBJECTS = 500
"""Bounded because callers can invent any number of aliases."""
QUOTING = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call]  # SQLAlchemy's
MAX_EXACT = 2**53
"""Whole numbers up to this are exact as floats."""
SHORTEST = "(SELECT current_setting('extra_float_digits')::int > 0)"
"""Whether floats are written with as few digits as are exact, which is the default."""


class PostgresqlJsonObjects(JsonObjects):
    def write(
        self, members: Sequence[Member], columns: Sequence[Column[object] | None]
    ) -> str | None:
        return object_of(tuple(members), tuple(columns))


@lru_cache(maxsize=MAX_CACHED_OBJECTS)
def object_of(
    members: tuple[Member, ...], columns: tuple[Column[object] | None, ...]
) -> str | None:
    parts: list[str] = []
    before = "{"
    for member, column in zip(members, columns, strict=True):
        before += json.dumps(member.name) + ":"
        if column is None:
            before += json.dumps(member.constant) + ","
            continue
        value = value_of(member, column)
        if value is None:
            return None
        parts += [literal(before), value]
        before = ","
    return " || ".join([*parts, literal(before[:-1] + "}")])


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def value_of(member: Member, column: Column[object]) -> str | None:
    """Return SQL for the JSON of a value; null where it is one that PostgreSQL writes otherwise."""
    name = QUOTING.quote(column.name)
    value = text_of(member, column.type, name)
    if value is None or not column.nullable or member.is_required:
        return value
    return f"CASE WHEN {name} IS NULL THEN 'null' ELSE {value} END"


def text_of(member: Member, kind: TypeEngine[object], name: str) -> str | None:
    match kind:
        case CleanText() | Text() if member.names is not None:
            names = ", ".join(literal(known) for known in member.names)
            return f"CASE WHEN {name} IN ({names}) THEN '\"' || {name} || '\"' END"
        case CleanText() | Text():
            return f"CAST(to_json({name}) AS text)"
        case Uuid():
            return f"'\"' || CAST({name} AS text) || '\"'"
        case Instant():
            text = f"to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"
            return f"'\"' || replace({text}, '.000000Z', 'Z') || '\"'"
        case Boolean():
            return f"CASE WHEN {name} THEN 'true' WHEN NOT {name} THEN 'false' END"
        case Double():
            return float_of(name)
        case BigInteger() | Integer() if member.divisor is None:
            return f"CAST({name} AS text)"
        case BigInteger() | Integer():
            quotient = float_of(f"(CAST({name} AS float8) / {member.divisor}.0)")
            # Greater ones would be rounded before they are divided.
            return f"CASE WHEN abs({name}) <= {MAX_EXACT} THEN {quotient} END"
        case _:
            return None


def float_of(value: str) -> str:
    """Return the digits of a float: the server and PostgreSQL find the same, and place them otherwise."""
    size, digits = f"abs({value})", f"CAST({value} AS text)"
    small = f"replace(left(CAST({size} AS text), -4), '.', '')"  # without e-05
    return f"""CASE WHEN NOT {SHORTEST} THEN NULL
        WHEN {value} = trunc({value}) AND {size} < 1e15 THEN {digits} || '.0'
        WHEN {size} >= 1e-4 AND {size} < 1e15 THEN {digits}
        WHEN {size} < 1e-5 THEN replace({digits}, 'e-0', 'e-')
        WHEN {size} < 1e-4 THEN CASE WHEN {value} < 0 THEN '-' ELSE '' END || '0.0000' || {small}
        WHEN {size} >= 1e16 AND {size} < 'Infinity' THEN replace({digits}, 'e+', 'e')
        END"""
