"""A load of several clients that know what they sent, what was acknowledged, and what must stand."""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import httpx

from store.ids import new_id
from tests.support.processes import Answer, Json, ask

ORGANIZATION = "default"
USERS = 5
REQUESTS_OF_A_BATCH = 8
PAUSE_SECONDS = 0.05
"""Before a refused batch is sent again."""
DEADLINE_SECONDS = 90.0
"""When a load gives up: the server should have taken all of it in a tenth of that."""

TRACK = """mutation ($items: [OperationInput!]!) {
  trackOperations(operations: $items) { accepted duplicates rejected results(only: [REJECTED]) { message } }
}"""
INGEST = """mutation ($items: [EntryInput!]!) {
  ingest(entries: $items) { accepted duplicates rejected results(only: [REJECTED]) { message } }
}"""


@dataclass(slots=True)
class Batch:
    """Items of one mutation, all with ids of their own."""

    document: str
    items: list[Json]
    tries: int = 0


@dataclass
class Load:
    """Batches per client, and what must be stored once each of them was acknowledged."""

    pending: list[deque[Batch]]
    operations: set[UUID] = field(default_factory=set)
    events: dict[UUID, set[UUID]] = field(default_factory=dict)
    units: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    acknowledged: int = 0
    refusals: list[Answer] = field(default_factory=list)
    moved: asyncio.Condition = field(default_factory=asyncio.Condition)

    @classmethod
    def of(cls, clients: int, batches: int, items: int) -> "Load":
        """Every other batch holds operations, the others whole requests with all their commands."""
        load = cls([deque() for _ in range(clients)])
        for client in range(clients):
            for number in range(batches):
                make = load._operations if number % 2 == 0 else load._requests
                load.pending[client].append(make(items))
        return load

    @property
    def left(self) -> int:
        """Batches without an acknowledgement."""
        return sum(map(len, self.pending))

    def _operations(self, items: int) -> Batch:
        return Batch(TRACK, [self._operation(i) for i in range(items)])

    def _operation(self, number: int, **more: Any) -> Json:
        id, units = new_id(), 1 + number % 3
        self.operations.add(id)
        self._count("calls", units)
        chat = {"kind": "LLM", "llm": {"model": "m", "inputTokens": 5, "message": "What is it?"}}
        api = {"kind": "API", "api": {"route": "v1/memory", "method": "POST", "statusCode": 200}}
        return {
            "id": str(id),
            "name": "add",
            "labels": {"userId": f"user-{number % USERS}"},
            "interaction": {"type": "calls", "units": units},
            **(chat if number % 4 == 0 else api),
            **more,
        }

    def _count(self, type: str, units: int) -> None:
        self.units[type] += units
        self.calls[type] += 1

    def _requests(self, items: int) -> Batch:
        entries = [entry for _ in range(REQUESTS_OF_A_BATCH) for entry in self._request()]
        for number in range(max(0, items - len(entries))):
            self._count("tokens", 2)
            consume = {"id": str(new_id()), "interactionType": "tokens", "units": 2}
            entries.insert(number, {"consume": consume})
        return Batch(INGEST, entries)

    def _request(self) -> list[Json]:
        request, sent = new_id(), set[UUID]()
        self.events[request] = sent

        def command(kind: str, **more: Any) -> Json:
            event = new_id()
            sent.add(event)
            return {kind: {"requestId": str(request), "eventId": str(event), **more}}

        stages = [{"name": "render"}, {"name": "notify"}]
        return [
            {"createRequest": {"id": str(request), "type": "video", "stages": stages}},
            command("startRequest"),
            command("startStage", stage="render"),
            command("progressStage", stage="render", fraction=0.4),
            {"operation": self._operation(1, requestId=str(request), stage="render")},
            command("logEvent", type="note", message="half of it"),
            command("failStage", stage="render", message="no"),
            command("retryStage", stage="render"),
            command("completeStage", stage="render"),
            command("completeRequest", result={"url": "x"}),
        ]

    async def run(self, http: httpx.AsyncClient, until: Callable[[], bool] | None = None) -> None:
        """Let every client send its batches, one after the other, until all are acknowledged.

        A client that loses its connection goes on by sending the same batch again, unless
        ``until`` says that the load is over: then it returns with the rest still pending.
        """
        async with asyncio.timeout(DEADLINE_SECONDS):
            await asyncio.gather(*(self._client(http, mine, until) for mine in self.pending))

    async def _client(
        self, http: httpx.AsyncClient, mine: deque[Batch], until: Callable[[], bool] | None
    ) -> None:
        while mine:
            batch = mine[0]
            batch.tries += 1
            try:
                answer = await ask(http, batch.document, {"items": batch.items})
            except httpx.TransportError:
                if until is not None and until():
                    return
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if answer.errors:
                self.refusals.append(answer)
                assert answer.is_retryable, answer
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            self._check(batch, next(iter(answer.taken().values())))
            mine.popleft()
            self.acknowledged += 1
            async with self.moved:
                self.moved.notify_all()

    async def wait_for(self, batches: int) -> None:
        """Return when that many more batches are acknowledged; fails where the load is over then."""
        wanted = self.acknowledged + batches
        async with asyncio.timeout(DEADLINE_SECONDS), self.moved:
            await self.moved.wait_for(lambda: self.acknowledged >= wanted)
        assert self.left, "the load is over already: what happens now proves nothing"

    @staticmethod
    def _check(batch: Batch, told: Json) -> None:
        """A batch is stored as a whole or not at all; the first sending is never a duplicate."""
        assert told["rejected"] == 0, told
        whole = [(len(batch.items), 0)] + [(0, len(batch.items))] * (batch.tries > 1)
        assert (told["accepted"], told["duplicates"]) in whole, (batch.tries, told)
