"""Open the servers that subscribers watch: Trackstore, shared or not, and the plain fan-out."""

import asyncio
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import asyncpg
import msgspec

from benchmarks.audience import Audience, Watched
from benchmarks.bench import POSTGRESQL, Bench, Database
from benchmarks.client import Caller, callers
from benchmarks.clients import ask_once
from benchmarks.databases import stamps_commits
from benchmarks.pace import NANOSECONDS, Publish, Published, Window, now
from benchmarks.processes import resident_bytes
from benchmarks.requests import Document, ingest
from benchmarks.servers import READY, Running, free_port, running
from store.ids import new_id

PROTOCOL = "graphql-transport-ws"
WATCH = """subscription Watch($id: UUID!) { requestProgress(id: $id) {
  seq progress replayed request { uuid status title lastSeq }
  event { seq type severity stage message occurredAt } } }"""
LOG = Document(
    "mutation Log($id: UUID!, $message: String) { "
    'logEvent(input: {requestId: $id, type: "note", message: $message}) '
    "{ status event { seq recordedAt } } }",
    b'{"data":{"logEvent":{"status":"ACCEPTED"',
)
SEQ = re.compile(rb'"seq":(\d+),"recordedAt":"([^"]+)"')
WRITERS = 16
"""Connections for logging, more than are busy at 200 events per second."""
ENTRIES = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
COMMITS = """SELECT request_id::text, seq,
  (1000000 * extract(epoch FROM pg_xact_commit_timestamp(xmin)))::bigint * 1000
FROM request_events WHERE request_id = ANY($1::uuid[]) AND recorded_at >= $2"""
Commits = Callable[[Window], Awaitable[Mapping[tuple[str, int], int]]]
"""Commit times of the events of a window in nanoseconds, by room and seq."""
PROBE_SUBSCRIBERS = 4
"""Connected and closed before memory is read, to exclude one-time allocations."""


@dataclass(frozen=True, slots=True)
class Stage:
    name: str
    server: Running
    rooms: Sequence[str]
    publish: Publish
    commits: Commits | None = None
    is_trackstore: bool = True

    async def fill(self, audience: Audience, per_room: int) -> int:
        """Let ``per_room`` subscribers watch every room; return the resident bytes of each."""
        warm = f"{self.name}, first"
        await audience.connect(
            warm, self.server.port, self._watched(1)[:PROBE_SUBSCRIBERS], self._protocol
        )
        await audience.close(warm)
        bytes_before = resident_bytes(self.server.pid)
        watched = self._watched(per_room)
        await audience.connect(self.name, self.server.port, watched, self._protocol)
        return (resident_bytes(self.server.pid) - bytes_before) // len(watched)

    @property
    def _protocol(self) -> str | None:
        return PROTOCOL if self.is_trackstore else None

    def _watched(self, per_room: int) -> list[Watched]:
        path = "/graphql" if self.is_trackstore else ""
        return [
            Watched(path or room, room, steps_of(room) if self.is_trackstore else ())
            for room in self.rooms
            for _ in range(per_room)
        ]


def steps_of(room: str) -> Sequence[str]:
    payload = {"query": WATCH, "variables": {"id": room}}
    subscribe = {"id": "1", "type": "subscribe", "payload": payload}
    return ('{"type":"connection_init"}', msgspec.json.encode(subscribe).decode())


def text_of(number: int) -> str:
    return f"@{number:08d} files of the repository were read and analysed"


# --- Trackstore -----------------------------------------------------------------------------------


@asynccontextmanager
async def trackstore(
    bench: Bench, database: Database, name: str, requests: int, shares: bool = True
) -> AsyncIterator[Stage]:
    settings = {"TRACKSTORE_LIVE_SHARING": str(shares).lower()}
    async with bench.server(database, settings=settings) as server:
        rooms = await new_requests(server, requests)
        async with callers(server.port, WRITERS, LOG.expected) as open_callers:
            has_commit_times = database.name == POSTGRESQL and await stamps_commits(database.dsn)
            commits = commits_of(database) if has_commit_times else None
            yield Stage(name, server, rooms, _Log(open_callers), commits)


async def new_requests(server: Running, count: int) -> list[str]:
    ids = [str(new_id()) for _ in range(count)]
    entries = [
        entry
        for id in ids
        for entry in (
            {"createRequest": {"id": id, "type": "index", "title": "Index a repository"}},
            {"startRequest": {"requestId": id, "eventId": str(new_id())}},
        )
    ]
    for at in range(0, len(entries), ENTRIES):
        part = entries[at : at + ENTRIES]
        await ask_once(server, ingest(len(part)), [ingest(len(part)).request({"entries": part})])
    return ids


class _Log:
    def __init__(self, open_callers: Sequence[Caller]) -> None:
        self._free: asyncio.Queue[Caller] = asyncio.Queue()
        for caller in open_callers:
            self._free.put_nowait(caller)

    async def __call__(self, number: int, room: str) -> Published:
        request = LOG.request({"id": room, "message": text_of(number)})
        caller = await self._free.get()
        try:
            sent_at = now()
            response = await caller(request)
            acknowledged = now()
        finally:
            self._free.put_nowait(caller)
        match = SEQ.search(response)
        assert match is not None
        recorded = datetime.fromisoformat(match[2].decode())
        microseconds = (recorded - EPOCH) // timedelta(microseconds=1)
        return Published(room, int(match[1]), sent_at, 1_000 * microseconds, acknowledged)


def commits_of(database: Database) -> Commits:
    """Read commit times, which PostgreSQL records just before writing to disk."""

    async def read(window: Window) -> Mapping[tuple[str, int], int]:
        since = datetime.fromtimestamp(window.started // NANOSECONDS, UTC)
        connection = await asyncpg.connect(database.dsn)
        try:
            records = await connection.fetch(COMMITS, list(window.until), since)
        finally:
            await connection.close()
        return {(room, seq): time for room, seq, time in records}

    return read


# --- the plain fan-out ----------------------------------------------------------------------------


@asynccontextmanager
async def plain(bench: Bench, name: str, rooms: int, sample: str) -> AsyncIterator[Stage]:
    port, publish_port = free_port(), free_port()
    command = (sys.executable, "-m", "benchmarks.fan_out", str(port), str(publish_port))
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        async with running(command, {}, Path(folder), port, READY) as server:
            _, writer = await asyncio.open_connection("127.0.0.1", publish_port)
            try:
                paths = [f"/{uuid4()}" for _ in range(rooms)]
                yield Stage(name, server, paths, _HandOver(writer, sample), is_trackstore=False)
            finally:
                writer.close()


class _HandOver:
    def __init__(self, writer: asyncio.StreamWriter, sample: str) -> None:
        self._writer = writer
        self._sample = sample
        self._seqs: dict[str, int] = {}

    async def __call__(self, number: int, room: str) -> Published:
        seq = self._seqs[room] = self._seqs.get(room, 0) + 1
        numbered = re.sub(r'"seq":\d+', f'"seq":{seq}', self._sample)
        message = re.sub(r'"message":"@\d+', f'"message":"@{number:08d}', numbered)
        line = f"{room}\t{message}\n".encode()
        sent_at = now()
        self._writer.write(line)
        return Published(room, seq, sent_at, sent_at, sent_at)
