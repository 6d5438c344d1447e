"""What can be followed: the events of all requests, and operations."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_

from models import Operation, Request, RequestEvent, table_of
from models.feeds import FEED_POSITION
from models.labels import LABELS
from models.types import EPOCH
from store.access import Bounds
from store.filters import Fields
from store.paging import OrderTerm

OPERATIONS_TABLE, EVENTS_TABLE = table_of(Operation), table_of(RequestEvent)
REQUESTS_TABLE = table_of(Request)
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
    parent: Table | None = None
    on: ColumnElement[bool] | None = None

    @property
    def position(self) -> ColumnElement[Any]:
        """The number of the commit."""
        return self.table.c[FEED_POSITION]

    @property
    def terms(self) -> list[OrderTerm]:
        """The order, as cursors carry it."""
        names = (FEED_POSITION, *self.key)
        return [OrderTerm(name, self.table.c[name]) for name in names]

    def before(self, number: int) -> Position:
        """The place before everything of a commit."""
        return (number, *self.first_key)

    def place(self, row: Any) -> Position:
        """Where a row stands."""
        return (row[FEED_POSITION], *(row[name] for name in self.key))

    def conditions(self, bounds: Bounds) -> Sequence[ColumnElement[bool]]:
        """What a row within ``bounds`` satisfies."""
        found = bounds.conditions(self.table)
        return found if self.parent is None else [*found, *bounds.conditions(self.parent)]


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
    {
        **{column.name: column for column in EVENTS_TABLE.columns},
        **{name: REQUESTS_TABLE.c[name] for name in LABELS},
        "request_type": REQUESTS_TABLE.c.type,
        "request_status": REQUESTS_TABLE.c.status,
    },
    REQUESTS_TABLE,
    and_(
        REQUESTS_TABLE.c.organization_id == EVENTS_TABLE.c.organization_id,
        REQUESTS_TABLE.c.id == EVENTS_TABLE.c.request_id,
    ),
)
