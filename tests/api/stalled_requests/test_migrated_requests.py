"""Requests of a database that did not know of silence are watched from the first look on."""

from datetime import timedelta

from migrations.runner import check, downgrade, upgrade
from tests.api.stalled_requests.conftest import NOON, Watch


async def test_a_database_of_before_is_watched(watch: Watch, database_url: str) -> None:
    waiting = await watch.create("script")
    stalled = await watch.begin("script")
    watch.move(minutes=30)
    await watch.sweep()
    ended = await watch.begin("script")
    await watch.tell(completeRequest={})
    running = await watch.begin("script")
    await watch.stop()

    downgrade(database_url, "0002")
    upgrade(database_url)
    assert check(database_url) == []

    await watch.start_server()
    rows = {}
    for watch.id in (waiting, stalled, ended, running):
        rows[watch.id] = await watch.row()
    assert [rows[id]["status"] for id in rows] == ["PENDING", "RUNNING", "COMPLETED", "RUNNING"]
    for id in (stalled, running):
        assert (
            rows[id]["deadline_at"] == rows[id]["last_heartbeat_at"] == NOON + timedelta(minutes=30)
        )
    assert rows[waiting]["deadline_at"] is rows[ended]["deadline_at"] is None

    await watch.sweep()
    assert await watch.status() == "RUNNING", "the server has not listened for long"
    watch.move(minutes=9)
    await watch.tell(progressStage={"stage": "script"})
    watch.move(minutes=1)
    await watch.sweep()
    assert (await watch.look(running))["status"] == "RUNNING"
    assert (await watch.look(stalled))["status"] == "STALLED"
