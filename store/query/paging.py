"""Keyset paging in both directions: a page costs the same at any depth, and rows are never skipped."""

import base64
import binascii
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from pydantic import Field
from sqlalchemy import (
    ColumnElement,
    Date,
    Double,
    Integer,
    Select,
    Uuid,
    and_,
    false,
    nulls_last,
    or_,
)

from models.types import Instant, from_microseconds, to_microseconds
from store.database import Row
from store.dialects import FetchedColumns
from store.errors import InvalidInputError
from store.validation import LONG_MAX, LONG_MIN

MAX_CURSOR_LENGTH = 20_000
"""One label as long as settings allow, each character six bytes, in base64, and some numbers."""


AFTER_END_CURSOR = "after with pageInfo.endCursor"


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One column of an order. Null values come last, whichever way it runs."""

    name: str
    column: ColumnElement[Any]
    descending: bool = False
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class PageSize:
    """How many records a page has where nothing is asked, and at most."""

    default: Annotated[
        int,
        Field(
            validation_alias="default_page_size",
            ge=1,
            le=100_000,
            description="Records of a page if no size is given.",
        ),
    ] = 100
    maximum: Annotated[
        int,
        Field(
            validation_alias="max_page_size",
            ge=1,
            le=100_000,
            description="Records of the largest page.",
        ),
    ] = 1_000


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What a caller asks: ``first`` after a cursor, or ``last`` before one."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    @property
    def backward(self) -> bool:
        return self.last is not None

    def size(self, bounds: PageSize) -> int:
        """Return the page size; raise ``InvalidInputError`` for an invalid one."""
        if self.first is not None and self.last is not None:
            raise InvalidInputError(
                "first and last cannot be combined. Use one of them.", ("last",)
            )
        name = "last" if self.backward else "first"
        requested = self.last if self.backward else self.first
        if requested is None:
            return bounds.default
        if requested < 0:
            raise InvalidInputError(
                f"{name} must not be negative (got {requested:,}). Use 0 to {bounds.maximum:,}.",
                (name,),
            )
        if requested > bounds.maximum:
            cursor = "before with pageInfo.startCursor" if self.backward else AFTER_END_CURSOR
            raise InvalidInputError(
                f"{name} must not exceed {bounds.maximum:,} (got {requested:,}). "
                f"Use {cursor} to read more.",
                (name,),
            )
        return requested


@dataclass(frozen=True, slots=True)
class Page:
    """Records in the order asked for, column by column: ``columns`` has each one's values by name.

    Rows and cursors are made when they are asked for.
    """

    columns: Mapping[str, Sequence[Any]]
    has_next: bool
    has_previous: bool
    terms: Sequence[OrderTerm] = ()
    size: int = 0
    """Characters of the long texts and of the JSON that were read for it."""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    @property
    def rows(self) -> list[Row]:
        names = tuple(self.columns)
        return [
            dict(zip(names, values, strict=True))
            for values in zip(*self.columns.values(), strict=True)
        ]

    def cursor(self, index: int) -> str:
        values = [plain(self.columns[term.name][index]) for term in self.terms]
        return write_cursor([signature(self.terms), *values])

    @property
    def cursors(self) -> list[str]:
        order = [signature(self.terms)] * len(self)
        values = [map(plain, self.columns[term.name]) for term in self.terms]
        return [write_cursor(content) for content in zip(order, *values, strict=True)]


def page_statement(
    statement: Select[Any], terms: Sequence[OrderTerm], request: PageRequest, size: int
) -> Select[Any]:
    ordered = cut(statement, terms, request).order_by(*order_by(terms, request.backward))
    return ordered.limit(size + 1)


def cut(statement: Select[Any], terms: Sequence[OrderTerm], request: PageRequest) -> Select[Any]:
    """Return ``statement`` without what lies outside the cursors of ``request``."""
    if request.after is not None:
        values = decode_cursor(request.after, terms, "after")
        statement = statement.where(beyond(terms, values, forward=True))
    if request.before is not None:
        values = decode_cursor(request.before, terms, "before")
        statement = statement.where(beyond(terms, values, forward=False))
    return statement


def order_by(terms: Sequence[OrderTerm], reverse: bool = False) -> list[ColumnElement[Any]]:
    """Return the ORDER BY of ``terms``; reversed, null values come first."""
    expressions: list[ColumnElement[Any]] = []
    for term in terms:
        descending = term.descending is not reverse
        column = term.column.desc() if descending else term.column.asc()
        if term.nullable:
            column = column.nulls_first() if reverse else nulls_last(column)
        expressions.append(column)
    return expressions


def beyond(terms: Sequence[OrderTerm], values: Sequence[Any], forward: bool) -> ColumnElement[bool]:
    """Return rows that come after ``values`` (before them, if not ``forward``) in the order of ``terms``."""
    options: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for term, value in zip(terms, values, strict=True):
        options.append(and_(*equal, _past(term, value, forward)))
        equal.append(term.column.is_(None) if value is None else term.column == value)
    condition = or_(*options)
    first = terms[0]
    if not first.nullable:
        # Says once more what the alternatives imply, in the one form that an index can use.
        upward = first.descending is not forward
        edge = first.column >= values[0] if upward else first.column <= values[0]
        condition = and_(edge, condition)
    return condition


def _past(term: OrderTerm, value: Any, forward: bool) -> ColumnElement[bool]:
    upward = term.descending is not forward
    if value is None:  # nulls are last: nothing comes after them, every value before
        return false() if forward else term.column.is_not(None)
    past: ColumnElement[bool] = term.column > value if upward else term.column < value
    if term.nullable and forward:
        return or_(past, term.column.is_(None))
    return past


def make_page(
    fetched: FetchedColumns, terms: Sequence[OrderTerm], request: PageRequest, size: int
) -> Page:
    more = len(fetched) > size
    columns = fetched.head(size, reverse=request.backward)
    if request.backward:
        return Page(columns, request.before is not None, more, terms, fetched.size)
    return Page(columns, more, request.after is not None, terms, fetched.size)


def signature(terms: Sequence[OrderTerm]) -> str:
    return ",".join(("-" if term.descending else "") + term.name for term in terms)


def encode_cursor(terms: Sequence[OrderTerm], row: Row) -> str:
    return write_cursor([signature(terms), *(plain(row[term.name]) for term in terms)])


def write_cursor(content: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(content)).decode().rstrip("=")


def plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_microseconds(value)
    if isinstance(value, date):
        return value.isoformat()
    return value.hex if isinstance(value, UUID) else value


def decode_cursor(cursor: str, terms: Sequence[OrderTerm], name: str) -> list[Any]:
    """Return the values in a cursor; raise ``InvalidInputError`` for one that is not of this order."""
    try:
        if len(cursor) > MAX_CURSOR_LENGTH:
            raise ValueError("too long")
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        content = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        order, *values = content
        if order != signature(terms) or len(values) != len(terms):
            raise InvalidInputError(
                "Cursor belongs to a different order. Use the orderBy that it was created with.",
                (name,),
            )
        return [_typed(v, t) for v, t in zip(values, terms, strict=True)]
    except (
        ValueError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
        binascii.Error,
    ) as error:
        raise InvalidInputError(
            "Invalid cursor. Pass pageInfo.endCursor unchanged.", (name,)
        ) from error


def _typed(value: Any, term: OrderTerm) -> Any:
    if value is None:
        if term.nullable:
            return None
        raise ValueError("null")
    column = term.column.type
    if isinstance(column, Instant):
        return from_microseconds(int(value))
    if isinstance(column, Uuid):
        return UUID(hex=value)
    if isinstance(column, Date):
        return date.fromisoformat(value)
    if isinstance(column, Double):
        return float(value)
    if isinstance(column, Integer):
        if not LONG_MIN <= int(value) <= LONG_MAX:
            raise ValueError("too large")
        return int(value)
    return str(value)
