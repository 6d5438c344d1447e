"""Watchers see every event once, in order, through stops and kills of the servers they watch by."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.api.live.third_party_clients import follow_by_gql, follow_by_node
from tests.api.live.watchers import LOST, FeedWatcher, LogWatcher
from tests.support.processes import ServerProcess, server_process


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where clients are told the address."""
    monkeypatch.chdir(tmp_path)


REQUESTS = 50
EVENTS_PER_SECOND = 200
SECONDS = 5
PATIENCE_SECONDS = 90
CREATE = 'mutation { createRequest(input: {type: "load"}) { request { uuid } } }'
CANCEL = "mutation($id: UUID!) { cancelRequest(input: {requestId: $id}) { status } }"
LOG = """mutation($entries: [EntryInput!]!) { ingest(entries: $entries) { accepted duplicates } }"""
NEWEST = (
    "query($id: UUID!) { request(id: $id) { lastSeq events(last: 1) { nodes { feedCursor } } } }"
)


class Writer:
    """Logs events, each sent again with its id until a server has acknowledged it."""

    def __init__(self, url: Callable[[], str]) -> None:
        self._url = url
        self._http = httpx.AsyncClient(timeout=10)

    async def call(self, query: str, variables: Any = None) -> Any:
        """Answered, whatever becomes of the server meanwhile."""
        told: Any = None
        for _ in range(PATIENCE_SECONDS * 10):
            try:
                body = {"query": query, "variables": variables}
                told = (await self._http.post(f"{self._url()}/graphql", json=body)).json()
                if "errors" not in told:
                    return told["data"]
            except (*LOST, ValueError) as error:
                told = error
            await asyncio.sleep(0.1)
        raise AssertionError(f"no server answers this: {told}")

    async def write(self, ids: list[str], seconds: float, rate: int) -> None:
        """Log over all requests in turn, several events in a call."""
        chosen = random.Random(7)
        for number in range(int(seconds * 20)):
            entries = [
                {"logEvent": {"requestId": chosen.choice(ids), "type": "load",
                              "message": str(number), "eventId": event_id(number, n)}}
                for n in range(rate // 20)
            ]  # fmt: skip
            await self.call(LOG, {"entries": entries})
            await asyncio.sleep(0.05)

    async def close(self) -> None:
        """Give up the connections."""
        await self._http.aclose()


def event_id(number: int, n: int) -> str:
    """The id of an event: the same each time that it is sent."""
    return f"01a1fe01-0000-7000-8000-{number:06x}{n:06x}"


@asynccontextmanager
async def writing(url: Callable[[], str]) -> AsyncIterator[Writer]:
    """A writer."""
    writer = Writer(url)
    try:
        yield writer
    finally:
        await writer.close()


async def check(
    write_url: Callable[[], str], watch_url: Callable[[], str], disturb: Callable[[], Any]
) -> list[Any]:
    """Write and watch while something is disturbed; what every watcher saw is the log, once."""
    async with writing(write_url) as writer:
        ids = [(await writer.call(CREATE))["createRequest"]["request"]["uuid"]
               for _ in range(REQUESTS)]  # fmt: skip
        newest = (await writer.call(NEWEST, {"id": ids[-1]}))["request"]["events"]["nodes"][0]
        logs = [LogWatcher(watch_url, id) for id in ids]
        feeds = [FeedWatcher(watch_url, newest["feedCursor"]) for _ in range(3)]
        total = SECONDS * 20 * (EVENTS_PER_SECOND // 20)
        feed_tasks = [asyncio.create_task(feed.follow(total)) for feed in feeds]
        log_tasks = [asyncio.create_task(log.follow_to_the_end()) for log in logs]
        other_tasks = [
            asyncio.create_task(follow_by_node("graphql-ws", watch_url, ids)),
            asyncio.create_task(follow_by_node("graphql-sse", watch_url, ids[:20])),
            asyncio.create_task(follow_by_gql(watch_url, ids[:10])),
        ]
        disturbing = asyncio.create_task(disturb())
        await writer.write(ids, SECONDS, EVENTS_PER_SECOND)
        await disturbing
        last = {id: (await writer.call(NEWEST, {"id": id}))["request"]["lastSeq"] for id in ids}
        assert sum(last.values()) == REQUESTS + total, "an acknowledged event was lost or doubled"
        for id in ids:
            await writer.call(CANCEL, {"id": id})
        everyone = [*feed_tasks, *log_tasks, *other_tasks]
        _, late = await asyncio.wait(everyone, timeout=PATIENCE_SECONDS)
        assert not late, [
            f"{type(watcher).__name__}: {len(watcher.items)} items by {watcher.connections}"
            for watcher, task in zip([*feeds, *logs], [*feed_tasks, *log_tasks], strict=True)
            if task in late
        ] or "others are late"
        await asyncio.gather(*feed_tasks, *log_tasks)
        others = await asyncio.gather(*other_tasks)
    for found in others:
        assert found == {id: list(range(1, last[id] + 2)) for id in found}
    for id, log in zip(ids, logs, strict=True):
        assert log.seqs == list(range(1, last[id] + 2))
    for feed in feeds:
        assert len(feed.keys) == total
        counted = Counter(request for request, _ in feed.keys)
        for id in ids:
            seqs = [seq for request, seq in feed.keys if request == id]
            assert seqs == list(range(2, counted[id] + 2))
    assert feeds[0].keys == feeds[1].keys == feeds[2].keys
    return [*logs, *feeds]


async def test_a_server_that_is_stopped_and_started_again(
    database_url: str, tmp_path: Path
) -> None:
    current: list[ServerProcess] = []

    def url() -> str:
        return current[-1].url

    async def restart() -> None:
        for ends in ("terminate", "kill"):
            await asyncio.sleep(SECONDS / 4)
            getattr(current[-1], ends)()
            await asyncio.to_thread(current[-1].wait)
            fresh = stack.enter_context(server_process(database_url, tmp_path))
            current.append(fresh)

    with ExitStack() as stack:
        current.append(stack.enter_context(server_process(database_url, tmp_path)))
        watchers = await check(url, url, restart)
    assert all(watcher.connections >= 3 for watcher in watchers)
    assert {1012} <= {code for watcher in watchers for code in watcher.codes}


async def test_one_of_two_servers_is_killed(
    database_url: str, tmp_path: Path, dialect: str
) -> None:
    """What one server commits the other one's watchers see; a kill costs a reconnect, no event."""
    if dialect != "postgresql":
        return  # SQLite serves one process
    with (
        server_process(database_url, tmp_path) as one,
        server_process(database_url, tmp_path) as other,
    ):
        alive = [one, other]
        turn = iter(range(10**9))

        def any_alive() -> str:
            return alive[next(turn) % len(alive)].url

        async def kill() -> None:
            await asyncio.sleep(SECONDS / 2)
            alive.remove(one)
            await asyncio.to_thread(one.kill)

        watchers = await check(any_alive, any_alive, kill)
        assert any(watcher.connections > 1 for watcher in watchers)
        assert not other.complaints()


def clients_of(server: ServerProcess) -> dict[psutil.Process, int]:
    """How many connections each process that answers has."""
    found = {}
    for child in psutil.Process(server.process.pid).children():
        with suppress(psutil.NoSuchProcess):
            if "spawn_main" in " ".join(child.cmdline()):
                sockets = child.net_connections("tcp")
                found[child] = sum(s.status == psutil.CONN_ESTABLISHED for s in sockets)
    return found


async def test_one_of_two_workers_is_killed(
    database_url: str, tmp_path: Path, dialect: str
) -> None:
    """Several processes behind one port: whichever takes a connection, it sees all events."""
    if dialect != "postgresql":
        return
    with server_process(database_url, tmp_path, workers=2) as server:

        async def kill() -> None:
            await asyncio.sleep(SECONDS / 2)
            clients = clients_of(server)
            for _ in range(PATIENCE_SECONDS * 10):
                if sum(map(bool, clients.values())) == 2:
                    break
                await asyncio.sleep(0.1)
                clients = clients_of(server)
            max(clients, key=clients.__getitem__).kill()

        watchers = await check(lambda: server.url, lambda: server.url, kill)
        assert any(watcher.connections > 1 for watcher in watchers)
