"""One operation a mutation over many connections, against single-row inserts of the driver."""

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
    "connections by a prepared statement, each with its own commit. Rollups are off: it writes one "
    "table."
)


async def run(bench: Bench) -> list[Section]:
    """PostgreSQL, with one process and with two."""
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(bench.database(POSTGRESQL))
        reference = PostgresReference(database.dsn)
        contenders: list[Contender] = []
        servers = [
            (name, await stack.enter_async_context(bench.server(database, fast, workers, False)))
            for name, fast, workers in (
                (FAST, True, 1),
                (f"{FAST} --workers 2", True, 2),
                (STOCK, False, 1),
            )
        ]
        for name, server in servers:
            for clients in (CONNECTIONS,) if name == STOCK else (CONNECTIONS, MORE_CONNECTIONS):
                contender = clients_of(
                    server, shown(name, clients), TRACK_ONE, make_requests,
                    database=database, clients=clients, before=reference.empty,
                )  # fmt: skip
                contenders.append(await stack.enter_async_context(contender))
        senders = await stack.enter_async_context(reference.insert(CONNECTIONS))
        plain = LoadContender(
            shown(reference.insert_name, CONNECTIONS),
            senders,
            lambda count: reference.rows(make_calls(count)),
            pids=pids(database),
            before=reference.empty,
        )
        results = await bench.contest([*contenders, plain], plain.name)
    reach = {shown(name, CONNECTIONS): REACH for name, _ in servers[:2]}
    note = NOTE.format(few=CONNECTIONS, many=MORE_CONNECTIONS)
    return [contest_section("Single mutations, PostgreSQL", note, "operations", results, reach)]


def shown(name: str, clients: int) -> str:
    """The name of a contender with so many connections."""
    return f"{name}, {clients} connections"


def make_requests(count: int) -> list[bytes]:
    """Requests with a new operation each."""
    return [TRACK_ONE.request({"input": operation_input(call)}) for call in make_calls(count)]
