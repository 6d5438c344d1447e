"""Connections to PostgreSQL that fall silent are noticed, closed here, and ended in the database.

A network that drops packets, or a proxy that stops forwarding, resets nothing: whoever waits for an
answer would wait for ever. Every statement has a deadline, and what is unanswered for longer than
``silence_seconds`` is checked over another connection: a database that works on it may go on until
the deadline, one that has answered long ago cannot be heard.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine
from typing import Any

import asyncpg
from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

from store.dialects.pools import PoolSettings
from store.dialects.postgresql.connection_options import APPLICATION_NAME, keep_alive, transport_of

GRACE_SECONDS = 5.0
"""Beyond the time that the database itself allows a statement: its own refusal comes first."""
CHECKS_PER_SILENCE = 4
"""How often within ``silence_seconds`` the waiting statements are looked at."""
CLOSE_SECONDS = 1.0
MAX_DOOMED_BACKENDS = 1_000
END_TRIES = 5
END_PAUSE_SECONDS = 1.0
STATES = """
SELECT pid, state, wait_event, extract(epoch FROM clock_timestamp() - state_change)::float8 AS since
FROM pg_stat_activity WHERE pid = ANY($1::int[])
"""
END = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid = ANY($1::int[]) AND usename = current_user AND application_name = $2
"""

log = logging.getLogger(__name__)


class WatchedConnection(asyncpg.Connection):
    __slots__ = ("watchdog",)
    watchdog: "Watchdog"

    async def close(self, *, timeout: float | None = None) -> None:
        del timeout
        transport = transport_of(self)
        if self.watchdog.is_distrusted:
            self.watchdog.discard()
            return
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await super().close()
        except TimeoutError:
            self.watchdog.lose()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            pass  # it is closed, one way or the other
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise  # else it was the driver's own, of a statement that was cancelled before
        finally:
            # Once it is closing, the driver does not let itself be terminated any more.
            if transport is not None:
                transport.abort()


