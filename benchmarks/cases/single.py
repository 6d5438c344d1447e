"""Measure one operation per mutation over many connections, against single-row inserts."""

from contextlib import AsyncExitStack

from benchmarks.bench import FAST, POSTGRESQL, STOCK, Bench, pids
from benchmarks.clients import clients_of
from benchmarks.contest import Contender, LoadContender
from benchmarks.raw_postgres import PostgresReference
from benchmarks.report import Section, contest_section
from benchmarks.requests import TRACK_ONE
from benchmarks.workload import make_calls, operation_input

CONNECTIONS = 32
MORE_CONNECTIONS = 128
REACH = 0.35
NOTE = (
    "One trackOperation a request, each answered after the commit of its row, over {few} and {many} "
    "connections that stay open. The reference inserts the same rows one by one over {few} "
    "connections by a prepared statement, each with its own commit. The server runs with its defaults."
)


async def run(bench: Bench) -> list[Section]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(bench.database(POSTGRESQL))
        reference = PostgresReference(database.dsn)
        contenders: list[Contender] = []
        servers = [
            (name, await stack.enter_async_context(bench.server(database, fast, workers)))
            for name, fast, workers in (
                (FAST, True, 1),
                (f"{FAST} --workers 2", True, 2),
                (STOCK, False, 1),
            )
        ]
        for name, server in servers:
            for clients in (CONNECTIONS,) if name == STOCK else (CONNECTIONS, MORE_CONNECTIONS):
                contender = clients_of(
                    server, contender_name(name, clients), TRACK_ONE, make_requests,
                    database=database, clients=clients, prepare=reference.empty,
                )  # fmt: skip
                contenders.append(await stack.enter_async_context(contender))
        senders = await stack.enter_async_context(reference.insert(CONNECTIONS))
        driver_load = LoadContender(
            contender_name(reference.insert_name, CONNECTIONS),
            senders,
            lambda count: reference.rows(make_calls(count)),
            pids=pids(database),
            prepare=reference.empty,
        )
        results = await bench.contest([*contenders, driver_load], driver_load.name)
    reach = {contender_name(name, CONNECTIONS): REACH for name, _ in servers[:2]}
    note = NOTE.format(few=CONNECTIONS, many=MORE_CONNECTIONS)
    return [contest_section("Single mutations, PostgreSQL", note, "operations", results, reach)]


def contender_name(name: str, clients: int) -> str:
    return f"{name}, {clients} connections"


def make_requests(count: int) -> list[bytes]:
    return [TRACK_ONE.request({"input": operation_input(call)}) for call in make_calls(count)]
