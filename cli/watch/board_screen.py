"""Many requests on a screen: those that are active, how far they are, and the newest events."""

from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from cli.watch.screen import MOST_EVENTS, bar, connection_text, event_rows, status_text
from cli.watch.words import moment, percent, plain, span, title_of
from store.requests.transitions import REQUEST_FINAL
from trackstore.calls import Json
from trackstore.subscriptions import StreamStatus
from trackstore.watching import Gap

FINAL = {status.value for status in REQUEST_FINAL}
KEPT = timedelta(seconds=10)
"""An ended request stays for this time, so that its end is seen."""
LEAST_ROWS = 3
CHROME = 5
"""Lines beside requests and events: heading, connection, and what parts them."""
BAR = 24


class BoardScreen:
    """Is told of events and of requests as they stand, and draws both."""

    def __init__(
        self, requests: list[Json], *, has_more: bool, now: Callable[[], datetime]
    ) -> None:
        self.outdated: dict[str, None] = {}
        self._requests: dict[str, Json] = {}
        self._ended: dict[str, datetime] = {}
        self._titles: dict[str, str] = {}
        self._events: deque[Json] = deque(maxlen=MOST_EVENTS)
        self._has_more = has_more
        self._missed = 0
        self._connection = StreamStatus()
        self._now = now
        self.update(requests)

    def on_event(self, event: Json) -> None:
        """An event of a request, whose state is read again soon."""
        self._events.append(event)
        id = event["requestId"]
        known = self._requests.get(id)
        if known is None or known["lastSeq"] < event["seq"]:
            self.outdated[id] = None

    def on_gap(self, gap: Gap) -> None:
        """Events were not told: everything shown may have moved."""
        self._missed += gap.missed
        self.outdated |= dict.fromkeys(self._requests)

    def update(self, requests: list[Json]) -> None:
        """Requests as they are now."""
        for request in requests:
            id = request["uuid"]
            known = self._requests.get(id)
            if known is not None and known["lastSeq"] > request["lastSeq"]:
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
        """Half of the screen for either, more where the other needs less."""
        self._forget_ended()
        shown = sorted(self._requests.values(), key=lambda r: str(r["uuid"]), reverse=True)
        room = max(height - CHROME, 2 * LEAST_ROWS)
        rows = shown[: max(room - max(len(self._events), LEAST_ROWS), room // 2)]
        events = list(self._events)[-max(room - len(rows), LEAST_ROWS) :]
        parts: list[RenderableType] = [self._heading(len(shown) - len(rows))]
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
                bar(request["progress"], status, BAR if width >= 100 else BAR // 2),
                Text(percent(request["progress"])),
                Text(title_of(request)),
                Text(plain(request["type"]), "dim"),
                Text(plain(request["currentStage"] or "")),
                Text(self._lasted(request), "dim"),
            )
        return table

    def _lasted(self, request: Json) -> str:
        if request["durationMs"] is not None:
            return span(request["durationMs"] / 1_000)
        begun = moment(request["startedAt"] or request["createdAt"])
        return "" if begun is None else span((self._now() - begun).total_seconds())

    def _forget_ended(self) -> None:
        now = self._now()
        for id in [id for id, at in self._ended.items() if now - at > KEPT]:
            del self._ended[id]
            self._requests.pop(id, None)
        kept = {event["requestId"] for event in self._events} | self._requests.keys()
        self._titles = {id: title for id, title in self._titles.items() if id in kept}
