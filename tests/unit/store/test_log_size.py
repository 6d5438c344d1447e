"""The write-ahead log of SQLite stays bounded while long reads overlap all the time."""

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from store.database import Database
from store.dialects import PoolSettings
from store.dialects.sqlite.connections import SqliteConnections
from tests.support.databases import ON_SQLITE

pytestmark = ON_SQLITE
MAX_BYTES = 1 << 20
ROW_BYTES = 20_000
ROWS_OF_A_WRITE = 10
WRITES = 60
WRITES_IN_A_ROW = 10
QUESTIONS = 3
SLOW = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600000) "
    "SELECT count(*) FROM n, (SELECT count(*) FROM sign_ins)"
)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A database whose log is long from one mebibyte on."""
    database = Database(
        database_url, PoolSettings(size=6, overflow=4, synchronous="OFF", statement_seconds=2)
    )
    assert isinstance(database.dialect.connections, SqliteConnections)
    database.dialect.connections.log.max_bytes = MAX_BYTES
    yield database
    await database.close()


def log_of(database_url: str) -> Path:
    """Return the path of the log."""
    return Path(f"{make_url(database_url).database}-wal")


async def write(database: Database, number: int) -> None:
    """Write some hundred kilobytes into a table without indexes."""
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE IF NOT EXISTS filler (value TEXT)"))
        row = {"value": str(number).ljust(ROW_BYTES, "x")}
        await connection.execute(
            text("INSERT INTO filler VALUES (:value)"), [row] * ROWS_OF_A_WRITE
        )


async def test_the_log_is_reused_although_questions_overlap(
    database: Database, database_url: str
) -> None:
    is_over = asyncio.Event()
    answers = 0

    async def ask() -> None:
        nonlocal answers
        while not is_over.is_set():
            async with database.ask_for("acme") as connection:
                await connection.execute(SLOW)
            answers += 1

    questions = [asyncio.create_task(ask()) for _ in range(QUESTIONS)]
    highest = 0
    for number in range(WRITES):
        await write(database, number)
        await asyncio.sleep(0.02)
        if number % WRITES_IN_A_ROW == 0:
            # However slow the machine is, each of the questions ends and another one begins.
            target = answers + 2 * QUESTIONS
            for _ in range(3_000):
                if answers >= target:
                    break
                await asyncio.sleep(0.01)
        highest = max(highest, log_of(database_url).stat().st_size)
    is_over.set()
    await asyncio.gather(*questions)
    written = WRITES * ROWS_OF_A_WRITE * ROW_BYTES
    assert answers > 3
    assert highest < written / 2, f"{highest:,} of {written:,} bytes"


async def test_a_reader_of_another_program_does_not_stop_questions(
    database: Database, database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    await write(database, 0)
    with sqlite3.connect(str(make_url(database_url).database), isolation_level=None) as other:
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM filler").fetchone()
        for number in range(10):
            await write(database, number)
        assert log_of(database_url).stat().st_size > MAX_BYTES
        with caplog.at_level(logging.WARNING):
            async with database.ask_for("acme") as connection:
                assert await connection.scalar(text("SELECT count(*) FROM filler")) == 110
        other.execute("COMMIT")
    other.close()
    assert "WAL checkpoint blocked" in caplog.text
    async with database.ask_for("acme") as connection:
        assert await connection.scalar(text("SELECT 1")) == 1
    assert log_of(database_url).stat().st_size <= MAX_BYTES
