"""Pages while records are written: nothing that was there is missed, and nothing comes twice."""

import asyncio
from datetime import UTC, datetime, timedelta

from store.ids import new_id
from tests.api.invalid_input.batches import ingest, track
from tests.api.paging.walking import document_of, pages
from tests.support.api import Api, Json

OPERATIONS = document_of("operations", "OperationOrder", "uuid occurredAt durationMs")
REQUESTS = document_of("requests", "RequestOrder", "uuid")
START = datetime(2026, 6, 1, 12, tzinfo=UTC)


def at(minute: float, duration: float | None = None) -> Json:
    """An operation at a minute."""
    return {
        "id": str(new_id()),
        "kind": "API",
        "name": "n",
        "occurredAt": (START + timedelta(minutes=minute)).isoformat(),
        "durationMs": duration,
    }


async def test_new_operations_do_not_move_the_pages_after_a_cursor(api: Api) -> None:
    there = [at(i) for i in range(20)]
    await track(api, *there)
    seen: list[str] = []
    later, older = [], []
    number = 0
    async for page in pages(api, OPERATIONS, 4):
        seen += [node["uuid"] for node in page["nodes"]]
        if number < 4:
            later.append(at(30 + number))  # before the first page: not seen
            older.append(at(-1 - number))  # after the last page: seen
            ahead = at(1.5) if number == 1 else at(18.5)  # still ahead, or already behind
            (older if number == 1 else later).append(ahead)
            await track(api, *later[-2:], *older[-2:])  # what is sent again is a duplicate
        number += 1
    assert len(seen) == len(set(seen))
    assert set(seen) == {o["id"] for o in there + older}


async def test_pages_backward_while_records_come(api: Api) -> None:
    there = [at(i, float(i % 3)) for i in range(20)]
    await track(api, *there)
    order = [{"field": "DURATION_MS", "direction": "ASC"}]
    seen: list[str] = []
    async for page in pages(api, OPERATIONS, 3, forward=False, orderBy=order):
        seen = [node["uuid"] for node in page["nodes"]] + seen
        await track(api, at(50, 9.0), at(51, None))  # at the end, which is behind us
    assert len(seen) == len(set(seen))
    assert set(seen) == {o["id"] for o in there}


async def test_pages_beside_busy_writers(api: Api) -> None:
    there = [{"createRequest": {"id": str(new_id()), "type": "t"}} for _ in range(60)]
    await ingest(api, *there)
    done = asyncio.Event()
    seen: list[str] = []

    async def write() -> None:
        while not done.is_set():
            fresh = {"createRequest": {"type": "new"}}
            touched = there[len(seen) % 60]["createRequest"]["id"]
            await ingest(api, fresh, {"logEvent": {"requestId": touched, "type": "touch"}})

    writers = [asyncio.create_task(write()) for _ in range(4)]
    try:
        async for page in pages(api, REQUESTS, 5):
            seen += [node["uuid"] for node in page["nodes"]]
    finally:
        done.set()
        await asyncio.gather(*writers)
    assert len(seen) == len(set(seen))
    assert {entry["createRequest"]["id"] for entry in there} <= set(seen)


async def test_both_ends_of_a_span(api: Api) -> None:
    there = [at(i) for i in range(10)]
    await track(api, *there)
    everything = (await api(OPERATIONS, {"first": 10}))["operations"]["edges"]
    cursors = [edge["cursor"] for edge in everything]
    for asked, expected in (
        ({"after": cursors[2], "before": cursors[7]}, range(3, 7)),
        ({"after": cursors[2], "before": cursors[7], "first": 2}, range(3, 5)),
        ({"after": cursors[2], "before": cursors[7], "last": 2}, range(5, 7)),
        ({"after": cursors[7], "before": cursors[2]}, range(0)),
        ({"after": cursors[4], "last": 3}, range(7, 10)),
        ({"before": cursors[4], "first": 3}, range(3)),
        ({"before": cursors[0]}, range(0)),
        ({"after": cursors[9]}, range(0)),
    ):
        page = (await api(OPERATIONS, asked))["operations"]
        found = [node["uuid"] for node in page["nodes"]]
        assert found == [there[9 - i]["id"] for i in expected], asked
