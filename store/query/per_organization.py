"""Pages over all organizations by each one's own index.

Every index begins with the organization, so that "the newest of all" would read and sort whole
tables. An administrator's page is put together from the newest of each organization instead, as
long as there are few of them.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, Table, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncConnection

from models.types import clean_text
from store.query.filters import AllOf, Compare, ComparisonOperator, Condition
from store.query.paging import OrderTerm, order_by

MAX_ORGANIZATIONS = 50
"""With more of them the parts cost more than the sort they save."""


@cache
def organizations(table: Table) -> Select[Any]:
    column = table.c.organization_id
    first = select(func.min(column).label("name")).cte("organizations", recursive=True)
    following = (
        select(func.min(column)).where(column > first.c.name).correlate(first).scalar_subquery()
    )
    every = first.union_all(select(following).where(first.c.name.is_not(None)))
    return select(every.c.name).where(every.c.name.is_not(None)).limit(MAX_ORGANIZATIONS + 1)


async def organizations_in(connection: AsyncConnection, table: Table) -> list[str] | None:
    """Return the organizations that have rows; None when they are many."""
    names = list((await connection.execute(organizations(table))).scalars())
    return names if len(names) <= MAX_ORGANIZATIONS else None


def organizations_named(where: Condition | None) -> tuple[str, ...] | None:
    """Return the only organizations whose records a filter can match; None if it names none."""
    match where:
        case AllOf(parts):
            named = [names for names in map(organizations_named, parts) if names is not None]
            common = set(named[0]).intersection(*named[1:]) if named else None
            return None if common is None else tuple(sorted(common))
        case Compare("organization_id", ComparisonOperator.EQ, str(value)):
            return (clean_text(value),)
        case Compare("organization_id", ComparisonOperator.IN, values):
            # Two spellings of one stored name would read its records twice.
            return tuple(sorted(set(map(clean_text, values))))
        case _:
            return None


def follows_key(table: Table, terms: Sequence[OrderTerm]) -> bool:
    key = [column.name for column in table.primary_key.columns][1:]
    names = [term.name for term in terms]
    one_way = len({term.descending for term in terms}) == 1
    return one_way and names[: len(key)] == key


def per_organization_page(
    statement: Select[Any],
    table: Table,
    names: Sequence[str],
    terms: Sequence[OrderTerm],
    reverse: bool,
    limit: int,
) -> Select[Any]:
    if len(names) == 1:
        return statement.where(table.c.organization_id == names[0])
    parts = [select(statement.where(table.c.organization_id == name).subquery()) for name in names]
    merged = union_all(*parts).subquery()
    outer = [
        OrderTerm(term.name, merged.c[term.name], term.descending, term.nullable) for term in terms
    ]
    return select(merged).order_by(*order_by(outer, reverse)).limit(limit)
