"""Every row of one organization as the database holds it, to see that nothing of it changed."""

import asyncio
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from models import Base

ORGANIZATION = "organization_id"
Rows = dict[str, list[tuple[Any, ...]]]


async def rows_of(database_url: str, organization: str) -> Rows:
    """The rows of every table that bear this organization, by table and in a fixed order."""
    engine = create_async_engine(database_url, poolclass=NullPool)
    try:
        return await _read(engine, organization)
    finally:
        await engine.dispose()


async def _read(engine: AsyncEngine, organization: str) -> Rows:
    found: Rows = {}
    async with engine.connect() as connection:
        for table in tables():
            mine = table.c[ORGANIZATION] == organization
            key = table.primary_key.columns
            statement = select(table).where(mine).order_by(*key)
            rows = [tuple(row) for row in await connection.execute(statement)]
            if not key:  # a database may turn to another plan, and another order, at any time
                rows.sort(key=repr)
            found[table.name] = rows
    return found


def tables() -> list[Table]:
    """Every table with records of organizations."""
    return [t for t in Base.metadata.sorted_tables if ORGANIZATION in t.columns]


async def execute(database_url: str, statement: str) -> Any:
    """One value from one statement of a test's own."""
    engine = create_async_engine(database_url, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return (await connection.exec_driver_sql(statement)).scalar()
    finally:
        await engine.dispose()
        await asyncio.sleep(0)
