"""Terminal screens, drawn a few times a second regardless of the number of events."""

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any, Protocol

from rich.console import Console, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.watch.descriptions import event_text, local_time, printable, share_of, where
from trackstore.calls import Json
from trackstore.subscriptions import StreamStatus

FRAME_SECONDS = 0.25
MAX_SCREEN_EVENTS = 60
"""Maximum number of events in memory; the screen shows as many as fit."""
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
HINT = "Ctrl-C stops watching only"


class Screen(Protocol):
    def draw(self, width: int, height: int) -> RenderableType: ...


async def show(console: Console, screen: Screen, work: Coroutine[Any, Any, None]) -> None:
    """Draw until the work has ended; the last frame stays."""
    task = asyncio.create_task(work)
    with Live(console=console, auto_refresh=False) as live:
        try:
            while not task.done():
                _draw(live, console, screen)
                await asyncio.wait({task}, timeout=FRAME_SECONDS)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):  # raised below where it counts
                await task
            _draw(live, console, screen)
    task.result()


def _draw(live: Live, console: Console, screen: Screen) -> None:
    width, height = console.size
    live.update(screen.draw(width, height), refresh=True)


def status_text(status: str) -> Text:
    return Text(status, STYLES.get(status, ""))


def bar(share: Any, status: str, width: int) -> ProgressBar:
    style = STYLES.get(status, "cyan")
    return ProgressBar(
        total=1, completed=share_of(share), width=width, complete_style=style, finished_style=style
    )


def event_rows(events: Sequence[Json], titles: dict[str, str] | None = None) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for _ in range(4 if titles is None else 5):
        table.add_column(no_wrap=True, overflow="ellipsis")
    for event in events:
        at = local_time(event["occurredAt"])
        style = SEVERITY_STYLES.get(event["severity"], "")
        cells = [Text("" if at is None else f"{at:%H:%M:%S}", "dim")]
        if titles is not None:
            id: str = event["requestId"]
            cells.append(Text(titles.get(id, id)))
        cells += [
            Text(printable(event["type"]), style),
            Text(where(event)),
            Text(event_text(event)),
        ]
        table.add_row(*cells)
    return table


def connection_text(status: StreamStatus) -> Text:
    if status.is_connected:
        return Text.assemble(("● live", "green"), (f"  {HINT}", "dim"))
    if status.reason:
        return Text.assemble(
            ("○ connection lost", "yellow"), f": {printable(status.reason)}; reconnecting"
        )
    return Text("○ connecting", "dim")
