"""``python -m tests.system.chaos``: the randomised run with a seed, also as ``make chaos``."""

import argparse
import asyncio
import random
import sys
import time

from tests.system.chaos.run import RunSettings, run

DEFAULT_MINUTES = 10.0


def _report(line: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


def _main() -> int:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, help="the seed of a run to be repeated")
    parser.add_argument("--minutes", type=float, default=DEFAULT_MINUTES, help="for all databases")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--round-seconds", type=float, default=15.0)
    parser.add_argument(
        "--fault", action="append", default=[], help="only this one; may be repeated"
    )
    parser.add_argument("--no-clock", action="store_true", help="do not move the clock")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(10**6) if given.seed is None else given.seed
    databases = ["sqlite", "postgresql"] if given.database == "both" else [given.database]
    failed = 0
    for database in databases:
        seconds = given.minutes * 60 / len(databases)
        _report(f"seed {seed}, {database}, {seconds:.0f} s")
        settings = RunSettings(
            seed,
            database,
            seconds,
            given.round_seconds,
            with_clock=not given.no_clock,
            faults=tuple(given.fault),
        )
        done = asyncio.run(run(settings, _report))
        failed += bool(done.problems)
        outcome = "FAILED" if done.problems else "nothing found"
        _report(f"seed {seed}, {database}: {outcome}, {len(done.caused)} faults")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(_main())
