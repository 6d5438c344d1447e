"""The connection of any listable records, within the caller's bounds."""

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
    """One page, of ``columns`` where they are named; the total is counted only when selected."""
    bounds, budget = info.context.reader(), info.context.budget
    budget.check()
    found = await records.list_page(bounds, question, page, columns)
    budget.spend(found.size)
    return connect(found, make, lambda: records.count(bounds, question))
