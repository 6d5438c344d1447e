"""Column types that mean the same on every database; one of the few places that name a dialect."""

import math
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Dialect,
    Index,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
WHOLE_LIMIT = 2**63
"""Whole numbers below this, and not below its negative, have 64 bits."""
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
UUID_LENGTH = 36
UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

Json = JSON(none_as_null=True)
"""JSON as it was sent; PostgreSQL's other type, jsonb, writes 1e16 as a whole number and -0.0 as 0.0."""
SketchBins = LargeBinary().with_variant(ARRAY(SmallInteger()), "postgresql")
"""Lanes of a histogram, one per value (``store.histograms``)."""
PackedSketch = LargeBinary().with_variant(Numeric(), "postgresql")
"""A whole histogram as one number; PostgreSQL adds such numbers up in its own fast way."""
TransactionNumbers = JSON().with_variant(ARRAY(BigInteger()), "postgresql")
"""Numbers of transactions of the database; where there is one writer, always empty."""


def to_microseconds(instant: datetime) -> int:
    """Return microseconds since 1970-01-01T00:00:00Z of an aware instant, exact."""
    return (instant - EPOCH) // MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """Return the aware UTC instant that many microseconds after 1970-01-01T00:00:00Z."""
    return EPOCH + timedelta(microseconds=microseconds)


class Instant(TypeDecorator[datetime]):
    """A point in time: ``timestamptz`` on PostgreSQL, microseconds since the epoch on SQLite.

    Takes aware datetimes only and returns aware UTC datetimes.
    """

    impl = TIMESTAMP(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(BigInteger())
        return dialect.type_descriptor(TIMESTAMP(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a zone: {value!r}")
        return to_microseconds(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return from_microseconds(value)
        return value.astimezone(UTC)  # type: ignore[no-any-return]  # the driver returns a datetime


class JsonNumber(TypeDecorator[int | float]):
    """A number inside a JSON column, exact: ``numeric`` on PostgreSQL, as it is on SQLite.

    Whole numbers of 64 bits are returned as ``int``, all others as ``float``.
    """

    impl = Numeric()
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        # SQLite compares integers and floats exactly; its Numeric would make floats of both.
        return dialect.type_descriptor(BigInteger() if dialect.name == "sqlite" else Numeric())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if value is None:
            return None
        if dialect.name == "sqlite":
            return read_number(value)
        return value if isinstance(value, Decimal) else Decimal(repr(value))

    def process_result_value(self, value: Any, dialect: Dialect) -> int | float | None:
        del dialect
        return None if value is None else read_number(value)


def read_number(value: float | Decimal) -> int | float:
    if isinstance(value, int):
        return value if -WHOLE_LIMIT <= value < WHOLE_LIMIT else nearest(value)
    if -WHOLE_LIMIT <= value < WHOLE_LIMIT and value == int(value):
        return int(value)
    return nearest(value)


def nearest(value: float | Decimal) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


class CleanText(TypeDecorator[str]):
    """Text that every database can hold: NUL and lone surrogates become U+FFFD.

    PostgreSQL refuses both. Writers replace and count them beforehand; this type is what keeps a
    filter or a key that carries one from failing inside the driver, alike on both databases.
    """

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else clean_text(value)


class SessionKey(CleanText):
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        cleaned = super().process_bind_param(value, dialect)
        return cleaned if cleaned is None else session_key(cleaned)


def session_key(value: str) -> str:
    """Return the stored spelling of a session id: a UUID in lower case, any other text unchanged.

    Only the form with hyphens counts as a UUID. 32 hexadecimal digits without them stay as they
    are: they are the session ids of many web frameworks, whose case matters to their owners.
    """
    if len(value) == UUID_LENGTH and UUID_TEXT.fullmatch(value):
        return value.lower()
    return value


def clean_text(value: str) -> str:
    if "\0" in value:
        value = value.replace("\0", REPLACEMENT)
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        return "".join(REPLACEMENT if "\ud800" <= c <= "\udfff" else c for c in value)
    return value


def partial_index(name: str, *columns: str, where: ColumnElement[bool]) -> Index:
    return Index(name, *columns, postgresql_where=where, sqlite_where=where)
