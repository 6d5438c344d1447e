"""From a database address to a connection: the server's async drivers, called without await."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from migrations.errors import (
    DatabaseUnreachableError,
    MigrationFailedError,
    UnsupportedDatabaseError,
)
from models.private_files import create_private_file, create_private_folder

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
CONNECT_SECONDS = 30
"""How long a connection may take to come about, and a read may wait for a busy SQLite file."""
STATEMENT_TIMED_OUT = "57014"
THREAD_SECONDS = 0.05
"""The thread of a SQLite connection that could not be opened ends in this time; it needs the loop."""
SQLITE_PROBLEMS = {
    "SQLITE_FULL": "the disk of {file} is full: make room, then start again",
    "SQLITE_IOERR": "the disk of {file} is full or reports errors: make room or check it, then start again",
    "SQLITE_CANTOPEN": "{file} cannot be opened: check that it is a file, that its folder exists and "
    "has room, and that this account may write there",
    "SQLITE_READONLY": "{file} is read-only: this account must be able to write the file and its folder",
    "SQLITE_NOTADB": "{file} is not a SQLite database: name another file with --database-url",
    "SQLITE_CORRUPT": "{file} is damaged: restore it from a backup",
}
"""What is wrong, by the name of SQLite's error, which extended codes begin with."""

Result = TypeVar("Result")


def database_url(url: str) -> URL:
    """Return ``url`` with the async driver of its database; raise ``UnsupportedDatabaseError``."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UnsupportedDatabaseError(
            "the database address is not a URL: use sqlite:///FILE or postgresql://USER@HOST/NAME"
        ) from None
    driver = DRIVERS.get(parsed.get_backend_name())
    if driver is None:
        raise UnsupportedDatabaseError(
            f"{parsed.get_backend_name()} is not supported: use sqlite:///FILE or postgresql://..."
        )
    if driver == DRIVERS["sqlite"] and parsed.database in (None, "", ":memory:"):
        raise UnsupportedDatabaseError(
            "SQLite in memory ends with its connection: use a file, sqlite:///trackstore.db"
        )
    return _with_asyncpg_tls(parsed.set(drivername=driver))


def _with_asyncpg_tls(url: URL) -> URL:
    mode = url.query.get("sslmode")
    if mode is None:
        return url
    return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})


def with_connection(url: str, work: Callable[[Connection], Result], create: bool = False) -> Result:
    """Run ``work`` on a new connection to ``url``, close it, and return the result.

    Blocks until it is done, wherever it is called from: under a running event loop the work goes
    to a thread with a loop of its own. A SQLite file that does not exist is made if ``create``,
    else an empty database in memory stands in for it, so that looking leaves nothing behind.
    """
    target = database_url(url)
    file = _missing_file(target)
    if file is not None and create:
        create_private_folder(file.parent)
        create_private_file(file)
    elif file is not None:
        target = target.set(database=":memory:", query={})
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_work(target, work))
    with ThreadPoolExecutor(1, "migrations") as thread:
        return thread.submit(asyncio.run, _work(target, work)).result()


def _missing_file(url: URL) -> Path | None:
    if url.get_backend_name() != "sqlite" or url.query.get("uri"):
        return None
    file = Path(str(url.database))
    return None if file.exists() else file


async def _work(url: URL, work: Callable[[Connection], Result]) -> Result:
    async with _connection(url) as connection:
        try:
            return await connection.run_sync(work)
        except DBAPIError as error:
            raise MigrationFailedError(_explanation(url, error)) from error
        except SQLAlchemyError as error:
            raise MigrationFailedError(str(error)) from error


@asynccontextmanager
async def _connection(url: URL) -> AsyncIterator[AsyncConnection]:
    engine = create_async_engine(url, poolclass=NullPool, connect_args={"timeout": CONNECT_SECONDS})
    try:
        connection = await _connect(engine)
        try:
            yield connection
        finally:
            await connection.close()
    finally:
        await engine.dispose()


async def _connect(engine: AsyncEngine) -> AsyncConnection:
    try:
        return await engine.connect()
    except (OSError, SQLAlchemyError) as error:
        if problem := sqlite_problem(engine.url, error):
            await asyncio.sleep(THREAD_SECONDS)
            raise DatabaseUnreachableError(problem) from error
        raise DatabaseUnreachableError(
            f"no connection to {engine.url.render_as_string(hide_password=True)}: "
            f"{_reason(error)}; check the address, and that the database runs"
        ) from error


def sqlstate(error: DBAPIError) -> str | None:
    code: Any = getattr(error.orig, "sqlstate", None)
    return code if isinstance(code, str) else None


def sqlite_problem(url: URL, error: BaseException) -> str | None:
    """Return what is wrong with a SQLite file and what to do about it; None for anything else."""
    original = error.orig if isinstance(error, DBAPIError) else None
    name = getattr(original, "sqlite_errorname", None) or ""
    for prefix, problem in SQLITE_PROBLEMS.items():
        if name == prefix or name.startswith(f"{prefix}_"):
            return problem.format(file=url.database)
    return None


def _explanation(url: URL, error: DBAPIError) -> str:
    if problem := sqlite_problem(url, error):
        return problem
    if sqlstate(error) == STATEMENT_TIMED_OUT:
        return (
            "a statement of the migration took longer than it may and was rolled back: "
            "run it at a quiet hour, or allow more time"
        )
    return f"the database refused the migration: {_reason(error)}"


def _reason(error: BaseException) -> str:
    inner = error.orig if isinstance(error, DBAPIError) else error
    return str(inner or error) or type(error).__name__
