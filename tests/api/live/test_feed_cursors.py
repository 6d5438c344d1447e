"""feedCursors: where a client begins that has seen no event yet."""

from tests.api.live.documents import EVENTS, OPERATIONS, TRACK, new_request
from tests.api.live.serving import Served

CURSORS = "{ feedCursors { requestEvents operationFeed } }"


async def test_what_comes_after_the_cursors_of_now_is_all_that_is_new(live: Served) -> None:
    await new_request(live)
    await live(TRACK, {"name": "before"})
    cursors = (await live(CURSORS))["feedCursors"]
    id = await new_request(live)
    await live(TRACK, {"name": "after"})
    async with live.socket() as socket:
        events = await socket.subscribe(EVENTS, {"after": cursors["requestEvents"]})
        operations = await socket.subscribe(OPERATIONS, {"after": cursors["operationFeed"]})
        found = await events.take(2)
        assert [(item["requestId"], item["seq"]) for item in found] == [(str(id), 1), (str(id), 2)]
        assert (await operations.next())["name"] == "after"
        assert await events.is_quiet()
        assert await operations.is_quiet()
