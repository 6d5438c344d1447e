"""Tests of the databases that tests get: fresh, apart from each other, and gone afterwards."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Row, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import create_async_engine

from migrations.revision import NEWEST
from migrations.runner import current
from tests.support.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.support.postgres import PostgresCluster, PostgresUnavailableError


async def execute(url: str, *statements: str) -> list[Row[tuple[object, ...]]]:
    """Run each statement in one transaction and return the rows of the last."""
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            *before, last = statements
            for statement in before:
                await connection.execute(text(statement))
            result = await connection.execute(text(last))
            return list(result.all()) if result.returns_rows else []
    finally:
        await engine.dispose()


def make_table(url: str) -> None:
    """Stand in for the migrations: one table, written through the write-ahead log on SQLite."""
    first = ["PRAGMA journal_mode=WAL"] if make_url(url).get_backend_name() == "sqlite" else []
    statements = (*first, "CREATE TABLE notes (text TEXT)", "INSERT INTO notes VALUES ('template')")
    asyncio.run(execute(url, *statements))


@pytest.fixture(scope="module")
def own_databases(
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Databases]:
    """Databases with a template of one table, so that this file needs no migration."""
    if databases.dialect == "sqlite":
        yield SqliteDatabases(tmp_path_factory.mktemp("own"), make_table)
        return
    own = PostgresDatabases(request.getfixturevalue("postgres_server"), make_table)
    yield own
    own.close()


async def test_copies_are_apart(own_databases: Databases) -> None:
    with own_databases.migrated() as one, own_databases.migrated() as other:
        await execute(one, "INSERT INTO notes VALUES ('mine')")
        assert len(await execute(one, "SELECT * FROM notes")) == 2
        assert len(await execute(other, "SELECT * FROM notes")) == 1


async def test_an_empty_database_has_no_table(empty_database_url: str) -> None:
    with pytest.raises(DBAPIError):
        await execute(empty_database_url, "SELECT * FROM notes")


async def test_a_database_is_gone_after_its_test(own_databases: Databases) -> None:
    with own_databases.migrated() as url:
        engine = create_async_engine(url)
        connection = await engine.connect()  # still open when the context ends
        await connection.execute(text("SELECT * FROM notes"))
    await connection.invalidate()
    await engine.dispose()
    with pytest.raises(DBAPIError):
        await execute(url, "SELECT * FROM notes")


def test_the_dialect_is_the_one_of_the_url(dialect: str, empty_database_url: str) -> None:
    assert make_url(empty_database_url).get_backend_name() == dialect


def test_a_database_stands_at_the_newest_revision(database_url: str) -> None:
    assert current(database_url) == NEWEST


def test_a_copy_is_one_file(tmp_path: Path) -> None:
    with SqliteDatabases(tmp_path, make_table).migrated() as url:
        names = {file.name for file in tmp_path.iterdir()}
        assert names == {"template.db", url.rpartition("/")[2]}
        with closing(sqlite3.connect(str(make_url(url).database))) as connection:
            assert connection.execute("SELECT text FROM notes").fetchall() == [("template",)]


@pytest.mark.postgresql
async def test_a_cluster_of_its_own_comes_back_after_a_crash(own_postgres: PostgresCluster) -> None:
    url = own_postgres.url.render_as_string(hide_password=False)
    await execute(url, "CREATE TABLE notes (text TEXT)", "INSERT INTO notes VALUES ('kept')")
    own_postgres.stop("immediate")
    with pytest.raises((OSError, OperationalError)):
        await execute(url, "SELECT 1")
    own_postgres.start()
    assert len(await execute(url, "SELECT * FROM notes")) == 1


def test_a_missing_server_says_so(tmp_path: Path) -> None:
    nowhere = make_url(f"postgresql+asyncpg://postgres@/postgres?host={tmp_path}")
    with pytest.raises(PostgresUnavailableError, match="No PostgreSQL at"):
        PostgresDatabases(nowhere, make_table)
