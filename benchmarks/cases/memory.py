"""Memory of the server while it takes ten minutes' worth of load: flat, or not."""

import asyncio
import statistics
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

from benchmarks.bench import FAST, POSTGRESQL, SQLITE, Bench
from benchmarks.cases.bulk import CLIENTS, make_requests
from benchmarks.clients import clients_of
from benchmarks.load import GRACE, drive
from benchmarks.processes import resident_bytes
from benchmarks.report import Section, number
from benchmarks.requests import track_many

MIB = 2**20
STEP = 30
"""Mutations made ready at a time; the client would need much memory for all of them."""
PAUSE = 0.1
WARM = 4
"""Parts of the load, of which the first fills pools and caches and is not looked at."""
FLAT = 0.05
"""Growth of the median from the first to the last third that counts as none."""
NOTE = (
    "{mutations:,} mutations of {size:,} operations, as fast as they are taken: a service that records "
    "1,000 operations a second sends as many in ten minutes. Resident memory (MiB) sampled ten times "
    "a second, after a first part of the load that fills pools and caches; thirds of that time are "
    "compared by their medians."
)
HEADS = (
    "", "operations", "at rest", "first third", "last third", "highest", "growth", "flat",
)  # fmt: skip


async def run(bench: Bench) -> list[Section]:
    """Both databases."""
    rows = [await on(bench, name) for name in (POSTGRESQL, SQLITE)]
    note = NOTE.format(mutations=bench.scale.memory_mutations, size=bench.scale.batch)
    return [Section("Memory", note, HEADS, rows)]


async def on(bench: Bench, name: str) -> Sequence[str]:
    """One database."""
    size, mutations = bench.scale.batch, bench.scale.memory_mutations
    document = track_many(size)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(bench.database(name))
        server = await stack.enter_async_context(bench.server(database))
        clients = clients_of(
            server, FAST, document, partial(make_requests, document, size),
            database=database, clients=CLIENTS, units=size,
        )  # fmt: skip
        contender = await stack.enter_async_context(clients)
        bench.say(f"  {name}")
        at_rest = resident_bytes(server.pid) / MIB
        samples: list[float] = []
        done = 0
        while done < mutations and not bench.budget.is_spent:
            items = contender.make(min(STEP, mutations - done))
            sampling = asyncio.create_task(sample(server.pid, samples))
            await drive(contender.senders, items, GRACE)
            sampling.cancel()
            samples.append(resident_bytes(server.pid) / MIB)
            done += len(items)
            if done <= mutations // WARM:
                samples.clear()
    return row_of(name, done * size, at_rest, samples)


async def sample(pid: int, samples: list[float]) -> None:
    """Look now and then, until cancelled."""
    while True:
        samples.append(resident_bytes(pid) / MIB)
        await asyncio.sleep(PAUSE)


def row_of(name: str, operations: int, at_rest: float, samples: Sequence[float]) -> Sequence[str]:
    """The line of the table."""
    third = max(1, len(samples) // 3)
    first, last = statistics.median(samples[:third]), statistics.median(samples[-third:])
    growth = last / first - 1
    return (
        name, f"{operations:,}", number(at_rest), number(first), number(last),
        number(max(samples)), f"{growth:+.1%}", "yes" if growth <= FLAT else "no",
    )  # fmt: skip
