"""Run ``python -m benchmarks.soak --minutes 60``: sample a server under mixed traffic, and judge."""

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import psutil

from benchmarks.databases import dsn_of, make_durable, postgres_server
from benchmarks.machine import machine_lines
from benchmarks.processes import resident_bytes
from benchmarks.report import SOAK, Section, number
from benchmarks.servers import READY, free_port, running, serve_command, trackstore_settings
from benchmarks.soak.samples import MIB, Sample, Verdict, verdicts
from benchmarks.soak.traffic import WATCHERS, Traffic
from migrations.runner import upgrade
from tests.support.postgres import PostgresCluster

RESULTS = Path(__file__).parents[1] / "RESULTS.md"
SAMPLES = 240
MIN_SAMPLE_SECONDS = 1.0
FULL_MINUTES = 60.0
WAL = "SELECT coalesce(sum(size), 0)::bigint FROM pg_ls_waldir()"
STORED = "SELECT pg_database_size(current_database())"

Sizes = Callable[[], Awaitable[tuple[int, int]]]
"""Bytes of the write-ahead log, and of the database."""


@asynccontextmanager
async def _database(name: str, folder: Path) -> AsyncIterator[tuple[str, Sizes]]:
    if name == "sqlite":
        file = folder / "trackstore.db"
        wal = file.with_name("trackstore.db-wal")

        async def sizes() -> tuple[int, int]:
            return (wal.stat().st_size if wal.exists() else 0), file.stat().st_size

        yield f"sqlite:///{file}", sizes
        return
    with postgres_server() as server:
        if isinstance(server, PostgresCluster):
            await make_durable(server, {"autovacuum": "on", "checkpoint_timeout": "5min"})
        dsn = dsn_of(server.url if isinstance(server, PostgresCluster) else server)

        async def sizes_of_server() -> tuple[int, int]:
            connection = await asyncpg.connect(dsn)
            try:
                return await connection.fetchval(WAL), await connection.fetchval(STORED)
            finally:
                await connection.close()

        yield dsn, sizes_of_server


async def _soak(name: str, minutes: float) -> tuple[list[Sample], Traffic]:
    with tempfile.TemporaryDirectory(prefix="trackstore-soak-") as temporary:
        folder = Path(temporary)
        async with _database(name, folder) as (url, sizes):
            await asyncio.to_thread(upgrade, url)
            port = free_port()
            command, settings = serve_command(port), trackstore_settings(url)
            async with running(command, settings, folder, port, READY) as server:
                traffic = Traffic(f"http://127.0.0.1:{server.port}")
                task = asyncio.create_task(traffic.run())
                samples = await _sample(server.pid, sizes, minutes * 60, task)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
            return samples, traffic


async def _sample(
    pid: int, sizes: Sizes, seconds: float, task: "asyncio.Task[None]"
) -> list[Sample]:
    pause = max(MIN_SAMPLE_SECONDS, seconds / SAMPLES)
    started = time.monotonic()
    samples: list[Sample] = []
    process = psutil.Process(pid)
    while (elapsed := time.monotonic() - started) < seconds:
        if task.done():
            task.result()
        wal, stored = await sizes()
        sample = Sample(
            elapsed, resident_bytes(pid) / MIB, process.num_fds(), wal / MIB, stored / MIB
        )
        samples.append(sample)
        if len(samples) % 10 == 1:
            _say(
                f"{elapsed / 60:5.1f} min: {sample.resident_mib:6.1f} MiB resident, "
                f"{sample.descriptors} descriptors, WAL {sample.wal_mib:.1f} MiB, "
                f"stored {sample.stored_mib:.0f} MiB"
            )
        await asyncio.sleep(pause)
    return samples


def _section(minutes: float, rows: list[list[str]]) -> str:
    machine = "; ".join(machine_lines())
    note = (
        f"{minutes:g} minutes by the clock for each database: writers of operations, requests and "
        f"limits, {WATCHERS} live streams that come and go, pages. Figures of the server process; "
        "medians of the third and the last quarter of the time (the highest of each for the "
        f"write-ahead log). `python -m benchmarks.soak`. {machine}."
    )
    heads = ("", "third quarter", "last quarter", "highest", "level")
    return Section("Soak", note, heads, rows).markdown()


def _rows(name: str, checks: list[Verdict]) -> list[list[str]]:
    return [
        [
            f"{name}: {check.name}", number(check.third_quarter), number(check.last_quarter),
            number(check.highest), "yes" if check.is_level else "NO",
        ]
        for check in checks
    ]  # fmt: skip


def replace_section(text: str, section: str) -> str:
    if SOAK.search(text):
        return SOAK.sub(lambda _: section + "\n", text).rstrip("\n") + "\n"
    return text.rstrip("\n") + "\n\n" + section


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Soak the requested databases; return 1 if something grew or an answer was wrong."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=FULL_MINUTES, help="of each database")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--keep", action="store_true", help="write the figures into RESULTS.md")
    parsed = parser.parse_args()
    names = ["postgresql", "sqlite"] if parsed.database == "both" else [parsed.database]
    rows: list[list[str]] = []
    failed = False
    for name in names:
        samples, traffic = asyncio.run(_soak(name, parsed.minutes))
        checks = verdicts(samples)
        rows += _rows(name, checks)
        failed = failed or bool(traffic.failures) or not all(check.is_level for check in checks)
        _say(f"{name}: {dict(traffic.done)}, failures: {dict(traffic.failures)}")
        for check in checks:
            level = "level" if check.is_level else "NOT LEVEL"
            _say(
                f"{name}: {check.name}: {check.third_quarter:.1f}, then {check.last_quarter:.1f}: {level}"
            )
    section = _section(parsed.minutes, rows)
    _say(f"\n{section}")
    if parsed.replace_section:
        RESULTS.write_text(
            replace_section(RESULTS.read_text(encoding="utf-8"), section), encoding="utf-8"
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
