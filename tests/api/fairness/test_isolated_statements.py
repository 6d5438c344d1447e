"""Aggregations on SQLite run in processes of their own, which are ended with their statements."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from store.database import Database, DatabaseFailureError
from store.dialects import PoolSettings
from store.errors import OverloadedError, QueryTimeoutError

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
IN_ONE_STEP = "SELECT sum(length(hex(randomblob(200000000)))) FROM generations"
"""The database does not look at the clock while a function computes, as finalizers do."""
VALUES = """SELECT 1, -9223372036854775808, 0.1, 'é' || char(128512), NULL, x'00ff',
  trackstore_exact(i, '0.5') FROM (SELECT 1 AS i UNION SELECT 2 UNION SELECT 3)"""

pytestmark = pytest.mark.sqlite


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    """A database whose statements may take 0.3 seconds."""
    pool = PoolSettings(statement_seconds=0.3, synchronous="OFF")
    database = Database(f"sqlite:///{tmp_path}/some.db", pool)
    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE generations (i INTEGER)"))
        await connection.execute(text("INSERT INTO generations VALUES (1), (2), (3)"))
    yield database
    await database.close()


async def ask(database: Database, statement: str) -> list[tuple[object, ...]]:
    """The rows of a question."""
    async with database.ask_for("acme") as connection:
        return [tuple(row) for row in await connection.execute(text(statement))]


def workers() -> list[psutil.Process]:
    """The processes that run statements for this one."""
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.NoSuchProcess):
            if "store.isolation.worker" in child.cmdline():
                found.append(child)
    return found


async def test_a_question_runs_in_another_process_and_answers_the_same(database: Database) -> None:
    async with database.read() as connection:
        here = [tuple(row) for row in await connection.execute(text(VALUES))]
    assert await ask(database, VALUES) == here
    there = {worker.pid for worker in workers()}
    assert there
    await ask(database, VALUES)
    assert {worker.pid for worker in workers()} == there, "it is kept for the next question"


async def test_a_question_sees_what_was_committed_before_it(database: Database) -> None:
    for count in (3, 4, 5):
        assert await ask(database, "SELECT count(*) FROM generations") == [(count,)]
        async with database.write() as connection:
            await connection.execute(text("INSERT INTO generations VALUES (9)"))


async def test_a_question_cannot_write(database: Database) -> None:
    async with database.ask_for("acme") as connection:
        with pytest.raises(Exception, match="readonly"):
            await connection.execute(
                text("WITH n(i) AS (SELECT 1) INSERT INTO generations SELECT i FROM n")
            )
    assert await ask(database, "SELECT count(*) FROM generations") == [(3,)]


@pytest.mark.parametrize("statement", [ENDLESS, IN_ONE_STEP], ids=["endless", "in one step"])
async def test_a_question_ends_at_its_deadline(database: Database, statement: str) -> None:
    with pytest.raises(QueryTimeoutError):
        await ask(database, statement)
    assert database.question_gate.running == 0
    assert await ask(database, "SELECT 1") == [(1,)]


async def test_reads_of_records_end_at_their_deadline_too(database: Database) -> None:
    with pytest.raises(QueryTimeoutError):
        async with database.read_for("acme") as connection:
            await connection.execute(text(ENDLESS))
    assert database.records_gate.running == 0


@pytest.mark.parametrize("kind", ["question", "read"])
async def test_a_statement_whose_caller_went_away_is_ended(tmp_path: Path, kind: str) -> None:
    database = Database(f"sqlite:///{tmp_path}/some.db", PoolSettings(statement_seconds=3_600))
    lend = database.ask_for if kind == "question" else database.read_for
    gate = database.question_gate if kind == "question" else database.records_gate

    async def run() -> None:
        async with lend("acme") as connection:
            await connection.execute(text(ENDLESS))

    async with database.write() as connection:
        await connection.execute(text("CREATE TABLE t (i)"))
    calls = [asyncio.create_task(run()) for _ in range(4)]
    await asyncio.sleep(0.3)
    assert (gate.running, gate.waiting) == (2, 2)
    for call in calls:
        call.cancel()
    # That this ends at all is the test: else it would take an hour.
    await asyncio.gather(*calls, return_exceptions=True)
    assert (gate.running, gate.waiting) == (0, 0)
    await database.close()


async def test_a_process_that_is_killed_costs_one_answer(database: Database) -> None:
    await ask(database, "SELECT 1")
    asking = asyncio.create_task(ask(database, ENDLESS))
    await asyncio.sleep(0.1)
    for worker in workers():
        os.kill(worker.pid, signal.SIGKILL)
    with pytest.raises(OverloadedError) as lost:
        await asking
    assert lost.value.retryable
    assert await ask(database, "SELECT 1") == [(1,)]


async def test_what_is_wrong_with_a_question_is_told_as_ever(database: Database) -> None:
    with pytest.raises(DatabaseFailureError, match="no such table: missing"):
        await ask(database, "SELECT * FROM missing")


async def test_a_file_that_was_replaced_is_opened_again(database: Database, tmp_path: Path) -> None:
    assert await ask(database, "SELECT count(*) FROM generations") == [(3,)]
    await database.close()
    other = Database(f"sqlite:///{tmp_path}/other.db")
    async with other.write() as connection:
        await connection.execute(text("CREATE TABLE generations (i)"))
    await other.close()
    (tmp_path / "other.db").replace(tmp_path / "some.db")
    again = Database(f"sqlite:///{tmp_path}/some.db")
    assert await ask(again, "SELECT count(*) FROM generations") == [(0,)]
    await again.close()
