"""Measure the latency of each command on requests and limits with one client, against ``trackOperation``."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AsyncExitStack
from itertools import cycle
from typing import Any

from benchmarks.bench import POSTGRESQL, SQLITE, Bench
from benchmarks.cases.consume import limit_request
from benchmarks.cases.consume import use as consume_input
from benchmarks.cases.single import make_requests as make_operations
from benchmarks.clients import ask_once, clients_of, fill
from benchmarks.report import Section, contest_section
from benchmarks.requests import CONSUME, SET_LIMIT, TRACK_ONE, Document, ingest
from benchmarks.servers import Running
from store.ids import new_id

REACH = 1 / 1.6
"""Each command takes at most 1.6 times as long as the reference."""
WATCHED_REQUESTS = 20
LIMITS = 100
ENTRIES_PER_CALL = 200
STAGES = ("fetch", "read", "index", "send")
NOTE = (
    "One client that waits for each answer. The reference is trackOperation; a ratio of {reach:.2f} "
    "is a latency of 1.6 times its own. Requests have {stages} stages; logEvent and progressStage "
    "go to {requests} running requests in turn, consume to {limits} limits."
)


def command(name: str, type: str, selection: str) -> Document:
    text = f"mutation Command($input: {type}!) {{ {name}(input: $input) {{ {selection} }} }}"
    return Document(text, b'{"data":{"%s":{"status":"ACCEPTED"' % name.encode())


LOG_EVENT = command("logEvent", "LogEventInput", "status event { seq recordedAt }")
PROGRESS = command("progressStage", "ProgressStageInput", "status cancelRequested")
CREATE = command("createRequest", "CreateRequestInput", "status request { uuid status }")
START = command("startStage", "StartStageInput", "status cancelRequested")
COMPLETE = command("completeStage", "CompleteStageInput", "status cancelRequested")


class RequestSupply:
    """Create the requests that a round will use, outside of its time."""

    def __init__(self, server: Running, started: bool) -> None:
        self._server = server
        self._started = started
        self._missing: list[str] = []

    def make(self, document: Document) -> Callable[[int], Sequence[bytes]]:
        def requests(count: int) -> list[bytes]:
            self._missing = [str(new_id()) for _ in range(-(-count // len(STAGES)))]
            stages = [(id, stage) for id in self._missing for stage in STAGES]
            return [
                document.request({"input": {"requestId": id, "stage": stage}})
                for id, stage in stages[:count]
            ]

        return requests

    async def create(self) -> None:
        missing, self._missing = self._missing, []
        await create_requests(self._server, missing, STAGES if self._started else ())


async def create_requests(server: Running, ids: Sequence[str], started: Sequence[str]) -> None:
    entries = [entry for id in ids for entry in entries_of(id, started)]
    for at in range(0, len(entries), ENTRIES_PER_CALL):
        part = entries[at : at + ENTRIES_PER_CALL]
        document = ingest(len(part))
        await ask_once(server, document, [document.request({"entries": part})])


def entries_of(id: str, started: Sequence[str]) -> Iterator[dict[str, Any]]:
    yield {"createRequest": create_input(id)}
    for stage in started:
        yield {"startStage": {"requestId": id, "stage": stage}}


def create_input(id: str) -> dict[str, Any]:
    stages = [{"name": name} for name in STAGES]
    return {"id": id, "type": "index", "title": "Index a repository", "stages": stages}


def make_creates(count: int) -> list[bytes]:
    return [CREATE.request({"input": create_input(str(new_id()))}) for _ in range(count)]


def make_consumes(count: int) -> list[bytes]:
    return [CONSUME.request({"input": consume_input(n % LIMITS)}) for n in range(count)]


def logged(ids: Sequence[str]) -> Callable[[int], list[bytes]]:
    turns = cycle(ids)

    def requests(count: int) -> list[bytes]:
        return [
            LOG_EVENT.request(
                {"input": {"requestId": next(turns), "type": "note", "message": f"file {n} read"}}
            )
            for n in range(count)
        ]

    return requests


def progressed(ids: Sequence[str]) -> Callable[[int], list[bytes]]:
    turns, numbers = cycle(ids), iter(range(10**9))

    def requests(count: int) -> list[bytes]:
        return [
            PROGRESS.request(
                {
                    "input": {
                        "requestId": next(turns),
                        "stage": STAGES[0],
                        "done": next(numbers),
                        "total": 10**9,
                    }
                }
            )
            for n in range(count)
        ]

    return requests


async def run(bench: Bench) -> list[Section]:
    return [await on(bench, POSTGRESQL), await on(bench, SQLITE)]


async def on(bench: Bench, name: str) -> Section:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(bench.database(name))
        server = await stack.enter_async_context(bench.server(database))
        await fill(server, SET_LIMIT, [limit_request(n) for n in range(LIMITS)])
        watched = [str(new_id()) for _ in range(WATCHED_REQUESTS)]
        await create_requests(server, watched, STAGES[:1])
        pending, started = RequestSupply(server, False), RequestSupply(server, True)
        loads: list[tuple[str, Document, Callable[[int], Sequence[bytes]], Any]] = [
            ("trackOperation", TRACK_ONE, make_operations, None),
            ("logEvent", LOG_EVENT, logged(watched), None),
            ("progressStage", PROGRESS, progressed(watched), None),
            ("createRequest", CREATE, make_creates, None),
            ("startStage", START, pending.make(START), pending.create),
            ("completeStage", COMPLETE, started.make(COMPLETE), started.create),
            ("consume", CONSUME, make_consumes, None),
        ]
        contenders = [
            await stack.enter_async_context(
                clients_of(
                    server, load, document, make, database=database, clients=1, prepare=prepare
                )
            )
            for load, document, make, prepare in loads
        ]
        results = await bench.contest(contenders, "trackOperation")
    note = NOTE.format(reach=REACH, stages=len(STAGES), requests=WATCHED_REQUESTS, limits=LIMITS)
    reach = {load: REACH for load, *_ in loads[1:]}
    return contest_section(
        f"Commands, one client, {name}", note if name == POSTGRESQL else "", "calls", results, reach
    )
