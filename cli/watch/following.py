"""Follows a request to its end, or the events of all, and tells a viewer of each event once."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any, Protocol

from cli.watch.connection import Json, LiveConnection
from cli.watch.documents import ACTIVE, FEED

MOST_ACTIVE = 100
"""Requests that one query reads for the screen; it has no room for more."""
REFRESH_SECONDS = 0.5
"""Between two queries for requests that moved; events that come meanwhile share one."""


class LogViewer(Protocol):
    """Is told of one request."""

    def happened(self, event: Json, request: Json) -> None:
        """An event, and the request with it."""


class FeedViewer(Protocol):
    """Is told of many requests."""

    def happened(self, event: Json) -> None:
        """An event of any of them."""

    def skipped(self, gap: Json) -> None:
        """Events that were not told."""


class Log:
    """The place in one request's log, and the request as it was last heard of."""

    def __init__(self, request: Json, after: int) -> None:
        self.request = request
        self.seq = after

    async def follow(self, connection: LiveConnection, document: str, viewer: LogViewer) -> None:
        """Tell of every event after the place, until the request has ended."""
        variables = {"id": self.request["uuid"]}
        answers = connection.answers(document, lambda: {**variables, "afterSeq": self.seq})
        async with aclosing(answers):
            async for answer in answers:
                item = answer["requestProgress"]
                if item["seq"] <= self.seq:
                    continue
                self.seq = item["seq"]
                self.request |= item["request"]
                viewer.happened(item["event"], self.request)


class Feed:
    """The place in the events of all requests that a filter finds."""

    def __init__(self, where: Mapping[str, Any], after: str) -> None:
        self._where = where
        self.cursor = after

    async def follow(self, connection: LiveConnection, viewer: FeedViewer) -> None:
        """Tell of every event after the place, without end."""
        answers = connection.answers(FEED, lambda: {"where": self._where, "after": self.cursor})
        async with aclosing(answers):
            async for answer in answers:
                item = answer["requestEvents"]
                if item.pop("__typename") == "Gap":
                    self.cursor = item["toCursor"]
                    viewer.skipped(item)
                else:
                    self.cursor = item["feedCursor"]
                    viewer.happened(item)


class Board(FeedViewer, Protocol):
    """Shows requests as they stand. ``moved``: those whose state it does not know any more."""

    moved: dict[str, None]

    def stand(self, requests: list[Json]) -> None:
        """Requests as they are now."""


async def keep_fresh(connection: LiveConnection, board: Board) -> None:
    """Read the requests of a board that moved, again and again."""
    while True:
        await asyncio.sleep(REFRESH_SECONDS)
        some = list(board.moved)[:MOST_ACTIVE]
        if some:
            for id in some:  # what moves while it is read is read again
                del board.moved[id]
            variables = {"where": {"id": some}, "first": len(some)}
            found = await connection.answer(ACTIVE, variables)
            board.stand(found["requests"]["nodes"])
