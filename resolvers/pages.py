"""Build the connection of any listable records, within the caller's bounds."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from schema.connections import Connection, Nodes, WrittenNodes, connect
from schema.context import Info
from store.database import Row
from store.query.paging import PageRequest
from store.query.records import OBJECT, RecordQuery, Records

T = TypeVar("T")


async def connection(
    info: Info,
    records: Records,
    question: RecordQuery,
    page: PageRequest,
    make: Callable[[Row], T],
    columns: frozenset[str] | None = None,
) -> Connection[T]:
    """Read one page, limited to ``columns`` if set; the total is counted only if selected.

    Where the answer can take them, the database writes the records as JSON.
    """
    bounds, budget = info.context.reader(), info.context.budget
    budget.check()

    def count() -> Awaitable[int]:
        return records.count(bounds, question)

    members_of = info.context.shown_members
    plan = members_of(info, make) if members_of is not None else None
    if plan is not None:
        objects = await records.list_objects(bounds, question, page, *plan)
        if objects is not None:
            return connect(objects, WrittenNodes(objects.columns[OBJECT.name]), count)
    rows = await records.list_page(bounds, question, page, columns)
    budget.spend(rows.size)
    return connect(rows, Nodes(rows, make), count)
