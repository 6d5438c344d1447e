"""``trackstore rollups``: list, rebuild and verify, with exit codes that a script can use."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import update

from models import OPERATION_ROLLUPS
from store.database import Database
from store.rollups.state import RollupStates
from tests.unit.cli.conftest import Run
from tests.unit.store.rollups.loads import record
from tests.unit.store.rollups.test_maintenance import row

AT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)


@pytest.fixture
def recorded(database_url: str) -> str:
    """A database with some operations of one day, and rollups of them."""

    async def fill() -> None:
        database = Database(database_url)
        await RollupStates(database, lambda: AT).prepare()
        await record(database, [row(AT, n) for n in range(5)])
        await database.close()

    asyncio.run(fill())
    return database_url


async def spoil(database_url: str) -> None:
    """Make every sum wrong."""
    database = Database(database_url)
    async with database.write() as connection:
        await connection.execute(update(OPERATION_ROLLUPS).values(row_count=99))
    await database.close()


def test_what_is_held_is_listed(run: Run, recorded: str) -> None:
    told = run("rollups", "list", "--database-url", recorded)
    assert told.exit_code == 0
    assert "operations_by_tool" in told.stdout
    assert "the beginning" in told.stdout


def test_wrong_sums_are_told_and_rebuilt(run: Run, recorded: str) -> None:
    span = ("--since", "2026-03-01", "--until", "2026-03-02T00:00Z", "--database-url", recorded)
    right = run("rollups", "verify", *span)
    assert (right.exit_code, right.stdout) == (0, "")
    assert "all rollups match the records" in right.stderr
    asyncio.run(spoil(recorded))
    wrong = run("rollups", "verify", *span)
    assert wrong.exit_code == 1
    assert "99, recorded" in wrong.stdout
    assert "trackstore rollups rebuild" in wrong.stderr
    rebuilt = run("rollups", "rebuild", *span)
    assert rebuilt.exit_code == 0
    assert "rebuilt 12 hours" in rebuilt.stderr
    assert run("rollups", "verify", *span).exit_code == 0


def test_a_time_that_is_none_is_refused(run: Run, recorded: str) -> None:
    told = run("rollups", "rebuild", "--since", "yesterday", "--database-url", recorded)
    assert told.exit_code == 2
    assert "is not a time" in told.stderr


def test_nothing_is_verified_where_nothing_is_read(run: Run, database_url: str) -> None:
    told = run("rollups", "verify", "--database-url", database_url)
    assert told.exit_code == 0
    assert "nothing to verify" in told.stderr
