"""One request on a screen: how far it is, its stages as bars, its last events, its error."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.watch.screen import MOST_EVENTS, bar, connection_text, event_rows, status_text
from cli.watch.words import how_far, moment, percent, plain, span, title_of, why
from trackstore.calls import Json
from trackstore.subscriptions import StreamStatus

MARKS = {
    "PENDING": "·",
    "RUNNING": "▶",
    "STALLED": "!",
    "COMPLETED": "✓",
    "FAILED": "✗",
    "CANCELLED": "✗",
    "SKIPPED": "-",
}
LEAST_EVENTS = 3
STAGE_BAR = 24
CHROME = 8
"""Lines beside stages and events: heading, bar, error, connection, and what parts them."""


class RequestScreen:
    """Is told of one request, and draws it. ``now`` is the clock that running times are read from."""

    def __init__(self, request: Json, events: Sequence[Json], now: Callable[[], datetime]) -> None:
        self._request = request
        self._events = deque(events, MOST_EVENTS)
        self._connection = StreamStatus()
        self._now = now

    def on_event(self, event: Json, request: Json) -> None:
        """An event, and the request with it."""
        self._events.append(event)
        self._request = request

    def on_status(self, status: StreamStatus) -> None:
        self._connection = status

    def draw(self, width: int, height: int) -> RenderableType:
        """All of it; where the screen is low, the stages at work and the last events."""
        stages = self._stages(max(height - CHROME - LEAST_EVENTS, 1))
        room = max(height - CHROME - len(stages), LEAST_EVENTS)
        error = why(self._request)
        parts: list[RenderableType] = [
            self._heading(),
            self._overall(width),
            Text(),
            self._stage_rows(stages),
        ]
        if error:
            parts += [Text(), Text(error, "red", no_wrap=True, overflow="ellipsis")]
        if self._events:
            parts += [Text(), event_rows(list(self._events)[-room:])]
        parts += [Text(), self._bottom()]
        return Group(*parts)

    def _heading(self) -> Text:
        request = self._request
        names = f"  {plain(request['type'])}  {request['uuid']}  {plain(request['organizationId'])}"
        text = Text(no_wrap=True, overflow="ellipsis")
        return text.append(title_of(request), "bold").append(names, "dim")

    def _overall(self, width: int) -> Table:
        request = self._request
        status = request["status"]
        took = self._lasted(request)
        # Only the server knows the stages of the past: what is left is its to say.
        left = request.get("etaSeconds")
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_row(
            status_text(status),
            bar(request["progress"], status, max(min(width - 46, 60), 10)),
            Text(percent(request["progress"])),
            Text(took, "dim"),
            Text("" if left is None else f"about {span(left)} left"),
        )
        return grid

    def _stages(self, room: int) -> list[Json]:
        """As many stages as there is room for, with those at work among them."""
        stages: list[Json] = self._request["stages"]
        if len(stages) <= room:
            return stages
        begun = [n for n, stage in enumerate(stages) if stage["status"] != "PENDING"]
        last = max(begun, default=0)
        first = min(max(last - room // 2, 0), len(stages) - room)
        return stages[first : first + room]

    def _stage_rows(self, stages: Sequence[Json]) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        for _ in range(6):
            table.add_column(no_wrap=True, overflow="ellipsis")
        for stage in stages:
            table.add_row(*self._stage_row(stage))
        return table

    def _stage_row(self, stage: Json) -> list[RenderableType]:
        status = stage["status"]
        mark = status_text(status)
        mark.plain = f"{MARKS.get(status, '?')} {plain(stage['name'])}"
        failed = status == "FAILED"
        said = (stage["errorMessage"] if failed else stage["message"]) or ""
        attempt, most = stage["attempt"], stage["maxAttempts"]
        return [
            mark,
            bar(stage["progress"], status, STAGE_BAR),
            Text(how_far(stage) if attempt else ""),
            Text(
                f"attempt {attempt} of {most}" if attempt and max(attempt, most) > 1 else "", "dim"
            ),
            Text(self._lasted(stage), "dim"),
            Text(plain(said), "red" if failed else ""),
        ]

    def _lasted(self, timed: Json) -> str:
        """How long something took, or has taken up to now."""
        if timed["durationMs"] is not None:
            return span(timed["durationMs"] / 1_000)
        if timed["startedAt"] is None or timed["status"] not in ("RUNNING", "STALLED"):
            return ""
        started = moment(timed["startedAt"])
        return "" if started is None else span((self._now() - started).total_seconds())

    def _bottom(self) -> Text:
        status = self._request["status"]
        if status in ("COMPLETED", "FAILED", "CANCELLED"):
            return status_text(status)
        return connection_text(self._connection)
