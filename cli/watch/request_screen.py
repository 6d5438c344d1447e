"""Screen of one request: progress, stages as bars, last events, error."""

from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.watch.descriptions import (
    duration_text,
    failure_reason,
    local_time,
    percent,
    printable,
    progress_text,
    title_of,
)
from cli.watch.screen import MAX_SCREEN_EVENTS, bar, connection_text, event_rows, status_text
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
MIN_EVENTS = 3
STAGE_BAR_CHARS = 24
OTHER_LINES = 8
"""Lines besides stages and events: heading, bar, error, connection, separators."""


class RequestScreen:
    def __init__(self, request: Json, events: Sequence[Json], now: Callable[[], datetime]) -> None:
        self._request = request
        self._events = deque(events, MAX_SCREEN_EVENTS)
        self._connection = StreamStatus()
        self._now = now

    def on_event(self, event: Json, request: Json) -> None:
        self._events.append(event)
        self._request = request

    def on_status(self, status: StreamStatus) -> None:
        self._connection = status

    def draw(self, width: int, height: int) -> RenderableType:
        stages = self._stages(max(height - OTHER_LINES - MIN_EVENTS, 1))
        room = max(height - OTHER_LINES - len(stages), MIN_EVENTS)
        error = failure_reason(self._request)
        parts: list[RenderableType] = [
            self._heading(),
            self._summary(width),
            Text(),
            self._stage_rows(stages),
        ]
        if error:
            parts += [Text(), Text(error, "red", no_wrap=True, overflow="ellipsis")]
        if self._events:
            parts += [Text(), event_rows(list(self._events)[-room:])]
        parts += [Text(), self._footer()]
        return Group(*parts)

    def _heading(self) -> Text:
        request = self._request
        names = f"  {printable(request['type'])}  {request['uuid']}  {printable(request['organizationId'])}"
        text = Text(no_wrap=True, overflow="ellipsis")
        return text.append(title_of(request), "bold").append(names, "dim")

    def _summary(self, width: int) -> Table:
        request = self._request
        status = request["status"]
        elapsed = self._duration(request)
        # Only the server knows the stages of the past: what is left is its to say.
        eta = request.get("etaSeconds")
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_row(
            status_text(status),
            bar(request["progress"], status, max(min(width - 46, 60), 10)),
            Text(percent(request["progress"])),
            Text(elapsed, "dim"),
            Text("" if eta is None else f"about {duration_text(eta)} left"),
        )
        return grid

    def _stages(self, room: int) -> list[Json]:
        stages: list[Json] = self._request["stages"]
        if len(stages) <= room:
            return stages
        started = [n for n, stage in enumerate(stages) if stage["status"] != "PENDING"]
        last = max(started, default=0)
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
        mark.plain = f"{MARKS.get(status, '?')} {printable(stage['name'])}"
        failed = status == "FAILED"
        message = (stage["errorMessage"] if failed else stage["message"]) or ""
        attempt, max_attempts = stage["attempt"], stage["maxAttempts"]
        return [
            mark,
            bar(stage["progress"], status, STAGE_BAR_CHARS),
            Text(progress_text(stage) if attempt else ""),
            Text(
                f"attempt {attempt} of {max_attempts}"
                if attempt and max(attempt, max_attempts) > 1
                else "",
                "dim",
            ),
            Text(self._duration(stage), "dim"),
            Text(printable(message), "red" if failed else ""),
        ]

    def _duration(self, timed: Json) -> str:
        if timed["durationMs"] is not None:
            return duration_text(timed["durationMs"] / 1_000)
        if timed["startedAt"] is None or timed["status"] not in ("RUNNING", "STALLED"):
            return ""
        started = local_time(timed["startedAt"])
        return "" if started is None else duration_text((self._now() - started).total_seconds())

    def _footer(self) -> Text:
        status = self._request["status"]
        if status in ("COMPLETED", "FAILED", "CANCELLED"):
            return status_text(status)
        return connection_text(self._connection)
