"""Measure how one organization slows down another: ``python -m benchmarks.neighbours``.

A quiet organization sends one mutation at a time, first on an idle server, then while another
organization runs heavy aggregations and bulk loads without pause. Prints both latencies, their
ratio, and the answers of /readyz meanwhile.
"""

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import Queue, get_context
from pathlib import Path
from statistics import median

from sqlalchemy import URL

from benchmarks.client import Connection
from benchmarks.databases import make_durable
from benchmarks.requests import TRACK_ONE, Document, track_many
from benchmarks.servers import (
    COMMAND,
    READY,
    environment,
    free_port,
    running,
    serve_command,
    trackstore_settings,
)
from benchmarks.workload import OWN, batches, inputs, make_calls, operation_input
from tests.support.postgres import postgres_cluster

QUESTION = Document(
    "query Heavy { operationStats(groupBy: [{field: USER_ID}], where: {durationMs: {gte: 0}}) "
    "{ rows { key { userId } durationMs { p50 p95 p99 } } } }",
    b"",
)
"""Quantiles over all operations by a filter that no rollup covers."""
PREPARED_ITEMS = 300_000
FILL_ITEMS = 10_000
QUIET_CALLS_PER_SECOND = 20
READY_SECONDS = 0.5
WARM_SECONDS = 2.0
READY_REQUEST = b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def post(body: bytes, key: str) -> bytes:
    return (
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s"
    ) % (key.encode(), len(body), body)


@dataclass(slots=True)
class Flood:
    questions: Counter[str] = field(default_factory=Counter)
    loads: Counter[str] = field(default_factory=Counter)


def outcome(response: bytes) -> str:
    status = response[9:12].decode()
    code = response.partition(b'"code":"')[2].partition(b'"')[0].decode()
    return f"{status} {code}".strip()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Connection]:
    _, connection = await asyncio.get_running_loop().create_connection(
        Connection, "127.0.0.1", port
    )
    try:
        yield connection
    finally:
        connection.close()


async def repeat(
    port: int, make: Callable[[], bytes], outcomes: Counter[str], pause: float = 0
) -> None:
    async with connected(port) as connection:
        while True:
            outcomes[outcome(await connection.ask(make()))] += 1
            await asyncio.sleep(pause)


async def latencies(port: int, key: str, seconds: float) -> list[float]:
    durations = []
    async with connected(port) as connection:
        ends = time.perf_counter() + seconds
        while time.perf_counter() < ends:
            (call,) = make_calls(1, OWN)
            request = post(TRACK_ONE.body({"input": operation_input(call)}), key)
            started = time.perf_counter()
            response = await connection.ask(request)
            durations.append(1_000 * (time.perf_counter() - started))
            if b'"status":"ACCEPTED"' not in response:
                show("the quiet organization was refused:", response[-300:])
            await asyncio.sleep(1 / QUIET_CALLS_PER_SECOND)
    return durations


def show(*values: object) -> None:
    sys.stdout.write(" ".join(map(str, values)) + "\n")
    sys.stdout.flush()


def format_latencies(durations: Sequence[float]) -> str:
    return (
        f"p50 {median(durations):7.1f}  p95 {centile(durations):7.1f}  max {max(durations):7.1f} ms"
    )


def trackstore(settings: dict[str, str], folder: Path, *arguments: str) -> str:
    process = subprocess.run(  # noqa: S603  # our own command
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(settings),
        check=True,
        capture_output=True,
        text=True,
    )
    return process.stdout.strip()


async def fill(port: int, key: str, rows: int) -> None:
    bulk = track_many(FILL_ITEMS)
    async with connected(port) as connection:
        for calls in batches(rows // FILL_ITEMS, FILL_ITEMS, OWN):
            await connection.ask(post(bulk.body({"operations": inputs(calls)}), key))


def flood(port: int, key: str, arguments: argparse.Namespace, results: "Queue[Flood]") -> None:
    """Run the loud organization in a separate process until it is terminated."""
    bulk = track_many(arguments.items)
    bodies = [
        post(bulk.body({"operations": inputs(calls)}), key)
        for calls in batches(PREPARED_ITEMS // arguments.items, arguments.items, OWN)
    ]
    question = post(QUESTION.body(), key)
    counts = Flood()
    results.put(counts)
    remaining = iter(bodies)

    async def run() -> None:
        tasks = [
            *(repeat(port, lambda: question, counts.questions) for _ in range(arguments.questions)),
            *(repeat(port, lambda: next(remaining), counts.loads) for _ in range(arguments.loads)),
        ]
        with suppress(TimeoutError):
            async with asyncio.timeout(arguments.seconds + WARM_SECONDS):
                await asyncio.gather(*tasks)

    asyncio.run(run())
    results.put(counts)


async def measure(url: str, folder: Path, arguments: argparse.Namespace) -> None:
    settings = {**trackstore_settings(url), "TRACKSTORE_ACCESS": "keys"}
    await asyncio.to_thread(trackstore, settings, folder, "migrate")
    loud_key, quiet_key = [
        await asyncio.to_thread(
            trackstore, settings, folder, "keys", "create", name, "-o", name, "-q"
        )
        for name in ("loud", "quiet")
    ]
    port = free_port()
    async with running(serve_command(port), settings, folder, port, READY):
        await fill(port, loud_key, arguments.rows)
        async with connected(port) as connection:
            started = time.perf_counter()
            response = await connection.ask(post(QUESTION.body(), loud_key))
            show(f"one question alone: {outcome(response)} {time.perf_counter() - started:.2f} s")
        await latencies(port, quiet_key, 1)
        idle = await latencies(port, quiet_key, arguments.seconds)
        results: Queue[Flood] = get_context("spawn").Queue()
        process = get_context("spawn").Process(
            target=flood, args=(port, loud_key, arguments, results)
        )
        process.start()
        await asyncio.to_thread(results.get)
        ready: Counter[str] = Counter()
        readiness = asyncio.create_task(repeat(port, lambda: READY_REQUEST, ready, READY_SECONDS))
        await asyncio.sleep(WARM_SECONDS / 2)
        busy = await latencies(port, quiet_key, arguments.seconds - WARM_SECONDS / 2)
        counts = await asyncio.to_thread(results.get)
        readiness.cancel()
        process.join()
    show("idle: ", format_latencies(idle))
    show("flood:", format_latencies(busy))
    show(
        f"ratio of medians {median(busy) / median(idle):.1f}, "
        f"of 95th centiles {centile(busy) / centile(idle):.1f}"
    )
    show("questions", dict(counts.questions), "loads", dict(counts.loads), "ready", dict(ready))


def centile(durations: Sequence[float]) -> float:
    return sorted(durations)[int(0.95 * (len(durations) - 1))]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.neighbours", description=__doc__)
    parser.add_argument("databases", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--questions", type=int, default=20)
    parser.add_argument("--loads", type=int, default=4)
    parser.add_argument("--items", type=int, default=1_000, help="operations of one bulk load")
    arguments = parser.parse_args()
    for name in arguments.databases:
        show(f"--- {name}")
        with tempfile.TemporaryDirectory() as folder:
            if name == "sqlite":
                url = URL.create("sqlite", database=f"{folder}/bench.db").render_as_string()
                asyncio.run(measure(url, Path(folder), arguments))
                continue
            with postgres_cluster(on_disk=True) as cluster:
                asyncio.run(make_durable(cluster, {}))
                url = cluster.url.set(drivername="postgresql").render_as_string()
                asyncio.run(measure(url, Path(folder), arguments))


if __name__ == "__main__":
    main()
