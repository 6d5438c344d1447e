"""One reader's filter cannot silence others, however long it is and whatever it asks."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from store.auth.access import UNRESTRICTED
from store.errors import StoreError
from store.feeds.reading import MAX_QUERY_VALUES, FeedQuery
from store.query.filters import MAX_VALUES, Compare, ComparisonOperator
from subscriptions.hub import Hub
from subscriptions.streams import Item
from subscriptions.subscriber import Policy, Subscriber
from tests.api.live.conftest import Serve
from tests.api.live.documents import EVENTS, OPERATIONS, TRACK, new_request, tell
from tests.api.live.serving import Served

READERS = 18
"""With so many values each, more than either database takes as parameters of one statement."""
LISTS = MAX_QUERY_VALUES // MAX_VALUES
SECONDS = 20


def long_filter(field: str, value: str, lists: int = LISTS) -> dict[str, Any]:
    """A filter for one value that is as long as may be."""
    values = [f"{value} {n}" for n in range(MAX_VALUES - 1)] + [value]
    return {"or": [{field: {"in": values}} for _ in range(lists)]}


async def all_are_live(hub: Hub, count: int) -> None:
    for _ in range(SECONDS * 20):
        if hub.watched["feeds"] == count:
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.3)


@pytest.mark.parametrize("is_feed_of_events", [False, True])
async def test_every_reader_of_many_with_long_filters_gets_its_own(
    serve: Serve, is_feed_of_events: bool
) -> None:
    assert READERS * MAX_QUERY_VALUES > 32_767
    live = await serve(live_per_connection=READERS + 1)
    document, field = (EVENTS, "message") if is_feed_of_events else (OPERATIONS, "name")
    async with live.socket() as socket:
        everything = await socket.subscribe(document)
        assert await everything.is_quiet(0.5)
        await live(TRACK, {"name": "first"})
        await new_request(live)
        first = await everything.take(2 if is_feed_of_events else 1)
        after = first[-1]["feedCursor"]
        readers = [
            await socket.subscribe(
                document, {"where": long_filter(field, f"reader {n}"), "after": after}
            )
            for n in range(READERS)
        ]
        assert live.server.live is not None
        await all_are_live(live.server.live.hub, READERS + 1)
        names = [f"reader {n}" for n in range(READERS)]
        if is_feed_of_events:
            await tell(live, await new_request(live), *names)
            assert len(await everything.take(2 + READERS)) == 2 + READERS
        else:
            for name in names:
                await live(TRACK, {"name": name})
            assert [item["name"] for item in await everything.take(READERS)] == names
        for name, reader in zip(names, readers, strict=True):
            assert (await reader.next())[field] == name


@pytest.mark.parametrize(("document", "field"), [(OPERATIONS, "name"), (EVENTS, "message")])
async def test_a_filter_that_is_too_long_is_refused(
    live: Served, document: str, field: str
) -> None:
    async with live.socket() as socket:
        variables = {"where": long_filter(field, "a", LISTS + 1)}
        refused = await socket.subscribe(document, variables)
        payload = (await refused.message())["payload"]
    (error,) = payload if isinstance(payload, list) else payload["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "more than 2,000 values (got 3,000)" in error["message"]


async def take(items: AsyncIterator[Item], count: int) -> list[str]:
    return [(await asyncio.wait_for(anext(items), SECONDS)).value.row["name"] for _ in range(count)]


def follow(hub: Hub, where: Compare | None) -> AsyncIterator[Item]:
    stream = hub.operation_feed(FeedQuery(where, UNRESTRICTED))
    return Subscriber(stream, None, Policy.READ).items()


async def test_a_filter_that_the_database_refuses_ends_alone(live: Served) -> None:
    assert live.server.live is not None
    hub = live.server.live.hub
    beyond_every_type = Compare("status_code", ComparisonOperator.GT, 2**70)
    readers = [follow(hub, None), follow(hub, Compare("name", ComparisonOperator.NE, "b"))]
    waiting = [asyncio.create_task(take(reader, 3)) for reader in readers]
    bad = follow(hub, beyond_every_type)
    refused = asyncio.create_task(take(bad, 1))
    await all_are_live(hub, len(readers) + 1)
    for name in "abcd":
        await live(TRACK, {"name": name})
    with pytest.raises(StoreError, match="The filter of this subscription cannot be answered"):
        await asyncio.wait_for(refused, SECONDS)
    assert await asyncio.gather(*waiting) == [["a", "b", "c"], ["a", "c", "d"]]
    again = follow(hub, beyond_every_type)
    refused = asyncio.create_task(take(again, 1))
    await asyncio.sleep(0.1)
    await live(TRACK, {"name": "e"})
    with pytest.raises(StoreError, match="cannot be answered by the database"):
        await asyncio.wait_for(refused, SECONDS)
    assert await take(readers[0], 2) == ["d", "e"]
    for items in readers:
        await items.aclose()  # type: ignore[attr-defined]
