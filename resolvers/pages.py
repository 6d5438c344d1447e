"""Build the connection of any listable records, within the caller's bounds."""

from collections.abc import Callable
from typing import TypeVar

from schema.connections import Connection, connect
from schema.context import Info
from store.database import Row
from store.query.paging import PageRequest
from store.query.records import RecordQuery, Records

T = TypeVar("T")


async def connection(
    info: Info,
    records: Records,
    question: RecordQuery,
    page: PageRequest,
    make: Callable[[Row], T],
    columns: frozenset[str] | None = None,
) -> Connection[T]:
    """Read one page, limited to ``columns`` if set; the total is counted only if selected."""
    bounds, budget = info.context.reader(), info.context.budget
    budget.check()
    rows = await records.list_page(bounds, question, page, columns)
    budget.spend(rows.size)
    return connect(rows, make, lambda: records.count(bounds, question))
