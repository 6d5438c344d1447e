"""One line that says how the demonstration goes: in place at a terminal, now and then elsewhere."""

from rich.live import Live
from rich.text import Text

from cli.demo.scene import Scene
from cli.output import err, out, say

LINE_SECONDS = 5.0


class Board:
    """Shows the counts of a scene."""

    def __init__(self, scene: Scene, quiet: bool) -> None:
        self._scene = scene
        self._quiet = quiet
        self._told = 0.0
        self._live = Live(console=err, auto_refresh=False, transient=True)

    def __enter__(self) -> "Board":
        if err.is_terminal and not self._quiet:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def tell(self, seconds: float) -> None:
        """Show it, if it is time."""
        if self._quiet:
            return
        if err.is_terminal:
            line = Text(board_text(self._scene, seconds), no_wrap=True, overflow="ellipsis")
            self._live.update(line, refresh=True)
        elif seconds - self._told >= LINE_SECONDS:
            self._told = seconds
            say(board_text(self._scene, seconds))


def board_text(scene: Scene, seconds: float) -> str:
    """The line."""
    counts = scene.counts
    minutes, rest = divmod(int(seconds), 60)
    sent = counts.get("entries", 0)
    # What moves comes first: a narrow terminal cuts the end.
    ended = f"{counts.get('completed', 0):,} done, {counts.get('failed', 0):,} failed"
    parts = [
        f"{minutes:02}:{rest:02}",
        f"requests: {len(scene.requests)} running, {ended}",
        f"{counts.get('denied', 0):,} denied",
        f"{counts.get('outages', 0):,} outages",
        f"{sent:,} sent ({sent / max(seconds, 1):,.0f}/s)",
        f"{counts.get('operations', 0):,} operations",
        f"{counts.get('retries', 0):,} retries",
    ]
    if counts.get("rejected"):
        parts.append(f"{counts['rejected']:,} refused")
    return " · ".join(parts)


def print_total(scene: Scene, seconds: float) -> None:
    """The last line, on standard output."""
    out.print(board_text(scene, seconds), markup=False)
