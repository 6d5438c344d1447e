"""Runs the cases, shows their tables, and keeps those of a whole run in ``RESULTS.md``.

A case that is a run of its own is run when it is named, alone, and has a file of its own.
"""

import argparse
import asyncio
import logging
import signal
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import uvloop
from rich.console import Console

from benchmarks.bench import POSTGRESQL, Bench
from benchmarks.cases import APART, CASES
from benchmarks.machine import machine_lines, postgres_lines
from benchmarks.report import SOAK
from benchmarks.scale import APART_SECONDS, FULL, QUICK, Budget, Scale
from server.process.garbage_collection import freeze_gc

FOLDER = Path(__file__).parent
STEPS = (5, 2.5, 1)
"""What part of all operations there is at each step of a month: a fifth, two fifths, all."""
console = Console(highlight=False, soft_wrap=True)


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "cases",
        nargs="*",
        metavar="CASE",
        help=f"of {', '.join(CASES)}; all. Alone: {', '.join(APART)}",
    )
    parser.add_argument("--quick", action="store_true", help="whether it runs; numbers say nothing")
    parser.add_argument("--rounds", type=int, help="rounds of each contest")
    parser.add_argument("--seconds", type=float, help="of one contender in one round")
    parser.add_argument("--rows", type=int, help="operations of the month that stats asks about")
    parser.add_argument("--out", type=Path, help="write the tables here, whatever was run")
    given = parser.parse_args()
    if unknown := set(given.cases) - set(CASES) - set(APART):
        every = ", ".join((*CASES, *APART))
        parser.error(f"there is no case {', '.join(sorted(unknown))}: take {every}")
    if set(given.cases) & set(APART) and len(given.cases) > 1:
        parser.error(f"{', '.join(APART)}: a run of its own, name nothing beside it")
    return given


def scale_of(given: argparse.Namespace) -> Scale:
    """Full or quick, with what was asked for otherwise."""
    asked = {name: getattr(given, name) for name in ("rounds", "seconds")}
    changes = {name: value for name, value in asked.items() if value is not None}
    if given.rows is not None:
        changes["months"] = tuple(int(given.rows / part) for part in STEPS)
    if set(given.cases) & set(APART) and not given.quick:
        changes["budget_seconds"] = APART_SECONDS[given.cases[0]]
    return replace(QUICK if given.quick else FULL, **changes)


def results_of(given: argparse.Namespace) -> Path | None:
    """Where the tables are kept: of what was run whole, at full size."""
    if given.out is not None or given.quick or given.rows is not None:
        found: Path | None = given.out
        return found
    if not given.cases:
        return FOLDER / "RESULTS.md"
    return FOLDER / f"RESULTS-{given.cases[0]}.md" if given.cases[0] in APART else None


async def measure(cases: Sequence[str], scale: Scale) -> str:
    """Run the cases in order; gives the report."""
    begun = time.monotonic()
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    lines = machine_lines()
    sections: list[str] = []
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="trackstore-bench-"))
        settings = {"track_commit_timestamp": "on"} if "live" in cases else {}
        budget = Budget(scale.budget_seconds)
        bench = Bench(scale, budget, Path(folder), console.print, stack, settings)
        async with bench.database(POSTGRESQL) as database:
            lines += await postgres_lines(database.dsn)
        for name in cases:
            if bench.budget.is_spent:
                sections.append(f"## {name}\n\nNot run: the time was used up.\n")
                continue
            console.print(name)
            found = [section.markdown() for section in await (CASES | APART)[name](bench)]
            for text in found:
                console.print(f"\n{text}", markup=False)
            sections += found
    minutes = (time.monotonic() - begun) / 60
    lines.append(
        f"{scale.rounds} rounds of {scale.seconds:g} s a contender, {minutes:.1f} minutes in all"
    )
    machine = "\n".join(f"* {line}" for line in lines)
    return f"# Results\n\n[How to read them](README.md).\n\n{machine}\n\n" + "\n".join(sections)


def main() -> None:
    """Run what was asked for; a whole, full run replaces its results."""
    given = arguments()
    cases = given.cases or list(CASES)
    logging.basicConfig(level=logging.WARNING)
    freeze_gc()
    report = uvloop.run(measure(cases, scale_of(given)))
    out = results_of(given)
    if out is not None:
        kept = SOAK.search(out.read_text(encoding="utf-8")) if out.exists() else None
        out.write_text(report + (f"\n{kept[0]}" if kept else ""), encoding="utf-8")
        console.print(f"written: {out}")
    if not given.cases:
        apart = ", ".join(f"make bench ARGS={name}" for name in APART)
        console.print(f"Runs of their own: {apart}")


if __name__ == "__main__":
    main()
