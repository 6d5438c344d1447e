"""Two servers on one PostgreSQL look at the same moment: each thing happens once."""

import asyncio
from collections import Counter

import pytest

from tests.api.stalled_requests.conftest import Watch
from tests.support.stored_rows import execute

pytestmark = pytest.mark.parametrize(
    "databases", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True
)
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"


async def at_once(watch: Watch) -> None:
    """Both servers sweep, having seen the same requests due."""
    stores = [api.server.store for api in watch.apis]
    due = [await store.sweeper.due(watch.now) for store in stores]
    assert due[0]
    assert [e.key for e in due[0]] == [e.key for e in due[1]]
    await asyncio.gather(
        *(store.writer.submit(found) for store, found in zip(stores, due, strict=True))
    )


async def test_each_thing_happens_once(watch: Watch, database_url: str) -> None:
    await watch.start_server()
    before = await execute(database_url, DEADLOCKS)
    ids = []
    for _ in range(40):
        ids.append(await watch.create("script"))
        await watch.tell(startStage={"stage": "script"})
    watch.move(minutes=11)
    await at_once(watch)
    watch.move(hours=24)
    await at_once(watch)
    for id in ids:
        events = (await watch.look(id))["events"]["nodes"]
        assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
        assert [e["type"] for e in events] == [
            "request.created", "request.started", "stage.started", "stage.stalled",
            "request.stalled", "stage.failed", "request.failed",
        ]  # fmt: skip
    stats = [api.server.store.request_stats for api in watch.apis]
    assert sum(s.stalled for s in stats) == sum(s.lost for s in stats) == len(ids)
    assert await execute(database_url, DEADLOCKS) == before


async def test_beats_race_with_sweeps(watch: Watch) -> None:
    """Whoever comes first: a stage that was heard of runs in the end, and the log says how."""
    await watch.start_server()
    ids = []
    for _ in range(30):
        ids.append(await watch.create("script"))
        await watch.tell(startStage={"stage": "script"})
    watch.move(minutes=11)
    stores = [api.server.store for api in watch.apis]
    due = [await store.sweeper.due(watch.now) for store in stores]

    async def beat(id: str) -> None:
        document = """mutation ($input: ProgressStageInput!) {
          progressStage(input: $input) { status } }"""
        said = {"requestId": id, "stage": "script", "fraction": 0.5}
        answer = await watch.apis[int(id[-1], 16) % 2](document, {"input": said})
        assert answer["progressStage"]["status"] == "ACCEPTED"

    await asyncio.gather(
        *(beat(id) for id in ids),
        *(store.writer.submit(found) for store, found in zip(stores, due, strict=True)),
    )
    for id in ids:
        found = await watch.look(id)
        assert (found["status"], found["stages"][0]["status"]) == ("RUNNING", "RUNNING")
        types = Counter(e["type"] for e in found["events"]["nodes"])
        assert types["stage.progressed"] == 1
        assert types["stage.stalled"] == types["stage.resumed"] == types["request.resumed"] <= 1
