"""One migration at a time: several servers may start at once on one database."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, func, select
from sqlalchemy.exc import DBAPIError

from migrations.connections import sqlstate
from migrations.errors import DatabaseBusyError, UnsupportedDatabaseError

Report = Callable[[str], None]

OLDEST_POSTGRESQL = (15,)
ADVISORY_LOCK_KEY = 0x747261636B2D6D67
"""The advisory lock of migrations, the same in every version: the bytes of ``track-mg``."""
POLL_SECONDS = 0.1
LOCK_NOT_AVAILABLE = "55P03"
DEADLOCK_DETECTED = "40P01"
PRIMARY_CODE = 0xFF
"""The part of a SQLite error code that tells its kind; the rest tells the variety."""


@dataclass(frozen=True, slots=True)
class MigrationTimeouts:
    """How long a migration waits for others, in seconds, before it gives up with nothing changed.

    ``lock`` is short because every query on a table queues up behind a migration that waits for
    it; so it lets go and tries ``attempts`` times with a ``pause`` between. ``statement`` bounds
    one statement (a new index reads a whole table), ``migration_lock`` another server's whole migration.
    """

    lock: float = 5.0
    attempts: int = 5
    pause: float = 2.0
    statement: float = 900.0
    turn: float = 600.0


@contextmanager
def migration_lock(
    connection: Connection, timeouts: MigrationTimeouts, report: Report
) -> Iterator[None]:
    """Hold the database's only turn to migrate; what was done is committed when the block ends.

    The turn ends with the connection, so that a killed process leaves none behind.
    Raises ``DatabaseBusyError``.
    """
    if connection.dialect.name == "sqlite":
        _begin_immediate(connection, timeouts, report)
    else:
        _set_timeouts(connection, timeouts)
        _wait(lambda: _try_advisory_lock(connection), timeouts, report)
    yield
    connection.commit()


def _wait(take: Callable[[], bool], timeouts: MigrationTimeouts, report: Report) -> None:
    deadline = time.monotonic() + timeouts.turn
    reported = False
    while not take():
        if time.monotonic() >= deadline:
            raise DatabaseBusyError(
                f"another process has been migrating this database for {timeouts.turn:g} s: "
                "wait until it is done and start again, or end it if it hangs"
            )
        if not reported:
            report("waiting: another process is migrating this database")
            reported = True
        time.sleep(POLL_SECONDS)


# --- PostgreSQL ---------------------------------------------------------------------------------


def _set_timeouts(connection: Connection, timeouts: MigrationTimeouts) -> None:
    version = connection.dialect.server_version_info or OLDEST_POSTGRESQL
    if version < OLDEST_POSTGRESQL:
        raise UnsupportedDatabaseError(
            f"PostgreSQL {version[0]} is too old: Trackstore needs {OLDEST_POSTGRESQL[0]} or newer"
        )
    for name, seconds in (
        ("lock_timeout", timeouts.lock),
        ("statement_timeout", timeouts.statement),
    ):
        connection.execute(select(func.set_config(name, f"{seconds * 1000:.0f}ms", False)))
    connection.commit()


def _try_advisory_lock(connection: Connection) -> bool:
    """Take the session's lock without waiting in the database.

    A session that waits inside ``pg_advisory_lock`` holds a snapshot, which an index built
    concurrently by the holder would wait for: a deadlock. So the waiting is done outside.
    """
    taken = connection.scalar(select(func.pg_try_advisory_lock(ADVISORY_LOCK_KEY)))
    connection.commit()
    return bool(taken)


def retry_when_locked(
    work: Callable[[], None], connection: Connection, timeouts: MigrationTimeouts, report: Report
) -> None:
    """Run ``work`` again while running transactions refuse it a lock; raises ``DatabaseBusyError``."""
    for attempt in range(1, timeouts.attempts + 1):
        try:
            return work()
        except DBAPIError as error:
            if sqlstate(error) not in (LOCK_NOT_AVAILABLE, DEADLOCK_DETECTED):
                raise
            connection.rollback()
            if attempt == timeouts.attempts:
                raise DatabaseBusyError(
                    f"a table stayed locked by others in {attempt} tries of {timeouts.lock:g} s: "
                    "pg_stat_activity shows who holds it; end that transaction and migrate again"
                ) from error
            report(f"a table is locked by others: try {attempt + 1} of {timeouts.attempts} follows")
            time.sleep(timeouts.pause)
    return None


# --- SQLite -------------------------------------------------------------------------------------


def _begin_immediate(connection: Connection, timeouts: MigrationTimeouts, report: Report) -> None:
    """Take the file's write lock, in WAL mode, with the driver's own transactions switched off.

    Going over to WAL is refused at once, whatever the busy timeout, while another process is
    opening the file; hence the waiting here.
    """
    driver = connection.connection.dbapi_connection
    assert driver is not None
    driver.isolation_level = None

    def take() -> bool:
        try:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except DBAPIError as error:
            if not _is_busy(error):
                raise
            connection.rollback()
            return False
        return True

    connection.exec_driver_sql(f"PRAGMA busy_timeout={POLL_SECONDS * 1000:.0f}")
    _wait(take, timeouts, report)


def _is_busy(error: DBAPIError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & PRIMARY_CODE in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
