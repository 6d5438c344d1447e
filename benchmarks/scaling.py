"""Time every mutation at doubled sizes: ``python -m benchmarks.scaling``, some minutes.

The cases are those whose work the tests count. Time also includes what they cannot see: steps inside
the database, and loops in C.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

from migrations.runner import upgrade
from tests.api.scaling.cases import CASES, Case
from tests.support.api import Api, running_api
from tests.support.databases import Databases, PostgresDatabases, SqliteDatabases
from tests.support.postgres import postgres_cluster

DOUBLINGS = 3
ROUNDS = 3
MARKED_GROWTH = 2.6
"""Growth of the time for doubled input that is marked."""


def show(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def sizes(case: Case, smallest: int | None) -> list[int]:
    largest = case.sizes[-1]
    if smallest is None or largest < 100:
        return list(case.sizes)
    return [smallest << n for n in range(DOUBLINGS + 1)]


async def seconds_of(api: Api, case: Case, size: int) -> float:
    durations = []
    for _ in range(ROUNDS):
        document, variables = await case.prepare(api, size)
        started = time.perf_counter()
        await api(document, variables)
        durations.append(time.perf_counter() - started)
    return statistics.median(durations)


async def measure(url: str, smallest: int | None, only: str) -> None:
    async with running_api(
        database_url=url, max_request_stages=100_000, max_depth=30, stall_sweep_seconds=0
    ) as api:
        for case in (case for case in CASES if only in str(case)):
            await seconds_of(api, case, case.sizes[0])
            counts = sizes(case, smallest)
            times = [await seconds_of(api, case, size) for size in counts]
            growth = [longer / shorter for shorter, longer in pairwise(times)]
            mark = "  <-- more than linear?" if growth[-1] > MARKED_GROWTH else ""
            columns = "  ".join(
                f"{n}: {t * 1_000:.1f} ms" for n, t in zip(counts, times, strict=True)
            )
            show(f"{case!s:45} {columns}   x{' x'.join(f'{g:.2f}' for g in growth)}{mark}")


@contextmanager
def all_databases() -> Iterator[list[Databases]]:
    with tempfile.TemporaryDirectory() as folder, postgres_cluster() as cluster:
        postgres = PostgresDatabases(cluster.url, upgrade)
        yield [SqliteDatabases(Path(folder), upgrade), postgres]
        postgres.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--first", type=int, help="the smallest size, instead of that of the tests")
    parser.add_argument("--only", default="", help="a part of the names of cases")
    chosen = parser.parse_args()
    with all_databases() as databases:
        for database in databases:
            show(f"\n{type(database).__name__}")
            with database.prepared() as url:
                asyncio.run(measure(url, chosen.first, chosen.only))


if __name__ == "__main__":
    main()
