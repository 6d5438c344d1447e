"""The sweeper: what it costs, how much it does at once, and when it must not trust its own ears."""

import asyncio
import logging
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from models import Request, RequestStage, table_of
from store.database import ContentionError, DatabaseFailureError
from store.requests import stall_checker
from store.requests.stall_checker import StallChecker
from tests.api.paging.statements import statements_of
from tests.api.stalled_requests.conftest import NOON, Watch

REQUESTS, STAGES = table_of(Request), table_of(RequestStage)
MINUTE = timedelta(minutes=1)


async def test_beats_leave_the_deadline_where_it_is(watch: Watch) -> None:
    """It is in an index: rows that change without it can stay on their page (HOT)."""
    await watch.create("script")
    assert (await watch.row())["deadline_at"] is None
    await watch.tell(startStage={"stage": "script"})
    first = NOON + 10 * MINUTE
    assert (await watch.row())["deadline_at"] == first
    for minute in range(1, 10):
        watch.move(minutes=1)
        await watch.tell(progressStage={"stage": "script", "fraction": minute / 10})
        await watch.tell(logEvent={"type": "note"})
        assert (await watch.row())["deadline_at"] == first
    watch.move(minutes=1)
    await watch.sweep()
    row = await watch.row()
    assert (row["status"], row["deadline_at"]) == ("RUNNING", NOON + 19 * MINUTE)
    await watch.tell(startStage={"stage": "quick", "stallAfter": "PT1M"})
    assert (await watch.row())["deadline_at"] == NOON + 11 * MINUTE, "sooner than what was known"
    await watch.tell(completeRequest={})
    assert (await watch.row())["deadline_at"] is None


async def test_a_look_that_finds_nothing_is_one_statement(watch: Watch) -> None:
    for _ in range(3):
        await watch.begin("script")
    with statements_of(watch.apis[0]) as sent:
        await watch.sweep()
    assert len(sent) == 1
    watch.move(minutes=11)
    with statements_of(watch.apis[0]) as sent:
        await watch.sweep()
    assert 3 <= len(sent) <= 8, "however many are due"
    with statements_of(watch.apis[0]) as sent:
        await watch.sweep()
    assert len(sent) == 1


async def test_many_are_done_some_at_a_time(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stall_checker, "MAX_STALL_CHECK_ITEMS", 3)
    ids = []
    for _ in range(7):
        ids.append(await watch.create("script"))
        await watch.tell(startStage={"stage": "script"})
        watch.move(seconds=1)
    watch.move(minutes=11)
    own = watch.apis[0].server.store.sweeper
    for stalled, more in ((3, True), (6, True), (7, False)):
        assert await own.run_once() is more
        found = [(await watch.look(id))["status"] for id in ids]
        assert found == ["STALLED"] * stalled + ["RUNNING"] * (7 - stalled), "the oldest first"
    assert (own.stats.sweeps, own.stats.looks, own.stats.moved) == (3, 7, 7)


async def test_a_server_that_did_not_listen_does_not_say_that_nobody_spoke(watch: Watch) -> None:
    await watch.begin("script")
    watch.move(hours=30)
    await watch.restart()
    await watch.sweep()
    assert await watch.status() == "RUNNING", "its worker could not reach the server"
    watch.move(minutes=9)
    await watch.tell(progressStage={"stage": "script"})
    watch.move(minutes=9)
    await watch.sweep()
    assert await watch.status() == "RUNNING"
    watch.move(minutes=1)
    await watch.sweep()
    assert await watch.status() == "STALLED"


async def test_a_restart_changes_nothing_of_what_is_stalled(watch: Watch) -> None:
    await watch.begin("script")
    watch.move(minutes=10)
    await watch.sweep()
    found = await watch.look()
    watch.move(hours=23)
    await watch.restart()
    await watch.sweep()
    assert await watch.look() == found
    watch.move(hours=1)
    await watch.sweep()
    assert await watch.status() == "FAILED"


@pytest.mark.parametrize(
    ("error", "status"),
    [(ContentionError("busy"), "RUNNING"), (DatabaseFailureError("broken"), "STALLED")],
    ids=["away", "broken"],
)
async def test_after_the_database_was_away_silence_counts_anew(
    watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    status: str,
) -> None:
    await watch.begin("script")
    store = watch.apis[0].server.store
    own = StallChecker(store.database, store.writer, lambda: watch.now, pause=0.01)
    run_once, errors = own.run_once, [error]

    async def once() -> bool:
        if errors:
            raise errors.pop()
        return await run_once()

    watch.move(minutes=11)
    monkeypatch.setattr(own, "run_once", once)
    with caplog.at_level(logging.WARNING):
        own.task.start()
        for _ in range(1_000):
            if own.stats.sweeps:
                break
            await asyncio.sleep(0.01)
        await own.task.stop()
    assert caplog.messages == ["the stall check failed; retrying"]
    assert (own.stats.failures, own.stats.looks) == (1, 1)
    assert await watch.status() == status
    watch.move(minutes=10)
    await watch.sweep()
    assert await watch.status() == "STALLED"


async def test_one_that_cannot_be_judged_spoils_no_other(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    ids = []
    for _ in range(3):
        ids.append(await watch.create("script"))
        await watch.tell(startStage={"stage": "script"})
    store = watch.apis[0].server.store
    async with store.database.write() as connection:
        broken = STAGES.update().where(STAGES.c.request_id == UUID(ids[1]))
        await connection.execute(broken.values(started_at=None, last_heartbeat_at=None))
    watch.move(minutes=11)
    await watch.sweep()
    found = [(await watch.look(id))["status"] for id in ids]
    assert found == ["STALLED", "RUNNING", "STALLED"]
    assert "stall check failed for 1 requests" in caplog.messages
    stats = store.sweeper.stats
    assert (stats.looks, stats.moved, stats.failures) == (3, 2, 1)


async def test_a_request_that_vanished_is_no_trouble(watch: Watch) -> None:
    await watch.begin("script")
    watch.move(minutes=11)
    store = watch.apis[0].server.store
    due = await store.sweeper.due(watch.now)
    async with store.database.write() as connection:
        await connection.execute(REQUESTS.delete())
    await store.writer.submit(due)
    assert [entry.result.status for entry in due if entry.result] == ["DUPLICATE"]


async def test_a_clock_that_went_back_stalls_nobody(watch: Watch) -> None:
    await watch.begin("script")
    store = watch.apis[0].server.store
    async with store.database.write() as connection:
        await connection.execute(update(REQUESTS).values(deadline_at=NOON - MINUTE))
    watch.move(minutes=-5)
    await watch.sweep()
    row = await watch.row()
    assert (row["status"], row["deadline_at"]) == ("RUNNING", NOON - MINUTE)
    watch.move(minutes=5)
    await watch.sweep()
    assert (await watch.row())["deadline_at"] == NOON + 10 * MINUTE
