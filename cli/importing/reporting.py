"""What a person sees of an import: a bar or plain lines while it runs, bad lines, and the summary."""

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

from cli.importing.tally import MOST_EXAMPLES, Tally
from cli.output import err, out, say, warn

LINE_SECONDS = 5.0
"""Between two lines where nobody looks at a bar."""
BAR_SECONDS = 0.1
DUPLICATES = "were there already, from this file or another one of the same --source"
SHOWN = 120
"""Characters of a bad line that are shown."""


class Reporter(Protocol):
    """Told of the import as it goes on."""

    def __enter__(self) -> "Reporter": ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def advance(self, tally: Tally, position: int) -> None:
        """So many bytes of all sources are read."""


class Silence:
    """Nothing while it runs."""

    def __enter__(self) -> "Silence":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def advance(self, tally: Tally, position: int) -> None:
        """Say nothing."""


class Lines:
    """A plain line now and then, for logs and pipes."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._started = self._told = time.monotonic()

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        return

    def advance(self, tally: Tally, position: int) -> None:
        """Say it, if the last line is some time ago."""
        now = time.monotonic()
        if now - self._told < LINE_SECONDS:
            return
        self._told = now
        share = f"{position / self._total:.0%}, " if self._total else ""
        say(f"{share}{progress_text(tally, now - self._started)}")


class Bar:
    """A bar with rate and time left; without one where the sources have no size."""

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
        self._told = 0.0

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self, tally: Tally, position: int) -> None:
        """Move the bar."""
        now = time.monotonic()
        if now - self._told < BAR_SECONDS:
            return
        self._told = now
        text = progress_text(tally, now - self._started)
        self._progress.update(self._task, completed=position, description=text)


def make_reporter(total: int | None, quiet: bool) -> Reporter:
    """A bar for people, lines for logs."""
    if quiet:
        return Silence()
    return Bar(total) if err.is_terminal else Lines(total)


def progress_text(tally: Tally, seconds: float) -> str:
    """Counts and rate."""
    parts = [f"{tally.answered:,} of {tally.read:,} lines sent, {rate(tally.answered, seconds)}"]
    for count, word in (
        (tally.duplicates, "duplicates"),
        (tally.rejected, "rejected"),
        (tally.malformed, "malformed"),
    ):
        if count:
            parts.append(f"{count:,} {word}")
    return ", ".join(parts)


def rate(count: int, seconds: float) -> str:
    """So many a second."""
    return f"{count / max(seconds, 0.001):,.0f}/s"


def complain_of_line(place: str, reason: str, text: str, already: int) -> None:
    """Show a bad line, unless enough were shown."""
    if already < MOST_EXAMPLES:
        warn(f"{place}: {printable(reason)}" + (f": {printable(text)}" if text else ""))
    elif already == MOST_EXAMPLES:
        say("further ones are counted, and not shown")


def printable(text: str) -> str:
    """The beginning of a text without what a terminal would take for a command."""
    cut = text if len(text) <= SHOWN else text[:SHOWN] + "..."
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in cut)


def print_summary(tally: Tally, seconds: float) -> None:
    """The counts, on standard output."""
    rows = [
        ("lines read", tally.read, f"in {seconds:,.1f} s, {rate(tally.read, seconds)}"),
        ("accepted", tally.accepted, ""),
        ("duplicates", tally.duplicates, DUPLICATES if tally.duplicates else ""),
        ("rejected", tally.rejected, "refused by the server" if tally.rejected else ""),
        ("malformed", tally.malformed, "not sent" if tally.malformed else ""),
    ]
    if tally.repaired:
        rows.append(("repaired", tally.repaired, "texts that no database can hold as they were"))
    if tally.headers:
        rows.append(("headers", tally.headers, "repeated in the middle of a file, left out"))
    if tally.unsent:
        rows.append(("unsent", tally.unsent, "read, but not known to be stored"))
    width = max(len(f"{count:,}") for _, count, _ in rows)
    for name, count, remark in rows:
        out.print(f"{name:<10}  {count:>{width},}  {remark}".rstrip(), markup=False)
    for reason, count in tally.reasons.most_common():
        out.print(f"  {count:,} rejected with {reason}", markup=False)
