"""Format sections of the report as Markdown tables."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.contest import Result, Round

SOAK = re.compile(r"^## Soak.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
"""The section of the soak in ``RESULTS.md``, which is a separate run."""


@dataclass(frozen=True, slots=True)
class Section:
    """Hold a table with its heading and a note; the note is empty if given before."""

    title: str
    note: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        lines = [f"## {self.title}", ""]
        lines += [self.note, ""] if self.note else []
        lines.append("| " + " | ".join(self.heads) + " |")
        lines.append("|---" + "|---:" * (len(self.heads) - 1) + "|")
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join(lines) + "\n"


def contest_section(
    title: str, note: str, unit: str, results: Sequence[Result], reach: Mapping[str, float]
) -> Section:
    parts = list(dict.fromkeys(part for r in results for round in r.rounds for part in round.cpu))
    heads = [
        "", f"{unit}/s, median", "min - max", "p50 ms", "p99 ms", "ratio", "min - max", "reach",
        *(f"CPU {part}" for part in parts),
    ]  # fmt: skip
    return Section(title, note, heads, [_row(r, parts, reach.get(r.name)) for r in results])


def _row(result: Result, parts: Sequence[str], reach: float | None) -> list[str]:
    rates = [r.rate for r in result.rounds]
    ratios = sorted(result.ratios)
    return [
        result.name,
        number(result.median(lambda r: r.rate)),
        f"{number(min(rates))} - {number(max(rates))}",
        number(result.median(lambda r: r.p50_ms)),
        number(result.median(lambda r: r.p99_ms)),
        ratio(result.ratio),
        f"{ratio(ratios[0])} - {ratio(ratios[-1])}",
        f"{reach:.2f}" if reach is not None else "",
        *(_cpu(result, part) for part in parts),
    ]


def _cpu(result: Result, part: str) -> str:
    def read(round: Round) -> float:
        return round.cpu.get(part, 0.0)

    return number(result.median(read)) if any(part in r.cpu for r in result.rounds) else "-"


def ratio(value: float) -> str:
    """Format with two significant digits."""
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}"


def number(value: float) -> str:
    """Format with three significant digits, the precision of such measurements."""
    if value >= 1_000:
        return f"{round(value, -1 if value < 10_000 else -2):,.0f}"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"
