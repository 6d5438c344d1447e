"""Drive a server with clients as a contender: they send new mutations and check the answers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from benchmarks.bench import Database, pids
from benchmarks.client import callers
from benchmarks.contest import LoadContender
from benchmarks.load import GRACE_SECONDS, drive
from benchmarks.requests import Document
from benchmarks.servers import Running

FILL_CONNECTIONS = 8
MakeRequests = Callable[[int], Sequence[bytes]]


@asynccontextmanager
async def clients_of(
    server: Running,
    name: str,
    document: Document,
    make: MakeRequests,
    *,
    database: Database,
    clients: int,
    units: int = 1,
    prepare: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[LoadContender]:
    """Open clients with a connection each; ``make`` returns a number of new requests."""
    async with callers(server.port, clients, document.expected) as open_callers:
        yield LoadContender(name, open_callers, make, units, pids(database, server), prepare)


async def fill(server: Running, document: Document, requests: Sequence[bytes]) -> None:
    async with callers(server.port, FILL_CONNECTIONS, document.expected) as open_callers:
        await drive(open_callers, requests, GRACE_SECONDS)


async def ask_once(server: Running, document: Document, requests: Sequence[bytes]) -> list[bytes]:
    async with callers(server.port, 1, document.expected) as (caller,):
        return [await caller(request) for request in requests]
