"""SIGTERM under load: everything answered is stored, the others may send again, and it ends in time."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from store.ids import new_id
from tests.support.api import running_api
from tests.support.processes import Answer, ServerProcess, ask, client_of, server_process
from tests.system.durability.blocking import writes_blocked

CALLERS = 24
WARM_OPERATIONS = 500
"""Operations that are answered before the server is told to stop."""
SHUTDOWN_SECONDS = 1
SLACK_SECONDS = 8.0
"""Beside the two waits of ``shutdown_seconds``, for running requests and for queued writes."""

TRACK = """mutation ($items: [OperationInput!]!) {
  trackOperations(operations: $items) { accepted }
}"""
STORED = (
    "query ($id: [UUID!]) { operations(where: { id: { in: $id } }, first: 1000) { totalCount } }"
)


@dataclass
class Callers:
    """What callers learnt of their calls to a server that stopped while they called."""

    answered: list[str] = field(default_factory=list)
    refused: list[Answer] = field(default_factory=list)
    cut: int = 0
    warm: asyncio.Event = field(default_factory=asyncio.Event)

    async def call(self, http: httpx.AsyncClient, server: ServerProcess) -> None:
        """Record operations, a few at a time, until the server does not answer any more."""
        while True:
            ids = [str(new_id()) for _ in range(5)]
            items = [{"id": id, "kind": "API", "name": "work"} for id in ids]
            try:
                answer = await ask(http, TRACK, {"items": items})
            except httpx.TransportError:
                self.cut += 1
                return
            if answer.errors:
                self.refused.append(answer)
                if server.process.poll() is not None:
                    return
                await asyncio.sleep(0.01)
                continue
            self.answered += ids
            if len(self.answered) > WARM_OPERATIONS:
                self.warm.set()


async def assert_stored(database_url: str, ids: list[str]) -> None:
    """All of these operations are there, once."""
    async with running_api(database_url=database_url) as api:
        found = 0
        for start in range(0, len(ids), 1_000):
            some = ids[start : start + 1_000]
            found += (await api(STORED, {"id": some}))["operations"]["totalCount"]
        assert found == len(ids)


async def stop(server: ServerProcess) -> tuple[int, float]:
    """SIGTERM; the exit code and the seconds it took."""
    started = time.monotonic()
    server.terminate()
    bound = 2 * SHUTDOWN_SECONDS + SLACK_SECONDS
    code = await asyncio.to_thread(server.wait, bound)
    return code, time.monotonic() - started


async def test_a_stop_under_load_drains(database_url: str, tmp_path: Path) -> None:
    callers = Callers()
    with server_process(database_url, tmp_path, shutdown_seconds=SHUTDOWN_SECONDS) as server:
        async with client_of(server) as http, asyncio.TaskGroup() as tasks:
            for _ in range(CALLERS):
                tasks.create_task(callers.call(http, server))
            await asyncio.wait_for(callers.warm.wait(), SLACK_SECONDS)
            code, _ = await stop(server)
        assert code == 0
        assert all(answer.is_retryable for answer in callers.refused)
        assert callers.cut == CALLERS
        assert not server.complaints()
    await assert_stored(database_url, callers.answered)


async def test_a_stop_does_not_wait_for_a_database_that_hangs(
    database_url: str, tmp_path: Path
) -> None:
    settings = {"shutdown_seconds": SHUTDOWN_SECONDS, "lock_seconds": 60}
    with server_process(database_url, tmp_path, **settings) as server:
        async with client_of(server) as http:
            callers, waiting = Callers(), set[asyncio.Task[None]]()
            async with writes_blocked(database_url):
                waiting |= {asyncio.create_task(callers.call(http, server)) for _ in range(5)}
                await asyncio.sleep(0.5)
                code, seconds = await stop(server)
            await asyncio.wait_for(asyncio.gather(*waiting), SLACK_SECONDS)
        assert code == 0
        assert seconds < 2 * SHUTDOWN_SECONDS + SLACK_SECONDS
    assert callers.answered == []
    assert callers.refused, "nobody was told to send again"
    assert all(answer.is_retryable for answer in callers.refused)
