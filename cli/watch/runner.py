"""Connects client, follower and viewer of ``trackstore watch``."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from cli.errors import CommandError
from cli.remote import RemoteClient, Target
from cli.watch.board_screen import BoardScreen
from cli.watch.documents import CURSOR, OUTCOME_FIELDS, REQUEST_FIELDS, REQUESTS
from cli.watch.following import (
    MAX_REFRESHED_REQUESTS,
    RequestFollower,
    follow_events,
    keep_current,
)
from cli.watch.lines import Lines
from cli.watch.request_screen import RequestScreen
from cli.watch.screen import show
from models.enums import RequestStatus
from store.ids import utc_now
from store.requests.transitions import REQUEST_FINAL
from trackstore.calls import Json
from trackstore.client import AsyncClient
from trackstore.errors import ServerUnavailableError

ACTIVE_STATUSES = [status.value for status in RequestStatus if status not in REQUEST_FINAL]


@dataclass(frozen=True, slots=True)
class WatchOptions:
    away_seconds: float
    as_json: bool
    on_screen: bool


async def watch_request(
    target: Target, options: WatchOptions, request: Json, after: int | None
) -> Json:
    """Show a request until it has ended, and return its last state."""
    events = request.pop("events")["nodes"]
    async with _client(target, options) as client:
        if not options.on_screen:
            follower = RequestFollower(client, request, after or 0, options.away_seconds)
            lines = Lines(as_json=options.as_json, names_requests=False)
            await follower.follow(OUTCOME_FIELDS, lines)
            return follower.request
        start = request["lastSeq"] if after is None else after
        screen = RequestScreen(request, [e for e in events if e["seq"] <= start], utc_now)
        follower = RequestFollower(client, request, start, options.away_seconds)
        await show(Console(highlight=False), screen, follower.follow(REQUEST_FIELDS, screen))
        return follower.request


async def watch_all(
    remote: RemoteClient,
    options: WatchOptions,
    requests: Mapping[str, Any],
    events: Mapping[str, Any],
    after: str | None,
) -> None:
    # The cursor is read first: a change while the requests are read arrives as an event.
    cursor = after or remote.query(CURSOR, {})["feedCursors"]["requestEvents"]
    async with _client(remote.target, options) as client:
        if not options.on_screen:
            lines = Lines(as_json=options.as_json, names_requests=True)
            await follow_events(client, events, cursor, options.away_seconds, lines)
            return
        where = {**requests, "status": {"in": ACTIVE_STATUSES}}
        page = remote.query(REQUESTS, {"where": where, "first": MAX_REFRESHED_REQUESTS})["requests"]
        has_more = page["pageInfo"]["hasNextPage"]
        screen = BoardScreen(page["nodes"], has_more=has_more, now=utc_now)
        following = follow_events(client, events, cursor, options.away_seconds, screen)
        work = _first_to_end(following, keep_current(client, screen))
        await show(Console(highlight=False), screen, work)


async def _first_to_end(*work: Any) -> None:
    """Run all until one of them ends or fails, and cancel the others."""
    tasks = {asyncio.create_task(coroutine) for coroutine in work}
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def _client(target: Target, options: WatchOptions) -> AsyncIterator[AsyncClient]:
    with target.explained_errors():
        async with target.async_client() as client:
            try:
                yield client
            except ServerUnavailableError as failure:
                raise CommandError(
                    f"{target.url} has been unavailable for {options.away_seconds:g} s: "
                    f"{failure.reason}"
                ) from None
