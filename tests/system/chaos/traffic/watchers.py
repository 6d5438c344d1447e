"""Live streams that are followed through lost connections: by websocket, and as server-sent events."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

import httpx
import websockets

from tests.system.chaos.traffic.gate import Site

OPERATIONS = """subscription ($after: String) {
  operationFeed(after: $after, overflow: CLOSE) { ... on Operation { uuid feedCursor } }
}"""
EVENTS = """subscription ($after: String) {
  requestEvents(after: $after, overflow: CLOSE) { ... on Event { uuid requestId seq feedCursor } }
}"""
FEEDS = {"operations": OPERATIONS, "events": EVENTS}
CURSORS = {"operations": "operationFeed", "events": "requestEvents"}
PROTOCOL = "graphql-transport-ws"
PAUSE_SECONDS = 0.2
SILENCE_SECONDS = 6.0
"""The server gives a sign of life more often than that."""
CONNECT_SECONDS = 3.0
LOST = (OSError, websockets.WebSocketException, httpx.TransportError, TimeoutError)
RETRYABLE_CODES = {"OVERLOADED", "TIMEOUT", "OUTCOME_UNKNOWN"}

Message = dict[str, Any]


class RefusedError(RuntimeError):
    """The server answered a subscription with an error."""

    def __init__(self, errors: list[Message]) -> None:
        codes = {error.get("extensions", {}).get("code") for error in errors}
        super().__init__(f"{sorted(map(str, codes))}: {errors[0].get('message')}")
        self.is_retryable = codes <= RETRYABLE_CODES


async def watch(site: Site) -> None:
    """Follow both feeds at every server, from the cursor of the start, for the whole run."""
    streams = [
        _follow(site, feed, url, number)
        for number, (url, feed) in enumerate((u, f) for u in site.urls for f in FEEDS)
    ]
    await asyncio.gather(*streams)


async def _follow(site: Site, feed: str, url: str, number: int) -> None:
    after = site.cursors[CURSORS[feed]]
    name = f"{site.name}-{number}"
    connect = (_by_websocket, _by_events)[number // 2 % 2 if len(site.urls) > 1 else number % 2]
    while True:
        try:
            variables = {"after": after}
            async with aclosing(connect(url, site.tenant.key, FEEDS[feed], variables)) as messages:
                async for payload in messages:
                    (item,) = payload.values()
                    after = item["feedCursor"]
                    site.journal.write(
                        "seen", name=name, feed=feed, organization=site.tenant.organization,
                        id=item["uuid"], request=item.get("requestId"), seq=item.get("seq"),
                    )  # fmt: skip
        except websockets.ConnectionClosed as error:
            if error.rcvd is not None and 4400 <= error.rcvd.code < 4500:
                site.journal.write("strange", name=name, message=f"feed of {feed}: {error}")
        except LOST:
            pass  # a fault: go on after the last item
        except RefusedError as error:
            if not error.is_retryable:
                site.journal.write("strange", name=name, message=f"feed of {feed}: {error}")
        await asyncio.sleep(PAUSE_SECONDS)


async def _by_websocket(
    url: str, key: str, document: str, variables: Message
) -> AsyncGenerator[Message]:
    async with websockets.connect(
        url.replace("http://", "ws://") + "/graphql",
        subprotocols=[websockets.Subprotocol(PROTOCOL)], compression=None,
        open_timeout=CONNECT_SECONDS, close_timeout=1, ping_interval=2,
        ping_timeout=SILENCE_SECONDS,
    ) as socket:  # fmt: skip
        payload = {"Authorization": f"Bearer {key}"}
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        async with asyncio.timeout(SILENCE_SECONDS):
            await socket.recv()
        subscribe = {"query": document, "variables": variables}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": subscribe}))
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "ping":
                await socket.send('{"type":"pong"}')
            elif message["type"] == "error":
                raise RefusedError(message["payload"])
            elif message["type"] == "next":
                yield _data(message["payload"])
            elif message["type"] == "complete":
                return


async def _by_events(
    url: str, key: str, document: str, variables: Message
) -> AsyncGenerator[Message]:
    headers = {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"}
    timeout = httpx.Timeout(SILENCE_SECONDS, connect=CONNECT_SECONDS)
    body = {"query": document, "variables": variables}
    async with (
        httpx.AsyncClient(base_url=url, headers=headers, timeout=timeout) as http,
        http.stream("POST", "/graphql", json=body) as response,
    ):
        event = ""
        if response.headers["content-type"].startswith("application/json"):
            raise RefusedError(json.loads(await response.aread())["errors"])
        async for line in response.aiter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                event = value
            elif field == "data" and event == "next":
                yield _data(json.loads(value))
            elif event == "complete":
                return


def _data(payload: Message) -> Message:
    if payload.get("errors"):
        raise RefusedError(payload["errors"])
    data: Message = payload["data"]
    return data
