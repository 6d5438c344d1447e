"""Stream the log of one request; a place is the seq of an event."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from store.commit_events import RequestChanged, RequestKey
from store.database import Row
from store.requests.logs import RequestLogs, has_ended
from subscriptions.streams import Item, Missed, Page, Stream

MAX_EVENTS_PER_READ = 200
"""Per statement."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Pair a request with one of its events; None for the current state alone."""

    request: Row
    event: Row | None
    seq: int
    replayed: bool


class ChangeSource(Protocol):
    def subscribe_to_log(self, stream: "LogStream") -> None: ...

    def unsubscribe_from_log(self, stream: "LogStream") -> None: ...

    def fetch_missed(self, key: RequestKey) -> None: ...


class LogStream(Stream):
    def __init__(self, logs: RequestLogs, key: RequestKey, changes: ChangeSource) -> None:
        super().__init__()
        self._logs = logs
        self.key = key
        self._changes = changes

    def on_first_subscriber(self) -> None:
        self._changes.subscribe_to_log(self)

    def on_last_unsubscribed(self) -> None:
        self._changes.unsubscribe_from_log(self)
        self.head = None

    async def start(self) -> None:
        return

    async def read(self, after: int | None) -> Page:
        page = await self._logs.read(self.key, after, MAX_EVENTS_PER_READ)
        request = page.request
        ended = has_ended(request)
        if after is None:
            seq = request["last_seq"]
            item = Item(seq, Progress(request, None, seq, True), ends=ended)
            return Page([item], seq, ended=ended)
        seqs = [event["seq"] for event in page.events]
        through = seqs[-1] if seqs else after
        # A place beyond the log is from before a restore; the log still ends here.
        is_last = ended and through >= request["last_seq"]
        items = [
            Item(seq, Progress(request, event, seq, True), ends=is_last and seq == through)
            for seq, event in zip(seqs, page.events, strict=True)
        ]
        return Page(items, through, page.is_full, is_last)

    def apply(self, move: RequestChanged) -> None:
        """Publish new events if they directly follow the last published one, else fetch the missing ones."""
        events = move.events
        newest = events[-1]["seq"]
        head = self.head
        if head is None:
            # No subscriber is live, and a read in progress may have started before the preceding event.
            self.invalidate(newest)
            return
        new_events = [event for event in events if event["seq"] > head]
        if not new_events:
            return
        if new_events[0]["seq"] > head + 1:
            self._changes.fetch_missed(self.key)
            return
        self.publish(progress_of(move.request, new_events), newest)

    async def gap(self, missed: Missed) -> Item:
        raise NotImplementedError


def progress_of(request: Row, events: Sequence[Row]) -> list[Item]:
    last = events[-1]["seq"] if has_ended(request) else None
    return [
        Item(e["seq"], Progress(request, e, e["seq"], False), ends=e["seq"] == last) for e in events
    ]
