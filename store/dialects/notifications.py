"""PostgreSQL's LISTEN and NOTIFY as the bell between server processes."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

CHANNEL = "trackstore_live"


class PostgresqlBell:
    """Two connections of its own, taken out of the pool: one hears, one rings.

    Ringing is a transaction of its own after the one it tells of: inside of it, it would make all
    writers commit one after the other. It does not wait for the disk: nothing is lost with a hint.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._hears: AsyncConnection | None = None
        self._rings: AsyncConnection | None = None

    async def listen(self, heard: Callable[[str], None], lost: Callable[[], None]) -> None:
        """Hear hints from now on."""
        await self.close()
        self._hears, driver = await self._connect()

        def hear(_connection: Any, _pid: int, _channel: str, payload: str) -> None:
            heard(payload)

        driver.add_termination_listener(lambda _connection: lost())
        await driver.add_listener(CHANNEL, hear)

    async def ring(self, hints: list[str]) -> None:
        """Send hints."""
        if self._rings is None:
            connection, driver = await self._connect()
            await driver.execute("SET synchronous_commit = off")
            self._rings = connection
        else:
            raw = await self._rings.get_raw_connection()
            driver = raw.driver_connection
        try:
            await driver.executemany(
                "SELECT pg_notify($1, $2)", [(CHANNEL, hint) for hint in hints]
            )
        except BaseException:
            broken, self._rings = self._rings, None
            await discard(broken)
            raise

    async def close(self) -> None:
        """Give up both connections."""
        hears, self._hears = self._hears, None
        rings, self._rings = self._rings, None
        for connection in (hears, rings):
            await discard(connection)

    async def _connect(self) -> tuple[AsyncConnection, Any]:
        """A connection that is not the pool's any more, and the driver's own below it."""
        connection = await self._engine.connect()
        raw = await connection.get_raw_connection()
        raw.detach()
        return connection, raw.driver_connection


async def discard(connection: AsyncConnection | None) -> None:
    """Close a connection for good, whatever state it is in."""
    if connection is None:
        return
    raw = await connection.get_raw_connection()
    driver: Any = raw.driver_connection
    driver.terminate()
    await connection.invalidate()
    await connection.close()
