"""A terminal that shows something while it changes: drawn a few times a second, however much happens."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Protocol

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.watch.words import moment, plain, share_of, what_happened, where
from trackstore.calls import Json
from trackstore.subscriptions import StreamStatus

FRAME_SECONDS = 0.25
MOST_EVENTS = 60
"""Events that are kept for a screen; the last of them are shown, as far as there is room."""
STYLES = {
    "PENDING": "dim",
    "RUNNING": "cyan",
    "STALLED": "yellow",
    "COMPLETED": "green",
    "FAILED": "red",
    "CANCELLED": "magenta",
    "SKIPPED": "dim",
}
SEVERITY_STYLES = {"DEBUG": "dim", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "bold red"}
HINT = "Ctrl-C stops watching, nothing else"


class Drawn(Protocol):
    """What is shown."""

    def draw(self, width: int, height: int) -> RenderableType:
        """It, at this size."""


async def show(console: Console, drawn: Drawn, work: Coroutine[Any, Any, None]) -> None:
    """Draw while the work goes on; what is drawn last stays."""
    task = asyncio.create_task(work)
    with Live(console=console, auto_refresh=False) as live:
        try:
            while not task.done():
                _draw(live, console, drawn)
                await asyncio.wait({task}, timeout=FRAME_SECONDS)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):  # raised below where it counts
                await task
            _draw(live, console, drawn)
    task.result()


def _draw(live: Live, console: Console, drawn: Drawn) -> None:
    width, height = console.size
    live.update(drawn.draw(width, height), refresh=True)


def status_text(status: str) -> Text:
    """A state in its colour."""
    return Text(status, STYLES.get(status, ""))


def bar(share: Any, status: str, width: int) -> ProgressBar:
    """A bar in the colour of the state."""
    style = STYLES.get(status, "cyan")
    return ProgressBar(
        total=1, completed=share_of(share), width=width, complete_style=style, finished_style=style
    )


def event_rows(events: Sequence[Json], titles: dict[str, str] | None = None) -> Table:
    """The events, oldest first; with the request of each where there are several."""
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(4 if titles is None else 5):
        table.add_column(no_wrap=True, overflow="ellipsis")
    for event in events:
        at = moment(event["occurredAt"])
        style = SEVERITY_STYLES.get(event["severity"], "")
        cells = [Text("" if at is None else f"{at:%H:%M:%S}", "dim")]
        if titles is not None:
            id: str = event["requestId"]
            cells.append(Text(titles.get(id, id)))
        cells += [Text(plain(event["type"]), style), Text(where(event)), Text(what_happened(event))]
        table.add_row(*cells)
    return table


def connection_text(status: StreamStatus) -> Text:
    """Return the last line of a screen: whether it is live."""
    if status.is_connected:
        return Text.assemble(("● live", "green"), (f"  {HINT}", "dim"))
    if status.reason:
        return Text.assemble(
            ("○ connection lost", "yellow"), f": {plain(status.reason)}; reconnecting"
        )
    return Text("○ connecting", "dim")
