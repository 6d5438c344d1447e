"""Measure bulk ingest: 1,000 operations per mutation, four clients, against the driver's bulk insert."""

from contextlib import AsyncExitStack
from functools import partial

from benchmarks.bench import FAST, POSTGRESQL, SQLITE, STOCK, Bench, pids
from benchmarks.clients import ask_once, clients_of
from benchmarks.contest import LoadContender
from benchmarks.reference import Reference
from benchmarks.report import Section, contest_section
from benchmarks.requests import Document, track_many
from benchmarks.servers import Running
from benchmarks.workload import batches, inputs, make_calls

SERVER_COLUMNS = frozenset({"recorded_at", "feed_position"})
"""Columns that the server or the database fills."""
CLIENTS = 4
REACH = {POSTGRESQL: 0.65, SQLITE: 0.60}
TWO_WORKERS = f"{FAST} --workers 2"
SERVERS = ((FAST, True, 1), (TWO_WORKERS, True, 2), (STOCK, False, 1))
"""SQLite allows only one process a file, so that each server has a file of its own there."""
COMPARED_ROWS = 20
"""Rows compared with those of the reference."""
NOTE = (
    "{clients} clients, {size:,} operations a mutation, answered after the commit: 27 columns, five "
    "organizations, one in ten a call of an API or of a model, each with a session and a request. The "
    "server runs with its defaults, rollups and the log of calls included. The reference writes the same "
    "rows, made ready beforehand, into the same table over {clients} connections (SQLite: one), and "
    "nothing else. The table is emptied before every round."
)


class DifferentRowsError(RuntimeError):
    pass


async def run(bench: Bench) -> list[Section]:
    return [await on(bench, POSTGRESQL), await on(bench, SQLITE)]


async def on(bench: Bench, name: str) -> Section:
    size = bench.scale.batch
    document = track_many(size)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(bench.database(name))
        reference = stack.enter_context(database.reference())
        contenders = []
        for server_name, fast, workers in (
            SERVERS if name == POSTGRESQL else (*SERVERS[:1], *SERVERS[2:])
        ):
            contender_database = database
            if name == SQLITE:
                contender_database = await stack.enter_async_context(bench.database(name))
            server = await stack.enter_async_context(
                bench.server(contender_database, fast, workers)
            )
            contender_reference = stack.enter_context(contender_database.reference())
            await compare(server, contender_reference)
            clients = clients_of(
                server, server_name, document, partial(make_requests, document, size),
                database=contender_database, clients=CLIENTS, units=size, prepare=contender_reference.empty,
            )  # fmt: skip
            contenders.append(await stack.enter_async_context(clients))
        driver_load = LoadContender(
            reference.bulk_name,
            await stack.enter_async_context(reference.bulk(CLIENTS)),
            lambda count: [reference.rows(calls) for calls in batches(count, size)],
            size,
            pids(database),
            reference.empty,
        )
        results = await bench.contest([*contenders, driver_load], driver_load.name)
    note = NOTE.format(clients=CLIENTS, size=size) if name == POSTGRESQL else ""
    return contest_section(
        f"Bulk ingest, {name}",
        note,
        "operations",
        results,
        {FAST: REACH[name], TWO_WORKERS: REACH[name]},
    )


def make_requests(document: Document, size: int, count: int) -> list[bytes]:
    return [document.request({"operations": inputs(calls)}) for calls in batches(count, size)]


async def compare(server: Running, reference: Reference) -> None:
    """Raise ``DifferentRowsError`` unless server and reference store the same rows."""
    calls = make_calls(COMPARED_ROWS)
    ids = [call.id for call in calls]
    document = track_many(COMPARED_ROWS)
    await ask_once(server, document, [document.request({"operations": inputs(calls)})])
    served = await reference.stored(ids)
    await reference.empty()
    async with reference.bulk(1) as (send,):
        await send(reference.rows(calls))
    for stored_row, reference_row in zip(served, await reference.stored(ids), strict=True):
        different = [
            n for n in stored_row if n not in SERVER_COLUMNS and stored_row[n] != reference_row[n]
        ]
        if different:
            raise DifferentRowsError(
                f"{different} of {stored_row} are not those of {reference_row}"
            )
