"""Generate mixed traffic at a rate that a server sustains for hours."""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import websockets

from benchmarks.mixed import mixed_entries
from benchmarks.workload import OWN, make_calls, operation_input

WATCHERS = 50
WRITERS, READERS = 3, 2
WRITE_PAUSE_SECONDS = (0.1, 0.5)
READ_PAUSE_SECONDS = (0.3, 1.5)
BATCH_ITEMS = 50
RECONNECT_EVERY_SECONDS = 120.0
"""Average duration of a connection, so that streams begin and end all the time."""
PROTOCOL = websockets.Subprotocol("graphql-transport-ws")

TRACK = """mutation ($items: [OperationInput!]!) {
  trackOperations(operations: $items) { accepted duplicates rejected }
}"""
INGEST = "mutation ($items: [EntryInput!]!) { ingest(entries: $items) { accepted rejected } }"
SET_LIMIT = """mutation { setLimit(input: {
  subject: ORGANIZATION, interactionType: "soak", maximum: 1000000000, period: DAY
}) { limit { uuid } } }"""
CONSUME = """mutation ($units: Long!) {
  consume(input: {interactionType: "soak", units: $units}) { allowed }
}"""
FEEDS = (
    "subscription { operationFeed { ... on Operation { uuid } ... on Gap { missed } } }",
    "subscription { requestEvents { ... on Event { seq type } ... on Gap { missed } } }",
    """subscription { operationStatsLive(where: {occurredAt: {last: "1h"}}, groupBy: [{field: NAME}]) {
      rows { count key { name } } } }""",
    "subscription { circuitBreakersLive { name state } }",
)
PAGES = (
    "{ operations(first: 50) { totalCount nodes { uuid name occurredAt } } }",
    "{ requests(first: 20) { nodes { uuid status progress stages { name status } } } }",
    """{ operationStats(where: {occurredAt: {last: "24h"}}, groupBy: [{field: NAME}]) {
      rows { key { name } count durationMs { avg p95 } } } }""",
    "{ monitoringOverview(hours: 24) { activeRequests warnings } }",
    "{ usage(subject: {subject: ORGANIZATION}) { interactionType used remaining } }",
)
FILES = ("/", "/readyz", "/metrics")


@dataclass
class Traffic:
    """Count finished work; ``failures`` holds the start of every wrong answer."""

    url: str
    done: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    dice: random.Random = field(default_factory=lambda: random.Random(60))  # noqa: S311  # no secret

    async def run(self) -> None:
        limits = httpx.Limits(max_connections=32)
        async with httpx.AsyncClient(base_url=self.url, timeout=60.0, limits=limits) as http:
            await self._ask(http, SET_LIMIT, {})
            async with asyncio.TaskGroup() as tasks:
                for write in (self._operations, self._entries, self._single, self._consume):
                    for _ in range(WRITERS if write == self._operations else 1):
                        tasks.create_task(self._repeat(http, write, WRITE_PAUSE_SECONDS))
                for _ in range(READERS):
                    tasks.create_task(self._repeat(http, self._page, READ_PAUSE_SECONDS))
                for number in range(WATCHERS):
                    tasks.create_task(self._watch(FEEDS[number % len(FEEDS)]))

    async def _repeat(
        self,
        http: httpx.AsyncClient,
        work: Callable[[httpx.AsyncClient], Awaitable[None]],
        pause: tuple[float, float],
    ) -> None:
        while True:
            try:
                await work(http)
            except httpx.TransportError as error:
                self.failures[repr(error)] += 1
            await asyncio.sleep(self.dice.uniform(*pause))

    async def _ask(self, http: httpx.AsyncClient, document: str, variables: Any) -> None:
        response = await http.post("/graphql", json={"query": document, "variables": variables})
        body = response.json()
        if body.get("errors"):
            self.failures[str(body["errors"][0]["message"])[:120]] += 1

    async def _operations(self, http: httpx.AsyncClient) -> None:
        items = [operation_input(call) for call in make_calls(BATCH_ITEMS, OWN)]
        await self._ask(http, TRACK, {"items": items})
        self.done["operations"] += BATCH_ITEMS

    async def _entries(self, http: httpx.AsyncClient) -> None:
        entries = mixed_entries()
        await self._ask(http, INGEST, {"items": entries})
        self.done["entries"] += len(entries)

    async def _single(self, http: httpx.AsyncClient) -> None:
        items = [operation_input(make_calls(1, OWN)[0])]
        await self._ask(http, TRACK, {"items": items})
        self.done["operations"] += 1

    async def _consume(self, http: httpx.AsyncClient) -> None:
        await self._ask(http, CONSUME, {"units": self.dice.randint(1, 5)})
        self.done["consumed"] += 1

    async def _page(self, http: httpx.AsyncClient) -> None:
        await self._ask(http, self.dice.choice(PAGES), {})
        response = await http.get(self.dice.choice(FILES), headers={"Accept": "text/html"})
        if response.status_code >= 500:
            self.failures[f"{response.status_code} of {response.url.path}"] += 1
        self.done["pages"] += 1

    async def _watch(self, document: str) -> None:
        url = self.url.replace("http://", "ws://") + "/graphql"
        while True:
            connected = self.dice.uniform(0.5, 1.5) * RECONNECT_EVERY_SECONDS
            try:
                async with asyncio.timeout(connected):
                    await self._follow(url, document)
            except TimeoutError:
                pass
            except (OSError, websockets.WebSocketException) as error:
                self.failures[repr(error)[:120]] += 1
                await asyncio.sleep(1)
            self.done["connections"] += 1

    async def _follow(self, url: str, document: str) -> None:
        async with websockets.connect(
            url, subprotocols=[PROTOCOL], compression=None, close_timeout=1
        ) as socket:
            await socket.send('{"type":"connection_init"}')
            await socket.recv()
            subscribe = {"id": "1", "type": "subscribe", "payload": {"query": document}}
            await socket.send(json.dumps(subscribe))
            async for text in socket:
                if '"type":"ping"' in str(text)[:40].replace(" ", ""):
                    await socket.send('{"type":"pong"}')
                elif '"errors"' in str(text)[:80]:
                    self.failures[str(text)[:120]] += 1
                self.done["events"] += 1
