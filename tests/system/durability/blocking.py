"""Holding up every write of a server from outside, so that its queue fills."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

BLOCK = {
    "sqlite": ("BEGIN IMMEDIATE",),
    "postgresql": ("BEGIN", "LOCK TABLE operations IN EXCLUSIVE MODE"),
}


@asynccontextmanager
async def writes_blocked(database_url: str) -> AsyncIterator[None]:
    """Nobody else writes operations until the block ends; reading goes on."""
    engine = create_async_engine(database_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            for statement in BLOCK[make_url(database_url).get_backend_name()]:
                await connection.exec_driver_sql(statement)
            yield
            await connection.exec_driver_sql("ROLLBACK")
    finally:
        await engine.dispose()
