"""The log of one request as a stream: places are the numbers of its events."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from store.commit_events import RequestChanged, RequestKey
from store.database import Row
from store.requests.logs import RequestLogs, has_ended
from subscriptions.streams import Item, Missed, Page, Stream

EVENTS_AT_ONCE = 200
"""Events that one statement reads for a follower."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A request as it stood, and the event that is told of; None for the present state as such."""

    request: Row
    event: Row | None
    seq: int
    replayed: bool


class ChangeSource(Protocol):
    """Who tells the streams of requests what was committed."""

    def connect(self, stream: "LogStream") -> None:
        """Tell ``stream`` from now on."""

    def disconnect(self, stream: "LogStream") -> None:
        """Tell it no more."""

    def miss(self, key: RequestKey) -> None:
        """Events of a request were committed that its stream was not told of."""


class LogStream(Stream):
    """One request."""

    def __init__(self, logs: RequestLogs, key: RequestKey, switchboard: ChangeSource) -> None:
        super().__init__()
        self._logs = logs
        self.key = key
        self._switchboard = switchboard

    def begin(self) -> None:
        self._switchboard.connect(self)

    def end(self) -> None:
        self._switchboard.disconnect(self)
        self.head = None

    async def start(self) -> None:
        """With the present state."""
        return

    async def read(self, after: int | None) -> Page:
        page = await self._logs.read(self.key, after, EVENTS_AT_ONCE)
        request = page.request
        ended = has_ended(request)
        if after is None:
            seq = request["last_seq"]
            item = Item(seq, Progress(request, None, seq, True), ends=ended)
            return Page([item], seq, ended=ended)
        seqs = [event["seq"] for event in page.events]
        through = seqs[-1] if seqs else after
        # A place beyond the log is of another one, restored since: its end is here all the same.
        is_last = ended and through >= request["last_seq"]
        items = [
            Item(seq, Progress(request, event, seq, True), ends=is_last and seq == through)
            for seq, event in zip(seqs, page.events, strict=True)
        ]
        return Page(items, through, page.is_full, is_last)

    def moved(self, move: RequestChanged) -> None:
        """Tell of new events; only what follows on the last one can be told."""
        events = move.events
        newest = events[-1]["seq"]
        head = self.head
        if head is None:
            # Nobody is live yet. Who reads now may have begun before the event in front of these.
            self.lose(newest)
            return
        fresh = [event for event in events if event["seq"] > head]
        if not fresh:
            return
        if fresh[0]["seq"] > head + 1:
            self._switchboard.miss(self.key)
            return
        self.tell(progress_of(move.request, fresh), newest)

    async def gap(self, missed: Missed) -> Item:
        """Never: whoever is slow reads the log."""
        raise NotImplementedError


def progress_of(request: Row, events: Sequence[Row]) -> list[Item]:
    """One item per event; the last one ends the stream where the request has ended."""
    last = events[-1]["seq"] if has_ended(request) else None
    return [
        Item(e["seq"], Progress(request, e, e["seq"], False), ends=e["seq"] == last) for e in events
    ]
