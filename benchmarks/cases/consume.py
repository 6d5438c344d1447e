"""Measure consume with 32 clients: on one limit, and spread over 1,000."""

from contextlib import AsyncExitStack
from typing import Any

from benchmarks.bench import FAST, POSTGRESQL, SQLITE, Bench, pids
from benchmarks.clients import clients_of, fill
from benchmarks.contest import LoadContender
from benchmarks.report import Section, contest_section
from benchmarks.requests import CONSUME, SET_LIMIT
from store.ids import new_id

CLIENTS = 32
MAXIMUM = 10**9
REACH = 0.5
"""Of the reference, where each client takes from another limit."""
NOTE = (
    "{clients} clients; each call names an id, so that its repeat would be harmless, and applies to "
    "one limit that is never reached. The reference claims the id and takes the unit by one "
    "guarded statement (SQLite: two in one transaction) and leaves out what the server does besides: "
    "finding the limits that apply, the monthly counter, the answer to keep for a repeat."
)


async def run(bench: Bench) -> list[Section]:
    return [
        await on(bench, name, limits)
        for name in (POSTGRESQL, SQLITE)
        for limits in (1, bench.scale.limits)
    ]


async def on(bench: Bench, name: str, limits: int) -> Section:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(bench.database(name))
        server = await stack.enter_async_context(bench.server(database))
        await fill(server, SET_LIMIT, [limit_request(n) for n in range(limits)])
        clients = clients_of(
            server, FAST, CONSUME, lambda count: make_requests(limits, count),
            database=database, clients=CLIENTS,
        )  # fmt: skip
        contender = await stack.enter_async_context(clients)
        reference = stack.enter_context(database.reference())
        reference_limits = await reference.make_limits(limits)
        reference_load = LoadContender(
            reference.consume_name,
            await stack.enter_async_context(reference.consume(CLIENTS)),
            lambda count: reference.uses(reference_limits, count),
            pids=pids(database),
        )
        results = await bench.contest([contender, reference_load], reference_load.name)
    title = f"consume, {name}, {'one limit' if limits == 1 else f'{limits:,} limits'}"
    note = NOTE.format(clients=CLIENTS) if (name, limits) == (POSTGRESQL, 1) else ""
    reach = {} if limits == 1 else {FAST: REACH}
    return contest_section(title, note, "calls", results, reach)


def limit_request(number: int) -> bytes:
    return SET_LIMIT.request(
        {
            "input": {
                "subject": "USER",
                "subjectId": user(number),
                "interactionType": "mini",
                "maximum": MAXIMUM,
            }
        }
    )


def make_requests(limits: int, count: int) -> list[bytes]:
    return [CONSUME.request({"input": use(n % limits)}) for n in range(count)]


def use(number: int) -> dict[str, Any]:
    return {
        "interactionType": "mini",
        "id": str(new_id()),
        "operationType": "add_memory",
        "labels": {"userId": user(number)},
    }


def user(number: int) -> str:
    return f"user-{number}"
