"""A PostgreSQL database that belongs to an ordinary role, and the superuser that takes rights away."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from migrations.runner import upgrade


@dataclass(frozen=True)
class OwnDatabase:
    """A migrated database, its owner, and how a superuser reaches it."""

    server: URL
    name: str
    role: str

    @property
    def url(self) -> str:
        """The address for the server under test: the role is no superuser."""
        address = self.server.set(username=self.role, database=self.name)
        return address.render_as_string(hide_password=False)

    async def run(self, *statements: str, inside: bool = False) -> None:
        """Run statements as the superuser; ``inside`` the database instead of beside it.

        ``{db}`` and ``{role}`` stand for the names.
        """
        address = self.server.set(database=self.name) if inside else self.server
        engine = create_async_engine(address, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        try:
            async with engine.connect() as connection:
                for statement in statements:
                    text = statement.format(db=self.name, role=self.role)
                    await connection.exec_driver_sql(text)
        finally:
            await engine.dispose()

    async def cut(self) -> None:
        """End every connection of the role, as a failover or a restart does."""
        await self.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{role}'"
        )


@asynccontextmanager
async def own_database(
    server: URL, setup: Sequence[str] = (), tablespace: str = "pg_default"
) -> AsyncIterator[OwnDatabase]:
    """Make a role and its database; drop both at the end."""
    suffix = uuid4().hex[:12]
    own = OwnDatabase(server, f"refusing_{suffix}", f"role_{suffix}")
    create = "CREATE DATABASE {db} OWNER {role} TABLESPACE " + tablespace
    await own.run("CREATE ROLE {role} LOGIN", *setup, create)
    try:
        await asyncio.to_thread(upgrade, own.url)
        yield own
    finally:
        await own.run("DROP DATABASE IF EXISTS {db} WITH (FORCE)", "DROP ROLE {role}")
