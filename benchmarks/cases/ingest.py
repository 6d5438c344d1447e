"""Measure batches of request, stage and event entries, against the stock executor."""

from contextlib import AsyncExitStack

from benchmarks.bench import FAST, POSTGRESQL, SQLITE, STOCK, Bench
from benchmarks.clients import clients_of
from benchmarks.mixed import BATCH, REQUESTS_PER_BATCH, STAGES, mixed_entries
from benchmarks.report import Section, contest_section
from benchmarks.requests import ingest

CLIENTS = 4
NOTE = (
    "{clients} clients, {size} entries a batch: {requests} requests from creation to completion, "
    "{stages} stages and 5 events of their own in each. The reference is the same server with the "
    "stock executor: no plain statement does what these entries do."
)


async def run(bench: Bench) -> list[Section]:
    return [await on(bench, POSTGRESQL), await on(bench, SQLITE)]


async def on(bench: Bench, name: str) -> Section:
    async with AsyncExitStack() as stack:
        contenders = []
        for server_name, fast in ((FAST, True), (STOCK, False)):
            database = await stack.enter_async_context(bench.database(name))
            server = await stack.enter_async_context(bench.server(database, fast))
            clients = clients_of(
                server, server_name, ingest(BATCH), make_requests,
                database=database, clients=CLIENTS, units=BATCH,
            )  # fmt: skip
            contenders.append(await stack.enter_async_context(clients))
        results = await bench.contest(contenders, STOCK)
    requests, stages = REQUESTS_PER_BATCH, len(STAGES)
    note = NOTE.format(clients=CLIENTS, size=BATCH, requests=requests, stages=stages)
    if name != POSTGRESQL:
        note = ""
    return contest_section(f"Mixed ingest, {name}", note, "entries", results, {})


def make_requests(count: int) -> list[bytes]:
    return [ingest(BATCH).request({"entries": mixed_entries()}) for _ in range(count)]
