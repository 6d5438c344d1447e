"""Column types that mean the same on every database; one of the few places that name a dialect."""

from datetime import UTC, datetime, timedelta
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
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP
from sqlalchemy.types import TypeDecorator, TypeEngine

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
Lanes = LargeBinary().with_variant(ARRAY(SmallInteger()), "postgresql")
"""Lanes of a histogram, one per value (``store.histograms``)."""
PackedLanes = LargeBinary().with_variant(Numeric(), "postgresql")
"""A whole histogram as one number; PostgreSQL adds such numbers up in its own fast way."""


def to_microseconds(instant: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00Z of an aware instant, exact."""
    return (instant - EPOCH) // MICROSECOND


def from_microseconds(microseconds: int) -> datetime:
    """The aware UTC instant that many microseconds after 1970-01-01T00:00:00Z."""
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


class CleanText(TypeDecorator[str]):
    """Text that every database can hold: NUL and lone surrogates become U+FFFD.

    PostgreSQL refuses both. Writers replace and count them beforehand; this type is what keeps a
    filter or a key that carries one from failing inside the driver, alike on both databases.
    """

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return value if value is None else clean_text(value)


def clean_text(value: str) -> str:
    """``value`` with NUL characters and lone surrogates replaced by U+FFFD; itself when clean."""
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
    """An index over the rows that satisfy ``where``, on every database."""
    return Index(name, *columns, postgresql_where=where, sqlite_where=where)
