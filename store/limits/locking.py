"""The lock between those who count units and those who set limits of an organization.

Whoever counts reads the limits first and writes the counters later. A limit that is set in between
would miss those units: its usage begins with what the counters hold, and they are not there yet.
"""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from store.dialects import DatabaseDialect


async def lock_limits_shared(
    dialect: DatabaseDialect, connection: AsyncConnection, organizations: Iterable[str]
) -> None:
    """Let nobody set limits of these organizations until the transaction ends."""
    names = [lock_name(organization) for organization in organizations]
    if names:
        await dialect.locks.share_locks(connection, names)


async def lock_limits_exclusively(
    dialect: DatabaseDialect, connection: AsyncConnection, organization: str
) -> None:
    """Wait for all that count units of an organization; further ones wait for this transaction."""
    await dialect.locks.exclusive_lock(connection, lock_name(organization))


def lock_name(organization: str) -> str:
    return f"limits {organization}"
