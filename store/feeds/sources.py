"""What can be followed: the events of all requests, and operations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table

from models import Operation, RequestEvent, table_of
from models.feeds import FEED_POSITION
from models.types import EPOCH
from store.aggregation.catalog import Parent
from store.aggregation.sources import EVENTS
from store.auth.access import TenantBounds
from store.query.filters import Fields
from store.query.paging import OrderTerm

OPERATIONS_TABLE, EVENTS_TABLE = table_of(Operation), table_of(RequestEvent)
Position = tuple[Any, ...]
"""A place in a feed: the number of the commit, then the key of a row, organization first."""


@dataclass(frozen=True, slots=True)
class Feed:
    """Rows of ``table`` by commit and ``key``; ``parent`` has more to filter by, and the labels."""

    table: Table
    key: tuple[str, ...]
    first_key: tuple[Any, ...]
    """Less than the key of any row."""
    fields: Fields
    parent: Parent | None = None

    @property
    def position(self) -> ColumnElement[Any]:
        """Return the number of the commit."""
        return self.table.c[FEED_POSITION]

    @property
    def terms(self) -> list[OrderTerm]:
        names = (FEED_POSITION, *self.key)
        return [OrderTerm(name, self.table.c[name]) for name in names]

    def before(self, number: int) -> Position:
        """Return the place before everything of a commit."""
        return (number, *self.first_key)

    def place(self, row: Any) -> Position:
        return (row[FEED_POSITION], *(row[name] for name in self.key))

    def conditions(self, bounds: TenantBounds) -> Sequence[ColumnElement[bool]]:
        conditions = bounds.conditions(self.table)
        return (
            conditions
            if self.parent is None
            else [*conditions, *bounds.conditions(self.parent.table)]
        )


OPERATION_FEED = Feed(
    OPERATIONS_TABLE,
    ("organization_id", "occurred_at", "id"),
    ("", EPOCH, UUID(int=0)),
    {column.name: column for column in OPERATIONS_TABLE.columns},
)
EVENT_FEED = Feed(
    EVENTS_TABLE,
    ("organization_id", "request_id", "seq"),
    ("", UUID(int=0), 0),
    EVENTS.filter_columns,
    EVENTS.parent,
)
