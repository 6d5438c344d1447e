"""Measure the time from the start of the process to the first answer to a query."""

import asyncio
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.bench import POSTGRESQL, SQLITE, Bench
from benchmarks.contest import Contender, Round, contest
from benchmarks.report import Section, number
from benchmarks.requests import FIRST_ANSWER
from benchmarks.servers import (
    MAX_START_SECONDS,
    PAUSE,
    ServerFailedError,
    answers,
    free_port,
    serve_command,
    start,
    stop,
    trackstore_settings,
)

IMPORTS = "import alembic, sqlalchemy.ext.asyncio, starlette, strawberry, typer, uvicorn"
PLAIN = "Python and the imports of its libraries alone"
NOTE = (
    "A new process until a GraphQL query is answered with 200; the tables are there, but for the new "
    "file. The reference is Python that imports the libraries and ends."
)
HEADS = ("", "median ms", "min - max", "times the reference")


@dataclass(frozen=True, slots=True)
class Starting:
    name: str
    url: str
    folder: Path

    async def measure(self, seconds: float) -> Round:
        del seconds
        url = self.url or f"sqlite:///{tempfile.mkdtemp(dir=self.folder)}/new.db"
        port, request = free_port(), FIRST_ANSWER.request()
        started = time.perf_counter()
        process = start(serve_command(port), trackstore_settings(url), self.folder)
        try:
            while not await answers(port, request):
                if process.poll() is not None or time.perf_counter() - started > MAX_START_SECONDS:
                    raise ServerFailedError(f"{self.name}: exit code {process.returncode}")
                await asyncio.sleep(PAUSE)
            return once(time.perf_counter() - started)
        finally:
            stop(process)


@dataclass(frozen=True, slots=True)
class Importing:
    name: str = PLAIN

    async def measure(self, seconds: float) -> Round:
        del seconds
        started = time.perf_counter()
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", IMPORTS)
        await process.wait()
        return once(time.perf_counter() - started)


def once(seconds: float) -> Round:
    return Round(1 / seconds, 1_000 * seconds, 1_000 * seconds, {})


async def run(bench: Bench) -> list[Section]:
    bench.report("  processes are started and stopped")
    async with AsyncExitStack() as stack:
        postgres = await stack.enter_async_context(bench.database(POSTGRESQL))
        sqlite = await stack.enter_async_context(bench.database(SQLITE))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=bench.folder)))
        contenders: list[Contender] = [
            Starting(SQLITE, sqlite.url, folder),
            Starting("SQLite, new file", "", folder),
            Starting(POSTGRESQL, postgres.url, folder),
            Importing(),
        ]
        scale = replace(bench.scale, rounds=bench.scale.starts)
        results = await contest(contenders, PLAIN, scale, bench.budget)
    rows = []
    for result in results:
        times = [r.p50_ms for r in result.rounds]
        span = f"{number(min(times))} - {number(max(times))}"
        rows.append(
            (
                result.name,
                number(result.median(lambda r: r.p50_ms)),
                span,
                f"{1 / result.ratio:.2f}",
            )
        )
    return [Section("Start to first answer", NOTE, HEADS, rows)]
