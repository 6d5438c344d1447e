"""Measure the memory of the server during ten minutes' worth of load."""

import asyncio
import statistics
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial

from benchmarks.bench import FAST, POSTGRESQL, SQLITE, Bench
from benchmarks.cases.bulk import CLIENTS, make_requests
from benchmarks.clients import clients_of
from benchmarks.load import GRACE_SECONDS, drive
from benchmarks.processes import resident_bytes
from benchmarks.report import Section, number
from benchmarks.requests import track_many

MIB = 2**20
MUTATIONS_PER_STEP = 30
"""Prepared at a time, because all of them would take much memory in the client."""
PAUSE = 0.1
WARM_UP_PARTS = 4
"""The first part of the load fills pools and caches and is not evaluated."""
MAX_GROWTH = 0.05
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
    rows = [await on(bench, name) for name in (POSTGRESQL, SQLITE)]
    note = NOTE.format(mutations=bench.scale.memory_mutations, size=bench.scale.batch)
    return [Section("Memory", note, HEADS, rows)]


async def on(bench: Bench, name: str) -> Sequence[str]:
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
        bench.report(f"  {name}")
        at_rest = resident_bytes(server.pid) / MIB
        samples: list[float] = []
        sent_count = 0
        while sent_count < mutations and not bench.budget.is_spent:
            items = contender.make(min(MUTATIONS_PER_STEP, mutations - sent_count))
            sampling = asyncio.create_task(sample(server.pid, samples))
            await drive(contender.senders, items, GRACE_SECONDS)
            sampling.cancel()
            samples.append(resident_bytes(server.pid) / MIB)
            sent_count += len(items)
            if sent_count <= mutations // WARM_UP_PARTS:
                samples.clear()
    return row_of(name, sent_count * size, at_rest, samples)


async def sample(pid: int, samples: list[float]) -> None:
    while True:
        samples.append(resident_bytes(pid) / MIB)
        await asyncio.sleep(PAUSE)


def row_of(name: str, operations: int, at_rest: float, samples: Sequence[float]) -> Sequence[str]:
    third_size = max(1, len(samples) // 3)
    first_median, last_median = (
        statistics.median(samples[:third_size]),
        statistics.median(samples[-third_size:]),
    )
    growth = last_median / first_median - 1
    return (
        name, f"{operations:,}", number(at_rest), number(first_median), number(last_median),
        number(max(samples)), f"{growth:+.1%}", "yes" if growth <= MAX_GROWTH else "no",
    )  # fmt: skip
