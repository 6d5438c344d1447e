"""Locks of PostgreSQL: on rows, and by name."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from sqlalchemy import Select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from store.dialects.locks import Locks

SHARE_LOCKS = text(
    "SELECT pg_advisory_xact_lock_shared(key) FROM unnest(CAST(:keys AS bigint[])) AS named(key)"
)
EXCLUSIVE_LOCK = text("SELECT pg_advisory_xact_lock(CAST(:key AS bigint))")


class PostgresqlLocks(Locks):
    def lock_rows(self, statement: Select[Any]) -> Select[Any]:
        return statement.with_for_update()

    async def share_locks(self, connection: AsyncConnection, names: Sequence[str]) -> None:
        keys = sorted({lock_key(name) for name in names})  # one order, so that nobody deadlocks
        await connection.execute(SHARE_LOCKS, {"keys": keys})

    async def exclusive_lock(self, connection: AsyncConnection, name: str) -> None:
        await connection.execute(EXCLUSIVE_LOCK, {"key": lock_key(name)})


def lock_key(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), signed=True)
