"""Puts connection, follower and viewer together, for a screen or for lines."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from cli.api_client import ApiClient
from cli.watch.board_screen import BoardScreen
from cli.watch.connection import Json, LiveConnection
from cli.watch.documents import ACTIVE, FOLLOW, FOLLOW_STATE, NOW
from cli.watch.following import MOST_ACTIVE, Feed, Log, keep_fresh
from cli.watch.lines import Lines
from cli.watch.request_screen import RequestScreen
from cli.watch.screen import show
from models.enums import RequestStatus
from store.ids import utc_now
from store.requests.transitions import REQUEST_FINAL

ACTIVE_STATES = [status.value for status in RequestStatus if status not in REQUEST_FINAL]


@dataclass(frozen=True, slots=True)
class Target:
    """Which server is watched, and how it is shown."""

    server: str
    key: str | None
    away_seconds: float
    as_json: bool
    draws: bool


async def watch_one(target: Target, found: Json, after: int | None) -> Json:
    """Show a request until it has ended; returns it as it ended then."""
    events = found.pop("events")["nodes"]
    if not target.draws:
        lines = Lines(as_json=target.as_json, names_requests=False)
        log = Log(found, after or 0)
        async with _connection(target, lines) as connection:
            await log.follow(connection, FOLLOW, lines)
        return log.request
    begin = found["lastSeq"] if after is None else after
    screen = RequestScreen(found, [e for e in events if e["seq"] <= begin], utc_now)
    log = Log(found, begin)
    async with _connection(target, screen) as connection:
        await show(Console(highlight=False), screen, log.follow(connection, FOLLOW_STATE, screen))
    return log.request


async def watch_all(
    target: Target,
    client: ApiClient,
    requests: Mapping[str, Any],
    events: Mapping[str, Any],
    after: str | None,
) -> None:
    """Show requests and events that the filters find, without end."""
    # The place comes first: what happens while the requests are read comes as an event, too.
    place = after or client.call(NOW, {})["feedCursors"]["requestEvents"]
    feed = Feed(events, place)
    if not target.draws:
        lines = Lines(as_json=target.as_json, names_requests=True)
        async with _connection(target, lines) as connection:
            await feed.follow(connection, lines)
        return
    where = {**requests, "status": ACTIVE_STATES}
    active = client.call(ACTIVE, {"where": where, "first": MOST_ACTIVE})["requests"]
    has_more = active["pageInfo"]["hasNextPage"]
    screen = BoardScreen(active["nodes"], has_more=has_more, now=utc_now)
    async with (
        _connection(target, screen) as connection,
        LiveConnection(target.server, target.key, target.away_seconds) as states,
    ):
        await show(Console(highlight=False), screen, _both(feed, connection, states, screen))


async def _both(
    feed: Feed, connection: LiveConnection, states: LiveConnection, screen: BoardScreen
) -> None:
    """Follow, and keep what is shown fresh; the first that fails ends the other."""
    tasks = {
        asyncio.create_task(feed.follow(connection, screen)),
        asyncio.create_task(keep_fresh(states, screen)),
    }
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _connection(target: Target, viewer: Lines | RequestScreen | BoardScreen) -> LiveConnection:
    return LiveConnection(target.server, target.key, target.away_seconds, viewer.link)
