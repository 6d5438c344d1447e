"""Clients that come back: they keep what they got, and continue after the last of it."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import websockets

from tests.api.live.documents import EVENTS, PROGRESS
from tests.api.live.serving import PROTOCOL

PAUSE_SECONDS = 0.1
LOST = (OSError, websockets.WebSocketException, httpx.TransportError, TimeoutError)
"""What a connection that breaks or cannot be made raises."""


class Watcher:
    """Follows by websocket until it is enough, through any number of lost connections."""

    def __init__(self, url: Callable[[], str], document: str, variables: dict[str, Any]) -> None:
        self._url = url
        self._document = document
        self._variables = variables
        self.items: list[dict[str, Any]] = []
        self.connections = 0
        self.codes: list[int | None] = []

    def after(self) -> dict[str, Any]:
        """The cursor of the last item, as a variable."""
        raise NotImplementedError

    async def follow(self, count: int) -> None:
        """Until ``count`` items have come, or the stream has ended."""
        while len(self.items) < count:
            try:
                if await self._connected(count):
                    return
            except LOST:
                await asyncio.sleep(PAUSE_SECONDS)

    async def _connected(self, count: int) -> bool:
        """Whether the stream has ended."""
        url = self._url().replace("http://", "ws://") + "/graphql"
        async with websockets.connect(url, subprotocols=[PROTOCOL], compression=None) as raw:
            self.connections += 1
            await raw.send('{"type":"connection_init"}')
            await raw.recv()
            payload = {"query": self._document, "variables": {**self._variables, **self.after()}}
            await raw.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            try:
                async for text in raw:
                    message = json.loads(text)
                    if message["type"] == "complete":
                        return True
                    assert message["type"] == "next", message
                    assert "errors" not in message["payload"], message
                    self.items.extend(message["payload"]["data"].values())
                    if len(self.items) >= count:
                        return True
            finally:
                self.codes.append(raw.close_code)
        return False


class LogWatcher(Watcher):
    """Follows one request from its beginning."""

    def __init__(self, url: Callable[[], str], id: str) -> None:
        super().__init__(url, PROGRESS, {"id": id})

    def after(self) -> dict[str, Any]:
        return {"afterSeq": self.items[-1]["seq"] if self.items else 0}

    async def follow_to_the_end(self) -> None:
        """Until the request has ended."""
        await self.follow(10**9)

    @property
    def seqs(self) -> list[int]:
        """The numbers of all events that came."""
        return [item["event"]["seq"] for item in self.items]


class FeedWatcher(Watcher):
    """Follows all events after one that is known."""

    def __init__(self, url: Callable[[], str], cursor: str) -> None:
        super().__init__(url, EVENTS, {})
        self._cursor = cursor

    def after(self) -> dict[str, Any]:
        return {"after": self.items[-1]["feedCursor"] if self.items else self._cursor}

    @property
    def keys(self) -> list[tuple[str, int]]:
        """Request and number of all events that came."""
        return [(item["requestId"], item["seq"]) for item in self.items]
