"""PostgreSQL's LISTEN and NOTIFY as the bell between server processes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

CHANNEL = "trackstore_live"


@dataclass(frozen=True, slots=True)
class Line:
    """A connection that is not the pool's any more, and the driver's own below it."""

    connection: AsyncConnection
    driver: Any

    @classmethod
    async def open(cls, engine: AsyncEngine) -> "Line":
        """Taken out of the pool for good."""
        connection = await engine.connect()
        try:
            raw = await connection.get_raw_connection()
            driver = raw.driver_connection
            raw.detach()
        except BaseException:
            await connection.close()
            raise
        return cls(connection, driver)

    async def close(self) -> None:
        """Whatever state it is in."""
        self.driver.terminate()
        await self.connection.close()


class PostgresqlBell:
    """Two connections of its own: one hears, one rings.

    Ringing is a transaction of its own after the one it tells of: inside of it, it would make all
    writers commit one after the other. It does not wait for the disk: nothing is lost with a hint.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._hears: Line | None = None
        self._rings: Line | None = None

    async def listen(self, heard: Callable[[str], None], lost: Callable[[], None]) -> None:
        """Hear hints from now on."""
        if self._hears is not None:
            hears, self._hears = self._hears, None
            await hears.close()

        def hear(_connection: Any, _pid: int, _channel: str, payload: str) -> None:
            heard(payload)

        # Kept at once: whoever is stopped meanwhile closes it.
        self._hears = line = await Line.open(self._engine)
        line.driver.add_termination_listener(lambda _connection: lost())
        await line.driver.add_listener(CHANNEL, hear)

    async def ring(self, hints: list[str]) -> None:
        """Send hints."""
        if self._rings is None:
            self._rings = await Line.open(self._engine)
            await self._rings.driver.execute("SET synchronous_commit = off")
        line = self._rings
        try:
            await line.driver.executemany(
                "SELECT pg_notify($1, $2)", [(CHANNEL, hint) for hint in hints]
            )
        except BaseException:
            self._rings = None
            await line.close()
            raise

    async def close(self) -> None:
        """Give up both connections."""
        lines = [line for line in (self._hears, self._rings) if line is not None]
        self._hears = self._rings = None
        for line in lines:
            await line.close()