class Watchdog:
    """The deadline of what one connection was asked last. Past it the connection is closed.

    Nothing is cancelled: who waits for the answer gets the driver's error for a closed connection.
    A cancelled statement would make the driver wait for an answer that never comes.
    """

    __slots__ = (
        "_driver",
        "_guard",
        "_loop",
        "_timer",
        "_unit_ends",
        "asked_at",
        "is_new",
        "opened_at",
        "pid",
        "strikes",
    )

    def __init__(self, driver: WatchedConnection, guard: "ConnectionGuard") -> None:
        self._driver = driver
        self._guard = guard
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._unit_ends: float | None = None
        self.pid = int(driver.get_server_pid())
        self.asked_at = 0.0
        self.opened_at = time.monotonic()
        self.is_new = True
        self.strikes = 0

    @property
    def is_closed(self) -> bool:
        return bool(self._driver.is_closed())

    @property
    def is_distrusted(self) -> bool:
        return self.opened_at <= self._guard.distrusted_at

    def limit_unit(self, seconds: float | None) -> None:
        """Let everything until ``end_unit`` take so many seconds together."""
        self._unit_ends = None if seconds is None else time.monotonic() + seconds

    def end_unit(self) -> None:
        self.disarm()
        self._unit_ends = None

    def arm(self, seconds: float | None = None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        now = time.monotonic()
        ends = now + (self._guard.statement_seconds if seconds is None else seconds)
        if self._unit_ends is not None:
            ends = min(ends, self._unit_ends)
        self._timer = self._loop.call_later(ends - now, self.close, "did not answer in time")
        self.asked_at, self.strikes = now, 0
        self._guard.wait_for(self)

    def disarm(self) -> None:
        self._stop()

    def close(self, why: str) -> None:
        self._stop()
        if not self.is_closed:
            log.warning("a database connection %s: it is closed", why, extra={"pid": self.pid})
            self._driver.terminate()
            self.lose()

    def lose(self) -> None:
        self._guard.lose(self.pid)

    def discard(self) -> None:
        was_waiting = self._stop()
        if not self.is_closed:
            self._driver.terminate()
            if was_waiting:
                self._guard.end_backend(self.pid)

    def _stop(self) -> bool:
        if self._timer is None:
            return False
        self._timer.cancel()
        self._timer = None
        self._guard.answered(self)
        return True


class ConnectionGuard:
    def __init__(self, pool: PoolSettings) -> None:
        self._silence_seconds = pool.silence_seconds
        self._connect_seconds = pool.wait_seconds
        self.statement_seconds = pool.statement_seconds + GRACE_SECONDS
        self._waiting: dict[Watchdog, None] = {}
        self._checking: asyncio.TimerHandle | None = None
        self.distrusted_at = float("-inf")
        self._doomed: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._address: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})

    async def connect(self, *args: Any, **kwargs: Any) -> WatchedConnection:
        self._address = args, kwargs
        driver: WatchedConnection = await asyncpg.connect(
            *args, **kwargs, connection_class=WatchedConnection
        )
        keep_alive(driver)
        driver.watchdog = Watchdog(driver, self)
        driver.watchdog.arm(self._connect_seconds)  # for what SQLAlchemy asks before it is lent
        return driver

    def attach(self, engine: Engine) -> None:
        @event.listens_for(engine, "checkout")
        def lend(connection: Any, record: Any, proxy: Any) -> None:
            del record, proxy
            watchdog = watchdog_of(connection)
            watchdog.end_unit()
            is_new, watchdog.is_new = watchdog.is_new, False
            if watchdog.is_distrusted and not is_new:
                watchdog.discard()
                raise DisconnectionError  # the pool makes a new one in its place

        @event.listens_for(engine, "checkin")
        def take_back(connection: Any, record: Any) -> None:
            del record
            if connection is not None:
                watchdog_of(connection).end_unit()

        @event.listens_for(engine, "invalidate")
        def give_up(connection: Any, record: Any, error: Any) -> None:
            del record, error
            watchdog_of(connection).discard()

        @event.listens_for(engine, "before_cursor_execute")
        def ask(connection: Any, *statement: Any) -> None:
            del statement
            watchdog_of(connection.connection).arm()

        @event.listens_for(engine, "after_cursor_execute")
        def answer(connection: Any, *statement: Any) -> None:
            del statement
            watchdog_of(connection.connection).disarm()

        @event.listens_for(engine, "commit")
        @event.listens_for(engine, "rollback")
        def end(connection: Any) -> None:
            driver = None if connection.invalidated else connection.connection.driver_connection
            if driver is not None:
                driver.watchdog.arm()

    def wait_for(self, watchdog: Watchdog) -> None:
        self._waiting[watchdog] = None
        if self._checking is None:
            self._check_later()

    def answered(self, watchdog: Watchdog) -> None:
        self._waiting.pop(watchdog, None)

    def lose(self, pid: int) -> None:
        self.distrust()
        self.end_backend(pid)

    def distrust(self) -> None:
        """Replace every connection that is open now before its next use."""
        self.distrusted_at = time.monotonic()

    def end_backend(self, pid: int) -> None:
        if len(self._doomed) < MAX_DOOMED_BACKENDS:
            self._doomed.add(pid)
        self._start(self._end_backends(), "end-backends")

    async def close(self) -> None:
        if self._checking is not None:
            self._checking.cancel()
            self._checking = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- unanswered statements ---------------------------------------------------------------------

    def _check_later(self) -> None:
        pause = self._silence_seconds / CHECKS_PER_SILENCE
        self._checking = asyncio.get_running_loop().call_later(pause, self._check)

    def _check(self) -> None:
        self._checking = None
        if not self._waiting:
            return
        self._check_later()
        before = time.monotonic() - self._silence_seconds
        overdue = {
            watchdog.pid: (watchdog, watchdog.asked_at)
            for watchdog in self._waiting
            if watchdog.asked_at + watchdog.strikes * self._silence_seconds <= before
            and not watchdog.is_closed
        }
        if overdue:
            self._start(self._check_backends(overdue), "check-backends")

    async def _check_backends(self, overdue: dict[int, tuple[Watchdog, float]]) -> None:
        try:
            rows = await self._ask(STATES, list(overdue))
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return  # nothing is known: the deadlines end them
        states = {row["pid"]: row for row in rows}
        for pid, (watchdog, asked_at) in overdue.items():
            if watchdog not in self._waiting or watchdog.asked_at != asked_at:
                continue  # it was answered meanwhile
            watchdog.strikes += 1
            if self._is_silent(states.get(pid), watchdog.strikes):
                watchdog.close("stopped responding")

    def _is_silent(self, row: Any, strikes: int) -> bool:
        if row is None:
            return True  # its backend is gone
        if row["state"] == "active":
            # It waits for the rest of a message, such as a COPY, that was sent long ago.
            return row["wait_event"] == "ClientRead" and strikes > 1
        is_idle = str(row["state"]).startswith("idle")
        return is_idle and row["since"] is not None and row["since"] > self._silence_seconds / 2

    async def _end_backends(self) -> None:
        """End the backends of closed connections: they hold locks, and the feeds wait for them."""
        for _ in range(END_TRIES):
            pids = list(self._doomed)
            try:
                await self._ask(END, pids, APPLICATION_NAME)
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(END_PAUSE_SECONDS)
                continue
            self._doomed.difference_update(pids)
            if not self._doomed:
                return
        log.warning(
            "failed to terminate the sessions of closed connections; PostgreSQL will end them"
        )
        self._doomed.clear()

    async def _ask(self, statement: str, *arguments: Any) -> list[Any]:
        args, kwargs = self._address
        async with asyncio.timeout(self._connect_seconds):
            driver = await asyncpg.connect(*args, **kwargs)
            try:
                rows = list(await driver.fetch(statement, *arguments))
                await driver.close()
            finally:
                driver.terminate()
            return rows

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        if any(task.get_name() == name for task in self._tasks):
            work.close()
            return
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def watchdog_of(connection: Any) -> Watchdog:
    watchdog: Watchdog = connection.driver_connection.watchdog
    return watchdog
