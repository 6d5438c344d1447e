"""The database of a run as its operator sees it: directly, past the servers and their proxies."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool


@asynccontextmanager
async def connection_to(url: str) -> AsyncIterator[AsyncConnection]:
    """A connection without transactions of its own."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            yield connection
    finally:
        await engine.dispose()


async def execute(url: str, *statements: str) -> None:
    """Run statements one after the other."""
    async with connection_to(url) as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)


async def hold(url: str, statements: Sequence[str], seconds: float) -> None:
    """Run statements, hold what they hold for a time, and roll back."""
    async with connection_to(url) as connection:
        for statement in statements:
            await connection.exec_driver_sql(statement)
        await asyncio.sleep(seconds)
        await connection.exec_driver_sql("ROLLBACK")


async def rows(url: str, statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of a question."""
    async with connection_to(url) as connection:
        return [tuple(row) for row in await connection.execute(text(statement), values)]
