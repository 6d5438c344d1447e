"""Run the cases, show their tables, and store those of a complete run in ``RESULTS.md``.

A standalone case runs only when it is named, alone, and has its own results file.
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
from benchmarks.cases import CASES, STANDALONE_CASES
from benchmarks.machine import machine_lines, postgres_lines
from benchmarks.report import SOAK
from benchmarks.scale import APART_SECONDS, FULL, QUICK, Budget, Scale
from server.process.garbage_collection import freeze_gc

FOLDER = Path(__file__).parent
STEPS = (5, 2.5, 1)
"""Divisors of the operations at each step of a month: a fifth, two fifths, all."""
console = Console(highlight=False, soft_wrap=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument(
        "cases",
        nargs="*",
        metavar="CASE",
        help=f"of {', '.join(CASES)}; all. Alone: {', '.join(STANDALONE_CASES)}",
    )
    parser.add_argument("--quick", action="store_true", help="only check that everything runs")
    parser.add_argument("--rounds", type=int, help="rounds of each contest")
    parser.add_argument("--seconds", type=float, help="seconds per contender and round")
    parser.add_argument("--rows", type=int, help="operations in the month of the stats case")
    parser.add_argument("--out", type=Path, help="write the tables to this file")
    parsed = parser.parse_args()
    if unknown := set(parsed.cases) - set(CASES) - set(STANDALONE_CASES):
        case_names = ", ".join((*CASES, *STANDALONE_CASES))
        parser.error(f"unknown case {', '.join(sorted(unknown))}. Use {case_names}")
    if set(parsed.cases) & set(STANDALONE_CASES) and len(parsed.cases) > 1:
        parser.error(f"{', '.join(STANDALONE_CASES)}cannot be combined with other cases")
    return parsed


def scale_of(parsed: argparse.Namespace) -> Scale:
    overrides = {name: getattr(parsed, name) for name in ("rounds", "seconds")}
    changes = {name: value for name, value in overrides.items() if value is not None}
    if parsed.rows is not None:
        changes["months"] = tuple(int(parsed.rows / part) for part in STEPS)
    if set(parsed.cases) & set(STANDALONE_CASES) and not parsed.quick:
        changes["budget_seconds"] = APART_SECONDS[parsed.cases[0]]
    return replace(QUICK if parsed.quick else FULL, **changes)


def results_of(parsed: argparse.Namespace) -> Path | None:
    if parsed.out is not None or parsed.quick or parsed.rows is not None:
        path: Path | None = parsed.out
        return path
    if not parsed.cases:
        return FOLDER / "RESULTS.md"
    return FOLDER / f"RESULTS-{parsed.cases[0]}.md" if parsed.cases[0] in STANDALONE_CASES else None


async def measure(cases: Sequence[str], scale: Scale) -> str:
    started = time.monotonic()
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
                sections.append(f"## {name}\n\nNot run: the time budget was spent.\n")
                continue
            console.print(name)
            tables = [
                section.markdown() for section in await (CASES | STANDALONE_CASES)[name](bench)
            ]
            for text in tables:
                console.print(f"\n{text}", markup=False)
            sections += tables
    minutes = (time.monotonic() - started) / 60
    lines.append(
        f"{scale.rounds} rounds of {scale.seconds:g} s a contender, {minutes:.1f} minutes in all"
    )
    machine = "\n".join(f"* {line}" for line in lines)
    return f"# Results\n\n[How to read them](README.md).\n\n{machine}\n\n" + "\n".join(sections)


def main() -> None:
    parsed = arguments()
    cases = parsed.cases or list(CASES)
    logging.basicConfig(level=logging.WARNING)
    freeze_gc()
    report = uvloop.run(measure(cases, scale_of(parsed)))
    out = results_of(parsed)
    if out is not None:
        soak_section = SOAK.search(out.read_text(encoding="utf-8")) if out.exists() else None
        out.write_text(report + (f"\n{soak_section[0]}" if soak_section else ""), encoding="utf-8")
        console.print(f"written: {out}")
    if not parsed.cases:
        commands = ", ".join(f"make bench ARGS={name}" for name in STANDALONE_CASES)
        console.print(f"Standalone cases: {commands}")


if __name__ == "__main__":
    main()
