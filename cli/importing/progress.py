"""Progress, bad lines and summary of an import."""

import time
from types import TracebackType
from typing import Protocol

from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from cli.importing.counts import MAX_SHOWN_LINES, ImportCounts
from cli.output import err, out, say, warn

LINE_SECONDS = 5.0
"""Interval of progress lines without a terminal."""
BAR_SECONDS = 0.1
DUPLICATES = "already stored, from this file or another one of the same --source"
MAX_EXCERPT_CHARS = 120
"""Characters of a bad line that are printed."""


class ProgressReporter(Protocol):
    def __enter__(self) -> "ProgressReporter": ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def advance(self, counts: ImportCounts, position: int) -> None: ...


class NoProgress:
    def __enter__(self) -> "NoProgress":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def advance(self, counts: ImportCounts, position: int) -> None: ...


class ProgressLines:
    def __init__(self, total: int | None) -> None:
        self._total = total
        self._started = self._last_printed = time.monotonic()

    def __enter__(self) -> "ProgressLines":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def advance(self, counts: ImportCounts, position: int) -> None:
        now = time.monotonic()
        if now - self._last_printed < LINE_SECONDS:
            return
        self._last_printed = now
        share = f"{position / self._total:.0%}, " if self._total else ""
        say(f"{share}{progress_text(counts, now - self._started)}")


class ProgressBar:
    def __init__(self, total: int | None) -> None:
        self._progress = Progress(
            SpinnerColumn() if total is None else BarColumn(),
            *(() if total is None else (TaskProgressColumn(), TimeRemainingColumn())),
            TextColumn("{task.description}", markup=False),
            console=err,
            transient=True,
        )
        self._task = self._progress.add_task("", total=total)
        self._started = time.monotonic()
        self._last_printed = 0.0

    def __enter__(self) -> "ProgressBar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self, counts: ImportCounts, position: int) -> None:
        now = time.monotonic()
        if now - self._last_printed < BAR_SECONDS:
            return
        self._last_printed = now
        text = progress_text(counts, now - self._started)
        self._progress.update(self._task, completed=position, description=text)


def progress_reporter(total: int | None, quiet: bool) -> ProgressReporter:
    if quiet:
        return NoProgress()
    return ProgressBar(total) if err.is_terminal else ProgressLines(total)


def progress_text(counts: ImportCounts, seconds: float) -> str:
    parts = [f"{counts.answered:,} of {counts.read:,} lines sent, {rate(counts.answered, seconds)}"]
    for count, word in (
        (counts.duplicates, "duplicates"),
        (counts.rejected, "rejected"),
        (counts.malformed, "malformed"),
    ):
        if count:
            parts.append(f"{count:,} {word}")
    return ", ".join(parts)


def rate(count: int, seconds: float) -> str:
    return f"{count / max(seconds, 0.001):,.0f}/s"


def warn_about_line(position: str, reason: str, text: str, already: int) -> None:
    if already < MAX_SHOWN_LINES:
        warn(f"{position}: {excerpt(reason)}" + (f": {excerpt(text)}" if text else ""))
    elif already == MAX_SHOWN_LINES:
        say("further ones are counted but not shown")


def excerpt(text: str) -> str:
    cut = text if len(text) <= MAX_EXCERPT_CHARS else text[:MAX_EXCERPT_CHARS] + "..."
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)


def print_summary(counts: ImportCounts, seconds: float) -> None:
    rows = [
        ("lines read", counts.read, f"in {seconds:,.1f} s, {rate(counts.read, seconds)}"),
        ("accepted", counts.accepted, ""),
        ("duplicates", counts.duplicates, DUPLICATES if counts.duplicates else ""),
        ("rejected", counts.rejected, "by the server" if counts.rejected else ""),
        ("malformed", counts.malformed, "not sent" if counts.malformed else ""),
    ]
    if counts.repaired:
        rows.append(("repaired", counts.repaired, "texts that the database cannot store unchanged"))
    if counts.headers:
        rows.append(("headers", counts.headers, "repeated within a file, skipped"))
    if counts.unsent:
        rows.append(("unsent", counts.unsent, "read, but maybe not stored"))
    width = max(len(f"{count:,}") for _, count, _ in rows)
    for name, count, remark in rows:
        out.print(f"{name:<10}  {count:>{width},}  {remark}".rstrip(), markup=False)
    for reason, count in counts.reasons.most_common():
        out.print(f"  {count:,} rejected with {reason}", markup=False)
