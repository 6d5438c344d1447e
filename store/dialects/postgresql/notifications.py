"""PostgreSQL's LISTEN and NOTIFY as the bell between server processes."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

CHANNEL = "trackstore_live"


@dataclass(frozen=True, slots=True)
class ListenConnection:
    connection: AsyncConnection
    driver: Any

    @classmethod
    async def open(cls, engine: AsyncEngine) -> "ListenConnection":
        connection = await engine.connect()
        try:
            raw = await connection.get_raw_connection()
            driver = raw.driver_connection
            raw.detach()
        except BaseException:
            await connection.close()
            raise
        return cls(connection, driver)

    @contextmanager
    def answering(self, seconds: float) -> Iterator[None]:
        self.driver.watchdog.arm(seconds)
        try:
            yield
        finally:
            self.driver.watchdog.disarm()

    async def close(self) -> None:
        self.driver.terminate()
        await self.connection.close()


class PostgresqlNotificationChannel:
    """Two connections of its own: one hears, one rings.

    Ringing is a transaction of its own after the one it tells of: inside of it, it would make all
    writers commit one after the other. It does not wait for the disk: nothing is lost with a hint.
    A connection that only hears would not notice that it hears nothing any more: it is asked
    something every ``silence_seconds``, and has as long to answer.
    """

    def __init__(self, engine: AsyncEngine, silence_seconds: float) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._silence_seconds = silence_seconds
        self._hears: ListenConnection | None = None
        self._rings: ListenConnection | None = None
        self._checking: asyncio.Task[None] | None = None

    async def listen(self, on_message: Callable[[str], None], on_lost: Callable[[], None]) -> None:
        await self._stop_listening()

        def hear(_connection: Any, _pid: int, _channel: str, payload: str) -> None:
            on_message(payload)

        # Kept at once: whoever is stopped meanwhile closes it.
        self._hears = line = await ListenConnection.open(self._engine)
        line.driver.add_termination_listener(lambda _connection: on_lost())
        with line.answering(self._silence_seconds):
            await line.driver.add_listener(CHANNEL, hear)
        self._checking = asyncio.create_task(self._check(line), name="live-check")

    async def _check(self, line: ListenConnection) -> None:
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            while True:
                await asyncio.sleep(self._silence_seconds)
                with line.answering(self._silence_seconds):
                    await line.driver.execute("SELECT 1")
        line.driver.terminate()

    async def _stop_listening(self) -> None:
        checking, self._checking = self._checking, None
        if checking is not None:
            checking.cancel()
            with suppress(asyncio.CancelledError):
                await checking
        line, self._hears = self._hears, None
        if line is not None:
            await line.close()

    async def notify(self, hints: list[str]) -> None:
        if self._rings is None:
            self._rings = await ListenConnection.open(self._engine)
            with self._rings.answering(self._silence_seconds):
                await self._rings.driver.execute("SET synchronous_commit = off")
        line = self._rings
        try:
            with line.answering(self._silence_seconds):
                await line.driver.executemany(
                    "SELECT pg_notify($1, $2)", [(CHANNEL, hint) for hint in hints]
                )
        except BaseException:
            self._rings = None
            await line.close()
            raise

    async def close(self) -> None:
        await self._stop_listening()
        line, self._rings = self._rings, None
        if line is not None:
            await line.close()
