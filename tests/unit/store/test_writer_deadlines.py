"""A flush that takes too long: its callers learn the truth, and others do not wait for it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing

import pytest
from sqlalchemy import make_url

from store.database import Database
from store.dialects import PoolSettings
from store.errors import OverloadedError
from store.ingest.entries import Lane
from tests.unit.store.test_writer import Note, Notebook

QUICK = PoolSettings(flush_seconds=0.2)


class LimitNote(Note):
    """A note that is written with those that count against limits."""

    __slots__ = ()

    @property
    def lane(self) -> Lane:
        return Lane.LIMITS


@pytest.fixture
async def quick(database_url: str) -> AsyncIterator[Notebook]:
    notebook = Notebook(Database(database_url, QUICK))
    yield notebook
    notebook.applier.gate.set()
    await notebook.writer.close(10)
    await notebook.database.close()


async def test_an_abandoned_flush_is_refused_and_never_written(quick: Notebook) -> None:
    quick.applier.gate.clear()
    with pytest.raises(OverloadedError, match="nothing was stored"):
        await asyncio.wait_for(quick.writer.submit([Note()]), 10)
    assert quick.writer.stats.abandoned == 1
    quick.applier.gate.set()
    await quick.writer.submit([Note()])
    assert await quick.count() == 1


async def test_what_waits_too_long_is_refused(quick: Notebook) -> None:
    held = await quick.hold()
    waiting = quick.submit(Note())
    results = await asyncio.wait_for(asyncio.gather(*held, waiting, return_exceptions=True), 20)
    assert {type(result) for result in results} == {OverloadedError}
    quick.applier.gate.set()
    await quick.writer.submit([Note()])
    assert await quick.count() == 1


async def test_a_slow_flush_holds_up_no_other_lane(quick: Notebook, dialect: str) -> None:
    if dialect == "sqlite":
        return  # one writer: nothing can be written beside it
    held = await quick.hold(LimitNote())
    closed, quick.applier.gate = quick.applier.gate, asyncio.Event()
    quick.applier.gate.set()
    await quick.writer.submit([Note()])
    assert await quick.count() == 1, "the others are still inside their transactions"
    closed.set()
    await asyncio.gather(*held, return_exceptions=True)


async def test_a_foreign_lock_on_the_file(database_url: str, dialect: str) -> None:
    if dialect == "postgresql":
        return  # locks are those of rows and tables
    notebook = Notebook(Database(database_url, QUICK))
    file = make_url(database_url).database
    assert file is not None
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(OverloadedError):
            await asyncio.wait_for(notebook.writer.submit([Note()]), 10)
        assert await notebook.count() == 0, "reading goes on"
        other.execute("ROLLBACK")
    await notebook.writer.submit([Note()])
    assert await notebook.count() == 1
    await notebook.writer.close(10)
    await notebook.database.close()
