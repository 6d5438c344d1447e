"""Fresh databases for tests, each a copy of a template that was migrated once."""

import asyncio
import shutil
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cached_property
from pathlib import Path
from typing import ClassVar, TypeVar
from uuid import uuid4

import pytest
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from store.database import Database
from store.ids import utc_now
from store.maintenance.partitions import Partitions
from tests.support.postgres import PostgresUnavailableError

T = TypeVar("T")
Migrate = Callable[[str], None]

OLDEST_POSTGRES = 15
ON_SQLITE = pytest.mark.parametrize(
    "databases",
    [pytest.param("sqlite", marks=pytest.mark.sqlite)],
    indirect=True,
    scope="session",
)
"""For what does not depend on the database."""
ON_POSTGRESQL = pytest.mark.parametrize(
    "databases",
    [pytest.param("postgresql", marks=pytest.mark.postgresql)],
    indirect=True,
    scope="session",
)
"""For what only PostgreSQL does."""


class Databases(ABC):
    """Hands out databases of one dialect; each is dropped when its context ends."""

    dialect: ClassVar[str]

    @abstractmethod
    def empty(self) -> AbstractContextManager[str]:
        """Give the URL of a database without tables."""

    @abstractmethod
    def migrated(self) -> AbstractContextManager[str]:
        """Give the URL of a database at the newest revision, without rows of another test."""

    @abstractmethod
    def prepared(self) -> AbstractContextManager[str]:
        """Give the URL of a migrated database with the partitions that a server's start creates.

        They take most of a first start, which each test would wait for.
        """


class SqliteDatabases(Databases):
    """Databases that are files of one folder."""

    dialect = "sqlite"

    def __init__(self, folder: Path, migrate: Migrate) -> None:
        self._folder = folder
        self._migrate = migrate

    @contextmanager
    def empty(self) -> Iterator[str]:
        file = self._folder / f"{uuid4().hex}.db"
        try:
            yield self._url(file)
        finally:
            for suffix in ("", "-wal", "-shm", "-journal"):
                file.with_name(file.name + suffix).unlink(missing_ok=True)

    @contextmanager
    def migrated(self) -> Iterator[str]:
        with self.empty() as url:
            file = self._folder / url.rpartition("/")[2]
            shutil.copyfile(self._template, file)
            file.chmod(0o600)  # as the software makes it
            yield url

    def prepared(self) -> AbstractContextManager[str]:
        return self.migrated()

    @cached_property
    def _template(self) -> Path:
        file = self._folder / "template.db"
        _apart(lambda: self._migrate(self._url(file)))
        with closing(sqlite3.connect(file)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # a copy is one file then
        return file

    @staticmethod
    def _url(file: Path) -> str:
        return URL.create("sqlite+aiosqlite", database=str(file)).render_as_string()


class PostgresDatabases(Databases):
    """Databases of one PostgreSQL, reached by a user that may create them."""

    dialect = "postgresql"

    def __init__(self, server: URL, migrate: Migrate) -> None:
        self._server = server
        self._migrate = migrate
        self._templates: list[str] = []
        self._administrator = Administrator(server)
        try:
            version = self._execute("SHOW server_version_num")
        except (OSError, SQLAlchemyError) as error:
            self._administrator.close()
            raise PostgresUnavailableError(f"No PostgreSQL at {server}: {error}") from error
        if int(str(version)) < OLDEST_POSTGRES * 10_000:
            self._administrator.close()
            raise PostgresUnavailableError(f"{server} is older than PostgreSQL {OLDEST_POSTGRES}")

    @contextmanager
    def empty(self) -> Iterator[str]:
        with self._database("template1") as url:
            yield url

    @contextmanager
    def migrated(self) -> Iterator[str]:
        with self._database(self._template) as url:
            yield url

    @contextmanager
    def prepared(self) -> Iterator[str]:
        with self._database(self._prepared_template) as url:
            yield url

    def close(self) -> None:
        """Drop the template; a server that others use keeps nothing of ours."""
        while self._templates:
            self._execute(f'DROP DATABASE "{self._templates.pop()}" WITH (FORCE)')
        self._administrator.close()

    @contextmanager
    def _database(self, template: str) -> Iterator[str]:
        name = f"trackstore_test_{uuid4().hex}"
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield self._url(name)
        finally:
            self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @cached_property
    def _template(self) -> str:
        return self._new_template(self._migrate)

    @cached_property
    def _prepared_template(self) -> str:
        def prepare(url: str) -> None:
            self._migrate(url)
            asyncio.run(create_partitions(url))

        return self._new_template(prepare)

    def _new_template(self, fill: Migrate) -> str:
        name = f"trackstore_template_{uuid4().hex}"
        self._execute(f'CREATE DATABASE "{name}"')
        self._templates.append(name)
        _apart(lambda: fill(self._url(name)))
        # A database that somebody is connected to cannot be copied.
        self._execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        self._execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"  # noqa: S608 our own name
            f" WHERE datname = '{name}'"
        )
        return name

    def _url(self, database: str) -> str:
        return self._server.set(database=database).render_as_string(hide_password=False)

    def _execute(self, statement: str) -> object:
        return self._administrator.execute(statement)


class Administrator:
    """Executes statements one by one on a connection of its own, in a thread of its own.

    Fixtures ask for databases where an event loop runs already, and connecting for each statement
    costs more than most of them.
    """

    def __init__(self, server: URL) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._loop = asyncio.new_event_loop()
        self._engine = create_async_engine(
            server, isolation_level="AUTOCOMMIT", pool_size=1, pool_pre_ping=True
        )

    def execute(self, statement: str) -> object:
        """Return the first value of the first row; None where there is none."""
        return self._run(self._execute(statement))

    def close(self) -> None:
        """Close the connection and end the thread."""
        self._run(self._engine.dispose())
        self._thread.shutdown()
        self._loop.close()

    def _run(self, work: Coroutine[None, None, T]) -> T:
        return self._thread.submit(self._loop.run_until_complete, work).result()

    async def _execute(self, statement: str) -> object:
        async with self._engine.connect() as connection:
            result = await connection.exec_driver_sql(statement)
            return result.scalar() if result.returns_rows else None


async def create_partitions(url: str) -> None:
    """Create the partitions of this month and the next ones, as a server does when it starts."""
    database = Database(url)
    await Partitions(database.dialect, utc_now).ensure_ahead()
    await database.close()


def _apart(work: Callable[[], T]) -> T:
    """Run in a thread of its own, where no event loop runs yet, whoever asks for the fixture."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(work).result()
