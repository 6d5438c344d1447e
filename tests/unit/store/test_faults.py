"""What the errors of a database are to a caller: try again, ask for less, or a mistake of ours."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Table, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from models import LimitUsage, table_of
from store.database import ContentionError, Database, DatabaseFailureError
from store.dialects import Fault, PoolSettings, Rows, dialect_for
from store.errors import InvalidInputError, OverloadedError, QueryTimeoutError, StoreError
from tests.unit.store.conftest import NOON
from tests.unit.store.rows import insert, v7_at

Write = Callable[[AsyncConnection, Table, Rows], Awaitable[Any]]
TABLE = table_of(LimitUsage)
ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
INSIDE = ("limit_usages", "SELECT", "INSERT", "sqlite", "asyncpg", "127.0.0.1", ".db")


def quick(url: str, **settings: float) -> Database:
    """A database that gives up soon."""
    return Database(url, PoolSettings(**{"size": 2, "overflow": 0, **settings}))  # type: ignore[arg-type]  # numbers all


async def read(database: Database, statement: str) -> None:
    """Run a statement on a reader's connection."""
    async with database.read() as connection:
        await connection.execute(text(statement))


def assert_discreet(error: StoreError) -> None:
    """The message says nothing of the inside, and that the same call may succeed later."""
    assert error.retryable
    assert not [word for word in INSIDE if word in error.message]


async def in_transaction(
    database: Database, write: Write, rows: Rows, error: type[Exception] | None = None
) -> None:
    """Write rows, and raise where an error is given."""
    async with database.write() as connection:
        await write(connection, TABLE, rows)
        if error is not None:
            raise error


async def test_a_statement_that_takes_too_long(database_url: str) -> None:
    database = quick(database_url, statement_seconds=0.2)
    with pytest.raises(
        QueryTimeoutError, match=r"took longer than 0\.2 s\. Request less at once"
    ) as told:
        await asyncio.wait_for(read(database, ENDLESS), 20)
    assert_discreet(told.value)
    await read(database, "SELECT 1")
    await database.close()


async def test_no_connection_left(database_url: str) -> None:
    database = quick(database_url, wait_seconds=0.1)

    async def hold(number: int) -> None:
        async with database.read() as connection:
            await connection.execute(text("SELECT 1"))
            if number:
                await hold(number - 1)

    with pytest.raises(OverloadedError, match="not available right now: try again") as told:
        await hold(10)
    assert_discreet(told.value)
    await read(database, "SELECT 1")
    await database.close()


async def test_a_database_that_is_not_there(dialect: str, tmp_path: Path) -> None:
    urls = {"sqlite": f"sqlite:///{tmp_path}", "postgresql": "postgresql://127.0.0.1:1/none"}
    database = quick(urls[dialect], wait_seconds=1)
    for unit in (database.read, database.write):
        with pytest.raises(OverloadedError, match="not available right now: try again") as told:
            async with unit() as connection:
                await connection.execute(text("SELECT 1"))
        assert_discreet(told.value)
    await database.close()
    await asyncio.sleep(0.1)  # threads of connections that never opened end a moment later


