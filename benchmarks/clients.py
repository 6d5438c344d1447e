"""Clients of a server as a contender: they send new mutations and check what comes back."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from benchmarks.bench import Database, pids
from benchmarks.client import callers
from benchmarks.contest import LoadContender
from benchmarks.load import GRACE, drive
from benchmarks.requests import Document
from benchmarks.servers import Running

FILLING = 8
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
    before: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[LoadContender]:
    """Each with a connection that stays open; ``make`` makes so many new requests."""
    async with callers(server.port, clients, document.expected) as found:
        yield LoadContender(name, found, make, units, pids(database, server), before)


async def fill(server: Running, document: Document, requests: Sequence[bytes]) -> None:
    """Send requests over a few connections: what a case needs to be there."""
    async with callers(server.port, FILLING, document.expected) as found:
        await drive(found, requests, GRACE)


async def ask_once(server: Running, document: Document, requests: Sequence[bytes]) -> list[bytes]:
    """The bodies of the answers to requests that are sent one after the other."""
    async with callers(server.port, 1, document.expected) as (caller,):
        return [await caller(request) for request in requests]
