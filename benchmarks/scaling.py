"""Times every mutation at doubled sizes: `python -m benchmarks.scaling`, both databases, some minutes.

The cases are those whose work the tests count. Time also holds what they cannot see: the database's
own steps, and loops in C.
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
NOTABLE = 2.6
"""Times the time for twice the input that are marked."""


def show(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def sizes(case: Case, first: int | None) -> list[int]:
    """The sizes of a case; those of small ones are bounded by the schema."""
    largest = case.sizes[-1]
    if first is None or largest < 100:
        return list(case.sizes)
    return [first << n for n in range(DOUBLINGS + 1)]


async def seconds_of(api: Api, case: Case, size: int) -> float:
    """The median time of one call."""
    taken = []
    for _ in range(ROUNDS):
        document, variables = await case.prepare(api, size)
        begun = time.perf_counter()
        await api(document, variables)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


async def measure(url: str, first: int | None, only: str) -> None:
    """Print a line per case: the milliseconds at each size, and how they grow."""
    async with running_api(
        database_url=url, max_request_stages=100_000, max_depth=30, stall_sweep_seconds=0
    ) as api:
        for case in (case for case in CASES if only in str(case)):
            await seconds_of(api, case, case.sizes[0])
            counts = sizes(case, first)
            times = [await seconds_of(api, case, size) for size in counts]
            growth = [after / before for before, after in pairwise(times)]
            mark = "  <-- more than linear?" if growth[-1] > NOTABLE else ""
            shown = "  ".join(
                f"{n}: {t * 1_000:.1f} ms" for n, t in zip(counts, times, strict=True)
            )
            show(f"{case!s:45} {shown}   x{' x'.join(f'{g:.2f}' for g in growth)}{mark}")


@contextmanager
def all_databases() -> Iterator[list[Databases]]:
    """SQLite, and a PostgreSQL of this run."""
    with tempfile.TemporaryDirectory() as folder, postgres_cluster() as cluster:
        postgres = PostgresDatabases(cluster.url, upgrade)
        yield [SqliteDatabases(Path(folder), upgrade), postgres]
        postgres.close()


def main() -> None:
    """Measure the cases that are asked for."""
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
