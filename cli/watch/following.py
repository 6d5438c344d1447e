"""Follows one request to its end, or the events of many, and passes each event to a viewer."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from cli.watch.documents import EVENT_FIELDS, REQUESTS, progress_fields
from trackstore.calls import Json
from trackstore.client import AsyncClient
from trackstore.errors import ServerUnavailableError
from trackstore.subscriptions import StreamStatus
from trackstore.watching import Gap

MAX_REFRESHED_REQUESTS = 100
"""Maximum number of requests in one query; a screen has no room for more."""
REFRESH_SECONDS = 0.5
"""Interval between two queries for changed requests."""


class Viewer(Protocol):
    def on_status(self, status: StreamStatus) -> None: ...


class RequestViewer(Viewer, Protocol):
    def on_event(self, event: Json, request: Json) -> None: ...


class FeedViewer(Viewer, Protocol):
    def on_event(self, event: Json) -> None: ...

    def on_gap(self, gap: Gap) -> None: ...


class Board(FeedViewer, Protocol):
    """Viewer of many requests. ``outdated`` has the ids of those that changed since."""

    outdated: dict[str, None]

    def update(self, requests: list[Json]) -> None: ...


@dataclass(slots=True)
class RequestFollower:
    """Follows one request from an event on, and holds its latest state."""

    client: AsyncClient
    request: Json
    after: int
    away_seconds: float

    async def follow(self, request_fields: str, viewer: RequestViewer) -> None:
        items = self.client.watch_fields(
            self.request["uuid"],
            progress_fields(request_fields),
            after_seq=self.after,
            away_seconds=self.away_seconds,
            on_status=viewer.on_status,
        )
        async with aclosing(items):
            async for item in items:
                self.request |= item["request"]
                viewer.on_event(item["event"], self.request)


async def follow_events(
    client: AsyncClient,
    where: Mapping[str, Any],
    after: str,
    away_seconds: float,
    viewer: FeedViewer,
) -> None:
    items = client.watch_events(
        where,
        after=after,
        fields=EVENT_FIELDS,
        away_seconds=away_seconds,
        on_status=viewer.on_status,
    )
    async with aclosing(items):
        async for item in items:
            if isinstance(item, Gap):
                viewer.on_gap(item)
            else:
                viewer.on_event(item)


async def keep_current(client: AsyncClient, board: Board) -> None:
    """Query the outdated requests of a board, without end.

    While the server is unavailable they stay outdated: the stream of events decides when to give up.
    """
    while True:
        await asyncio.sleep(REFRESH_SECONDS)
        ids = list(board.outdated)[:MAX_REFRESHED_REQUESTS]
        if not ids:
            continue
        for id in ids:  # a change during the query makes it outdated again
            del board.outdated[id]
        try:
            answer = await client.query(
                REQUESTS, {"where": {"id": {"in": ids}}, "first": len(ids)}, retry=False
            )
        except ServerUnavailableError:
            board.outdated |= dict.fromkeys(ids)
        else:
            board.update(answer["requests"]["nodes"])
