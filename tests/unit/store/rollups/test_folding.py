"""Records are folded into the rollups after they were committed, each once, and answers never lag."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, insert, select, update

from models import OPERATION_ROLLUPS
from models.rollups import RETIRED_NUMBERS, Tier
from store.auth.access import UNRESTRICTED
from store.database import Database
from store.dialects import CommitHorizon
from store.feeds.reading import FeedQuery, FeedReader
from store.feeds.sources import OPERATION_FEED
from store.rollups.folded import FOLDS, fetch_fold
from store.rollups.folding import Folding, up_to
from tests.unit.store.rollups.checks import differences, rollups_of
from tests.unit.store.rollups.loads import NOW, TABLE, fold_all, record
from tests.unit.store.rollups.test_maintenance import COUNTED, aggregation_of, row

ON_POSTGRESQL = pytest.mark.parametrize(
    "databases", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)


async def count(database: Database) -> Any:
    answer = await aggregation_of(database).ask(COUNTED, UNRESTRICTED)
    assert answer.coverage.source == "operations_by_organization"
    return answer.rows[0].values[0]


async def rollup_rows(database: Database) -> int:
    async with database.read() as connection:
        statement = select(func.count()).select_from(OPERATION_ROLLUPS)
        return int((await connection.execute(statement)).scalar_one())


async def folded(database: Database) -> CommitHorizon:
    async with database.read() as connection:
        fold = await fetch_fold(connection)
    assert fold is not None
    return fold


async def test_answers_do_not_wait_for_the_fold(database: Database) -> None:
    aggregation = aggregation_of(database)
    for n in range(1, 6):
        await record(database, [row(NOW - timedelta(hours=7 * n), n)], fold=n == 3)
        answer = await aggregation.ask(COUNTED, UNRESTRICTED)  # by a fold that it knows from before
        assert answer.rows[0].values[0] == n
    assert await rollup_rows(database) > 0
    assert await differences(rollups_of(database, lambda: NOW)) == []
    await fold_all(database)
    assert await count(database) == 5
    assert await differences(rollups_of(database, lambda: NOW)) == []


async def test_a_fold_without_new_records_writes_nothing(database: Database) -> None:
    await record(database, [row(NOW, 1)])
    rows, before = await rollup_rows(database), await folded(database)
    folding = Folding(database)
    await folding.run_once()
    assert (folding.stats.folds, await folded(database)) == (0, before)
    assert await rollup_rows(database) == rows


@pytest.mark.parametrize(
    "databases", [pytest.param("sqlite", marks=pytest.mark.sqlite)], indirect=True
)
async def test_folds_and_feeds_read_new_records_by_an_index(database: Database) -> None:
    """They run every second, however many records there are."""
    statements: list[tuple[str, Any]] = []

    def note(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "operations" in statement:
            statements.append((statement, parameters))

    connections = database.dialect.connections
    for engine in (connections.read_engine, connections.write_engine):
        event.listen(engine.sync_engine, "before_cursor_execute", note)
    reader = FeedReader(database, OPERATION_FEED)
    position = await reader.now()
    await record(database, [row(NOW, n) for n in range(5)])
    page = await reader.read([FeedQuery(None, UNRESTRICTED)], position, 10)
    assert len(page.rows) == 5
    assert len(statements) > 5
    plans = []
    async with connections.read_engine.connect() as connection:
        for statement, parameters in tuple(statements):
            if statement.startswith(("SELECT", "INSERT INTO operation_rollups", "WITH")):
                explained = await connection.exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {statement}", parameters
                )
                plans += [str(line.detail) for line in explained]
    read = [line for line in plans if line.split()[1] == "operations"]
    assert read
    assert all("INDEX" in line for line in read), read


async def test_many_records_are_folded_in_pieces(database: Database) -> None:
    for n in range(6):
        await record(database, [row(NOW, 10 * n + i) for i in range(5)], fold=False)
    folding = Folding(database)
    steps = 1
    while await folding.fold(most=7):
        steps += 1
        assert await count(database) == 30
    assert steps >= 3
    assert await differences(rollups_of(database, lambda: NOW)) == []
    assert await count(database) == 30


async def test_folds_of_several_servers_take_turns(database: Database) -> None:
    async def write(writer: int) -> None:
        for n in range(10):
            await record(database, [row(NOW, 1_000 * writer + 10 * n + i) for i in range(7)])

    await asyncio.gather(*(write(writer) for writer in range(4)))
    assert await count(database) == 280
    assert await differences(rollups_of(database, lambda: NOW)) == []


@ON_POSTGRESQL  # SQLite has one writer: its transactions commit in their order
async def test_a_transaction_that_commits_late_is_folded_later(database: Database) -> None:
    await record(database, [row(NOW, 0)])
    async with database.write() as connection:
        values = {name: value for name, value in row(NOW, 1).items() if value is not None}
        await connection.execute(insert(TABLE).values(values))
        # It has its number now; others begin later, and commit and are folded before it.
        await record(database, [row(NOW, n) for n in range(2, 5)])
        fold = await folded(database)
        assert len(fold.pending) >= 1
        assert await count(database) == 4
    assert await count(database) == 5
    assert await differences(rollups_of(database, lambda: NOW)) == []
    await fold_all(database)
    assert await count(database) == 5
    assert not set((await folded(database)).pending) & set(fold.pending)
    assert await differences(rollups_of(database, lambda: NOW)) == []


@pytest.mark.parametrize(
    ("last", "known", "ended", "folded"),
    [
        (120, CommitHorizon(100), CommitHorizon(200), CommitHorizon(121)),
        (120, CommitHorizon(100), CommitHorizon(200, (110, 150)), CommitHorizon(121, (110,))),
        (95, CommitHorizon(100, (95, 97)), CommitHorizon(200), CommitHorizon(100, (97,))),
        (95, CommitHorizon(100, (90, 95)), CommitHorizon(200, (90,)), CommitHorizon(100, (90,))),
        (130, CommitHorizon(100, (95,)), CommitHorizon(200, (95, 180)), CommitHorizon(131, (95,))),
    ],
)
def test_a_fold_that_stops_early_leaves_the_rest(
    last: int, known: CommitHorizon, ended: CommitHorizon, folded: CommitHorizon
) -> None:
    assert up_to(last, known, ended) == folded


async def test_rows_of_a_former_version_are_not_read_and_go(database: Database) -> None:
    await record(database, [row(NOW, 1)])
    former = {"tier": Tier.FRESH, "starts_at": NOW, "organization_id": "org-1", "row_count": 1}
    async with database.write() as connection:
        rows = [former | {"rollup": number} for number in RETIRED_NUMBERS]
        await connection.execute(insert(OPERATION_ROLLUPS), rows)
    assert await count(database) == 1
    rollups = rollups_of(database, lambda: NOW)
    assert await differences(rollups) == []
    await rollups.maintenance.run_once()
    async with database.read() as connection:
        numbers = set(await connection.scalars(select(OPERATION_ROLLUPS.c.rollup)))
    assert not numbers & set(RETIRED_NUMBERS)


@ON_POSTGRESQL  # a file of SQLite is copied with its numbers
async def test_rollups_of_a_restored_database_begin_again(database: Database) -> None:
    await record(database, [row(NOW - timedelta(hours=n), n) for n in range(9)])
    await record(database, [row(NOW, 10)], fold=False)
    # As in a copy whose transactions are counted from 1 again.
    ahead = 2**40
    async with database.write() as connection:
        await connection.execute(update(TABLE).values(feed_position=TABLE.c.feed_position + ahead))
        await connection.execute(update(FOLDS).values(folded_below=FOLDS.c.folded_below + ahead))
    await FeedReader(database, OPERATION_FEED).prepare()
    rollups = rollups_of(database, lambda: NOW)
    await rollups.prepare()
    assert await rollups.valid_from() is None
    await record(database, [row(NOW, 11)])
    await rollups.maintenance.run_once()
    assert await differences(rollups) == []
    assert await count(database) == 11


async def test_a_copy_with_a_fold_ahead_of_it_begins_again(database: Database) -> None:
    await record(database, [row(NOW, 1)])
    async with database.write() as connection:
        await connection.execute(update(FOLDS).values(folded_below=FOLDS.c.folded_below + 2**40))
        await connection.execute(update(TABLE).values(feed_position=None))
    rollups = rollups_of(database, lambda: NOW)
    await rollups.prepare()
    await record(database, [row(NOW, 2)])
    await rollups.maintenance.run_once()
    assert await differences(rollups) == []
    assert await count(database) == 2