async def test_a_connection_that_was_cut(database: Database, dialect: str) -> None:
    if dialect == "sqlite":
        return  # an embedded database has no connection that could be cut
    with pytest.raises(OverloadedError) as told:
        await read(database, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert_discreet(told.value)
    await read(database, "SELECT 1")


async def test_a_lock_that_is_not_given_up(database_url: str, dialect: str) -> None:
    database = quick(database_url, lock_seconds=0.2)
    id = v7_at(NOON, 1)
    await insert(
        database, TABLE, [dict(zip(TABLE.c.keys(), ("a", id, NOON, 1, 0, NOON), strict=True))]
    )
    locked = database.dialect.locks.lock_rows(select(TABLE))

    async def lock() -> None:
        async with database.write() as connection:
            await connection.execute(locked)

    if dialect == "sqlite":
        # One writer at a time: the next one waits for its turn, and nobody gives up.
        async with database.write():
            waiting = asyncio.create_task(lock())
            await asyncio.sleep(0.3)
            assert not waiting.done()
        await waiting
    else:
        async with database.write() as connection:
            await connection.execute(locked)
            with pytest.raises(ContentionError) as told:
                await lock()
        assert_discreet(told.value)
        assert told.value.code == "OVERLOADED"
    await database.close()


async def test_a_deadlock_lets_one_of_two_through(database: Database, dialect: str) -> None:
    if dialect == "sqlite":
        return  # one writer cannot lock itself out
    ids = [v7_at(NOON, 1), v7_at(NOON, 2)]
    names = TABLE.c.keys()
    rows = [dict(zip(names, ("a", id, NOON, 1, 0, NOON), strict=True)) for id in ids]
    await insert(database, TABLE, rows)

    async def lock(order: Sequence[int], barrier: asyncio.Barrier) -> None:
        async with database.write() as connection:
            for place in order:
                mine = select(TABLE).where(TABLE.c.limit_id == ids[place])
                await connection.execute(database.dialect.locks.lock_rows(mine))
                with suppress(asyncio.BrokenBarrierError, TimeoutError):
                    await asyncio.wait_for(barrier.wait(), 0.5)

    barrier = asyncio.Barrier(2)
    results = await asyncio.gather(
        lock([0, 1], barrier), lock([1, 0], barrier), return_exceptions=True
    )
    assert [type(r) for r in results if r is not None] == [ContentionError]


@pytest.mark.parametrize("used", [None, 2**70], ids=["null", "too large"])
async def test_what_no_database_takes_is_a_mistake_of_ours(
    database: Database, used: object
) -> None:
    """Not something to be sent again: the error must not look like a database that is busy."""
    dialect = database.dialect
    for write in (
        dialect.rows.bulk_insert,
        dialect.rows.insert_ignoring_duplicates,
        dialect.rows.insert_new,
    ):
        with pytest.raises((DatabaseFailureError, OverflowError)):
            await in_transaction(database, write, [("a", v7_at(NOON, 1), NOON, used, 0, NOON)])


async def test_a_statement_that_is_wrong_is_a_mistake_of_ours(database: Database) -> None:
    with pytest.raises(DatabaseFailureError):
        await read(database, "SELECT nothing FROM nowhere")
    assert not issubclass(DatabaseFailureError, StoreError), "or callers would see its inside"


async def test_a_write_that_raises_is_rolled_back(database: Database) -> None:
    rows = [("a", v7_at(NOON, 1), NOON, 1, 0, NOON)]
    with pytest.raises(KeyError):
        await in_transaction(database, database.dialect.rows.bulk_insert, rows, KeyError)
    async with database.read() as connection:
        assert (await connection.execute(select(TABLE))).first() is None


def wrapped(original: Exception) -> DBAPIError:
    """An error of the driver as SQLAlchemy hands it on."""
    return DBAPIError("SELECT 1", {}, original)


@pytest.mark.parametrize(
    ("text_", "fault"),
    [
        ("database is locked", Fault.CONTENTION),
        ("database table is locked", Fault.CONTENTION),
        ("interrupted", Fault.TIMEOUT),
        ("unable to open database file", Fault.UNAVAILABLE),
        ("disk I/O error", Fault.UNAVAILABLE),
        ("database or disk is full", Fault.UNAVAILABLE),
        ("attempt to write a readonly database", Fault.UNAVAILABLE),
        ("out of memory", Fault.UNAVAILABLE),
        ("locking protocol", Fault.CONTENTION),
        ("no such table: x", Fault.OTHER),
    ],
)
def test_faults_of_sqlite(tmp_path: Path, text_: str, fault: Fault) -> None:
    dialect = dialect_for(f"sqlite:///{tmp_path / 'x.db'}", PoolSettings())
    error = sqlite3.OperationalError(text_)
    assert dialect.errors.fault(error) is dialect.errors.fault(wrapped(error)) is fault
    assert dialect.errors.fault(PoolTimeout()) is Fault.UNAVAILABLE
    assert dialect.errors.fault(sqlite3.IntegrityError("NOT NULL")) is Fault.OTHER


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("SQLITE_READONLY_DIRECTORY", Fault.UNAVAILABLE),
        ("SQLITE_IOERR_WRITE", Fault.UNAVAILABLE),
        ("SQLITE_CANTOPEN_ISDIR", Fault.UNAVAILABLE),
        ("SQLITE_FULL", Fault.UNAVAILABLE),
        ("SQLITE_BUSY_SNAPSHOT", Fault.CONTENTION),
        ("SQLITE_CORRUPT", Fault.OTHER),
        ("SQLITE_NOTADB", Fault.OTHER),
        ("SQLITE_ERROR", Fault.OTHER),
    ],
)
def test_faults_of_sqlite_by_their_code(tmp_path: Path, name: str, fault: Fault) -> None:
    """The text may be in any words, such as those of a file system."""
    error = sqlite3.DatabaseError("x")
    error.sqlite_errorname = name
    assert (
        dialect_for(f"sqlite:///{tmp_path / 'x.db'}", PoolSettings()).errors.fault(error) is fault
    )


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (asyncpg.DeadlockDetectedError(), Fault.CONTENTION),
        (asyncpg.SerializationError(), Fault.CONTENTION),
        (asyncpg.LockNotAvailableError(), Fault.CONTENTION),
        (asyncpg.QueryCanceledError(), Fault.TIMEOUT),
        (asyncpg.AdminShutdownError(), Fault.UNAVAILABLE),
        (asyncpg.CrashShutdownError(), Fault.UNAVAILABLE),
        (asyncpg.CannotConnectNowError(), Fault.UNAVAILABLE),
        (asyncpg.TooManyConnectionsError(), Fault.UNAVAILABLE),
        (asyncpg.DiskFullError(), Fault.UNAVAILABLE),
        (asyncpg.OutOfMemoryError(), Fault.UNAVAILABLE),
        (asyncpg.ReadOnlySQLTransactionError(), Fault.UNAVAILABLE),
        (asyncpg.InvalidPasswordError(), Fault.UNAVAILABLE),
        (asyncpg.InvalidAuthorizationSpecificationError(), Fault.UNAVAILABLE),
        (asyncpg.InvalidCatalogNameError(), Fault.UNAVAILABLE),
        (asyncpg.InsufficientPrivilegeError(), Fault.UNAVAILABLE),
        (asyncpg.ObjectNotInPrerequisiteStateError(), Fault.UNAVAILABLE),
        (asyncpg.PostgresIOError(), Fault.UNAVAILABLE),
        (asyncpg.IdleInTransactionSessionTimeoutError(), Fault.UNAVAILABLE),
        (asyncpg.InvalidCachedStatementError(), Fault.CONTENTION),
        (asyncpg.ProtocolError("unexpected message"), Fault.UNAVAILABLE),
        (asyncpg.TargetServerAttributeNotMatched("none is primary"), Fault.UNAVAILABLE),
        (MemoryError(), Fault.UNAVAILABLE),
        (asyncpg.UndefinedFileError(), Fault.OTHER),
        (asyncpg.UndefinedFunctionError(), Fault.OTHER),
        (asyncpg.UndefinedColumnError(), Fault.OTHER),
        (asyncpg.PostgresSyntaxError(), Fault.OTHER),
        (asyncpg.ConnectionDoesNotExistError(), Fault.UNAVAILABLE),
        (asyncpg.InterfaceError("connection is closed"), Fault.UNAVAILABLE),
        (asyncpg.exceptions._base.DataError("invalid input for query argument"), Fault.OTHER),
        (asyncpg.NotNullViolationError(), Fault.OTHER),
        (asyncpg.UndefinedTableError(), Fault.OTHER),
        (ConnectionRefusedError(), Fault.UNAVAILABLE),
        (TimeoutError(), Fault.UNAVAILABLE),
        (ValueError(), Fault.OTHER),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.value,
)
def test_faults_of_postgresql(error: Exception, fault: Fault) -> None:
    dialect = dialect_for("postgresql://127.0.0.1/none", PoolSettings())
    assert dialect.errors.fault(error) is fault
    assert dialect.errors.fault(PoolTimeout()) is Fault.UNAVAILABLE
    if isinstance(error, asyncpg.PostgresError | asyncpg.InterfaceError):
        assert dialect.errors.fault(wrapped(error)) is fault


@pytest.mark.parametrize("url", ["mysql://h/d", "sqlite://", "sqlite:///:memory:"])
def test_databases_that_are_not_supported(url: str) -> None:
    with pytest.raises(InvalidInputError):
        dialect_for(url, PoolSettings())
