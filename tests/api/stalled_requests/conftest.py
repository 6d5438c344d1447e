"""A server whose clock the test moves, and the requests that it watches."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from store.auth.access import TenantBounds
from tests.support.api import Api, Json, running_api
from tests.unit.store.rows import v7_at

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
INGEST = """mutation ($entries: [EntryInput!]!) { ingest(entries: $entries) {
    results { status code message } } }"""
LOOK = """query ($id: UUID!) { request(id: $id) {
    status stalledAt lastHeartbeatAt currentStage errorStage error { message stage details }
    stages { name status attempt stalledAt lastHeartbeatAt errorMessage error retryable stallAfter
      attempts { attempt status error } }
    events { nodes { seq type severity stage attempt message data recordedAt } } } }"""


class Watch:
    """Servers on one database and one clock, and one request at a time."""

    def __init__(self, database_url: str, servers: AsyncExitStack) -> None:
        self._database_url = database_url
        self._servers = servers
        self._made = 0
        self.now = NOON
        self.apis: list[Api] = []
        self.id = ""

    async def start_server(self, **settings: Any) -> Api:
        """One more server; it looks for silence only when it is told to."""
        given = {"database_url": self._database_url, "stall_sweep_seconds": 0, **settings}
        server = running_api(lambda: self.now, **given)
        self.apis.append(await self._servers.enter_async_context(server))
        return self.apis[-1]

    async def stop(self) -> None:
        """Stop every server."""
        await self._servers.aclose()
        self.apis.clear()

    async def restart(self, **settings: Any) -> None:
        """Stop every server and start one."""
        await self.stop()
        await self.start_server(**settings)

    def move(self, **by: float) -> None:
        """Go on by so much."""
        self.now += timedelta(**by)

    async def create(self, *stages: str, **plan: Any) -> str:
        """A request with these stages, planned alike."""
        self._made += 1
        self.id = str(v7_at(self.now, self._made))
        planned = [{"name": name, **plan} for name in stages]
        await self.tell(createRequest={"id": self.id, "type": "lesson", "stages": planned})
        return self.id

    async def begin(self, stage: str, *others: str, **plan: Any) -> str:
        """A request whose first stage runs."""
        id = await self.create(stage, *others, **plan)
        await self.tell(startStage={"stage": stage})
        return id

    async def tell(self, told: str = "ACCEPTED", **entry: Json) -> Json:
        """One entry and its answer, which must have this status."""
        (name, item), *_ = entry.items()
        whole = item if name == "createRequest" else {"requestId": self.id, **item}
        told_back = await self.apis[0](INGEST, {"entries": [{name: whole}]})
        answer: Json = told_back["ingest"]["results"][0]
        assert answer["status"] == told, answer
        return answer

    async def sweep(self, server: int = 0) -> None:
        """One server looks now."""
        await self.apis[server].server.store.sweeper.run_once()

    async def look(self, id: str | None = None) -> Json:
        """The request as it stands."""
        found: Json = (await self.apis[0](LOOK, {"id": id or self.id}))["request"]
        return found

    async def status(self) -> str:
        """The request's status."""
        return str((await self.look())["status"])

    async def row(self) -> Json:
        """The stored request."""
        store = self.apis[0].server.store
        found = await store.requests.find_by(TenantBounds(), {"id": UUID(self.id)})
        assert found is not None
        return dict(found)

    async def log(self, after: int = 0) -> list[str]:
        """What the log says, each event as its type and stage; seq has no gap."""
        events = (await self.look())["events"]["nodes"]
        assert [e["seq"] for e in events] == list(range(1, len(events) + 1))
        return [" ".join(filter(None, (e["type"], e["stage"]))) for e in events[after:]]


@pytest.fixture
async def watch(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Watch]:
    """One server."""
    monkeypatch.chdir(tmp_path)  # no .env of the person who runs the tests
    async with AsyncExitStack() as servers:
        watch = Watch(database_url, servers)
        await watch.start_server()
        yield watch
