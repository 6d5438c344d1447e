"""Screen of many requests: status, progress, and the newest events."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.watch.descriptions import duration_text, local_time, percent, printable, title_of
from cli.watch.screen import MAX_SCREEN_EVENTS, bar, connection_text, event_rows, status_text
from store.requests.transitions import REQUEST_FINAL
from trackstore.calls import Json
from trackstore.subscriptions import StreamStatus
from trackstore.watching import Gap

FINAL = {status.value for status in REQUEST_FINAL}
ENDED_REQUEST_TIME = timedelta(seconds=10)
"""How long an ended request stays on the screen."""
MIN_ROWS = 3
OTHER_LINES = 5
"""Lines besides requests and events: heading, connection, separators."""
MAX_BAR_CHARS = 24


class BoardScreen:
    def __init__(
        self, requests: list[Json], *, has_more: bool, now: Callable[[], datetime]
    ) -> None:
        self.outdated: dict[str, None] = {}
        self._requests: dict[str, Json] = {}
        self._ended: dict[str, datetime] = {}
        self._titles: dict[str, str] = {}
        self._events: deque[Json] = deque(maxlen=MAX_SCREEN_EVENTS)
        self._has_more = has_more
        self._missed = 0
        self._connection = StreamStatus()
        self._now = now
        self.update(requests)

    def on_event(self, event: Json) -> None:
        self._events.append(event)
        id = event["requestId"]
        previous = self._requests.get(id)
        if previous is None or previous["lastSeq"] < event["seq"]:
            self.outdated[id] = None

    def on_gap(self, gap: Gap) -> None:
        self._missed += gap.missed
        self.outdated |= dict.fromkeys(self._requests)

    def update(self, requests: list[Json]) -> None:
        for request in requests:
            id = request["uuid"]
            previous = self._requests.get(id)
            if previous is not None and previous["lastSeq"] > request["lastSeq"]:
                continue
            self._requests[id] = request
            self._titles[id] = title_of(request)
            if request["status"] in FINAL:
                self._ended.setdefault(id, self._now())
            else:  # it may have failed and run again
                self._ended.pop(id, None)

    def on_status(self, status: StreamStatus) -> None:
        self._connection = status

    def draw(self, width: int, height: int) -> RenderableType:
        self._forget_ended()
        visible = sorted(self._requests.values(), key=lambda r: str(r["uuid"]), reverse=True)
        room = max(height - OTHER_LINES, 2 * MIN_ROWS)
        rows = visible[: max(room - max(len(self._events), MIN_ROWS), room // 2)]
        events = list(self._events)[-max(room - len(rows), MIN_ROWS) :]
        parts: list[RenderableType] = [self._heading(len(visible) - len(rows))]
        if rows:
            parts += [Text(), self._rows(rows, width)]
        if events:
            parts += [Text(), event_rows(events, self._titles)]
        return Group(*parts, Text(), connection_text(self._connection))

    def _heading(self, hidden: int) -> Text:
        active = len(self._requests) - len(self._ended)
        text = Text(f"{active:,}{' or more' if self._has_more else ''} active", "bold")
        if hidden:
            text.append(f"  {hidden:,} not shown", "dim")
        if self._missed:
            text.append(f"  {self._missed:,} events were skipped", "yellow")
        return text

    def _rows(self, requests: list[Json], width: int) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0))
        for _ in range(7):
            table.add_column(no_wrap=True, overflow="ellipsis")
        for request in requests:
            status = request["status"]
            table.add_row(
                status_text(status),
                bar(
                    request["progress"],
                    status,
                    MAX_BAR_CHARS if width >= 100 else MAX_BAR_CHARS // 2,
                ),
                Text(percent(request["progress"])),
                Text(title_of(request)),
                Text(printable(request["type"]), "dim"),
                Text(printable(request["currentStage"] or "")),
                Text(self._duration(request), "dim"),
            )
        return table

    def _duration(self, request: Json) -> str:
        if request["durationMs"] is not None:
            return duration_text(request["durationMs"] / 1_000)
        started = local_time(request["startedAt"] or request["createdAt"])
        return "" if started is None else duration_text((self._now() - started).total_seconds())

    def _forget_ended(self) -> None:
        now = self._now()
        for id in [id for id, at in self._ended.items() if now - at > ENDED_REQUEST_TIME]:
            del self._ended[id]
            self._requests.pop(id, None)
        ids = {event["requestId"] for event in self._events} | self._requests.keys()
        self._titles = {id: title for id, title in self._titles.items() if id in ids}
