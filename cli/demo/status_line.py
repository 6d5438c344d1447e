"""Status line of the demo: in place on a terminal, otherwise a line every few seconds."""

from rich.live import Live
from rich.text import Text

from cli.demo.simulation import Simulation
from cli.output import err, out, say

LINE_SECONDS = 5.0


class StatusLine:
    def __init__(self, simulation: Simulation, quiet: bool) -> None:
        self._simulation = simulation
        self._quiet = quiet
        self._last_printed = 0.0
        self._live = Live(console=err, auto_refresh=False, transient=True)

    def __enter__(self) -> "StatusLine":
        if err.is_terminal and not self._quiet:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def update(self, seconds: float) -> None:
        if self._quiet:
            return
        if err.is_terminal:
            line = Text(status_text(self._simulation, seconds), no_wrap=True, overflow="ellipsis")
            self._live.update(line, refresh=True)
        elif seconds - self._last_printed >= LINE_SECONDS:
            self._last_printed = seconds
            say(status_text(self._simulation, seconds))


def status_text(simulation: Simulation, seconds: float) -> str:
    counts = simulation.counts
    minutes, seconds_left = divmod(int(seconds), 60)
    sent_count = counts.get("entries", 0)
    # What moves comes first: a narrow terminal cuts the end.
    ended = f"{counts.get('completed', 0):,} done, {counts.get('failed', 0):,} failed"
    parts = [
        f"{minutes:02}:{seconds_left:02}",
        f"requests: {len(simulation.requests)} running, {ended}",
        f"{counts.get('denied', 0):,} denied",
        f"{counts.get('outages', 0):,} outages",
        f"{sent_count:,} sent ({sent_count / max(seconds, 1):,.0f}/s)",
        f"{counts.get('operations', 0):,} operations",
        f"{counts.get('retries', 0):,} retries",
    ]
    if counts.get("rejected"):
        parts.append(f"{counts['rejected']:,} refused")
    return " · ".join(parts)


def print_total(simulation: Simulation, seconds: float) -> None:
    out.print(status_text(simulation, seconds), markup=False)
