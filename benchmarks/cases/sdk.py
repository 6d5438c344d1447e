"""Measure the Python client: the cost of a call for its caller, and the speed of delivery."""

import asyncio
import json
import statistics
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from benchmarks.asgi_calls import added_latency
from benchmarks.bench import POSTGRESQL, SQLITE, Bench
from benchmarks.report import Section, number, ratio
from benchmarks.servers import Running

TRACKSTORE, SPANS, NULL = "trackstore", "opentelemetry", "null"
NAMES = {
    TRACKSTORE: "`track_operation`, sent to a server meanwhile",
    SPANS: "OpenTelemetry: a span, `BatchSpanProcessor`, an exporter that drops it",
    NULL: "`track_operation` of the null tracker",
}
REACH_MICROSECONDS = 10
CALLER_NOTE = (
    "One operation of a tool with twelve facts, {calls:,} calls in each of {rounds} rounds, timed one by one "
    "in the thread of the caller, the clock's own time taken off. The span has the same facts as attributes. "
    "Microseconds; the ratio is that of the medians of a round, its median over the rounds. "
    "Reach: a median of at most {reach} microseconds, and below the span's."
)
SENDER_NOTE = (
    "{count:,} operations from one thread, batches of 500 over one connection, until the last is "
    "acknowledged. With the spool each is on disk before it is sent. Client, server and database share "
    "the cores."
)
CALLS, QUICK_CALLS = 20_000, 1_000
OPERATIONS, QUICK_OPERATIONS = 100_000, 2_000


async def run(bench: Bench) -> list[Section]:
    return [await caller(bench), await added_latency(bench), await sender(bench)]


def address_of(server: Running) -> str:
    return f"http://127.0.0.1:{server.port}"


async def program(name: str, *arguments: str) -> Any:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"benchmarks.{name}", *arguments,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{name} ended with {process.returncode}")
    return json.loads(output)


async def caller(bench: Bench) -> Section:
    calls = CALLS if bench.scale.rounds > 1 else QUICK_CALLS
    rounds = bench.scale.rounds
    bench.report("  " + " | ".join(NAMES))
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(bench.database(SQLITE))
        server = await stack.enter_async_context(bench.server(database))
        timings = await program("sdk_caller", address_of(server), str(rounds), str(calls))
    rows = [caller_row(name, timings) for name in NAMES]
    note = CALLER_NOTE.format(calls=calls, rounds=rounds, reach=REACH_MICROSECONDS)
    heads = ("", "median", "min - max", "p99", "ratio to the span")
    return Section("A call, in the caller's thread", note, heads, rows)


def caller_row(name: str, timings: dict[str, list[dict[str, float]]]) -> Sequence[str]:
    medians = [round["median"] for round in timings[name]]
    ratios = [m / s["median"] for m, s in zip(medians, timings[SPANS], strict=True)]
    return (
        NAMES[name],
        number(statistics.median(medians)),
        f"{number(min(medians))} - {number(max(medians))}",
        number(statistics.median(round["p99"] for round in timings[name])),
        ratio(statistics.median(ratios)),
    )


async def sender(bench: Bench) -> Section:
    count = OPERATIONS if bench.scale.rounds > 1 else QUICK_OPERATIONS
    rows = []
    for name in (POSTGRESQL, SQLITE):
        for spools in (False, True):
            bench.report(f"  {name}{', spool' if spools else ''}")
            rows.append(await sender_row(bench, name, count, spools))
    heads = ("", "operations/s", "tracked after, s", "CPU client, ms per 1,000")
    return Section(
        "From the call to the acknowledgement", SENDER_NOTE.format(count=count), heads, rows
    )


async def sender_row(bench: Bench, name: str, count: int, spools: bool) -> Sequence[str]:
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(bench.database(name))
        server = await stack.enter_async_context(bench.server(database))
        folder = [str(Path(bench.folder) / f"spool-{name}")] if spools else []
        results = [
            await program("sdk_sender", address_of(server), str(count), *folder)
            for _ in range(max(1, bench.scale.rounds // 2))
        ]
    return (
        f"{name}{', spool' if spools else ''}",
        number(statistics.median(count / result["seconds"] for result in results)),
        number(statistics.median(result["tracked_after"] for result in results)),
        number(statistics.median(1_000_000 * result["processor"] / count for result in results)),
    )
