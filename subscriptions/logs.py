"""The log of one request as a stream: places are the numbers of its events."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from store.announcements import Moved, RequestKey
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


class LogStream(Stream):
    """One request. ``missing`` is called where events were committed that it was not told of."""

    def __init__(
        self, logs: RequestLogs, key: RequestKey, missing: Callable[[RequestKey], None]
    ) -> None:
        super().__init__()
        self._logs = logs
        self._key = key
        self._missing = missing

    def begin(self) -> None:
        """The hub tells it of commits as soon as it is opened."""

    def end(self) -> None:
        """Nothing is kept."""
        self.head = None

    async def start(self) -> None:
        """With the present state."""
        return

    async def read(self, after: int | None) -> Page:
        page = await self._logs.read(self._key, after, EVENTS_AT_ONCE)
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

    def moved(self, move: Moved) -> None:
        """Tell of new events; only what follows on the last one can be told."""
        events = move.events
        newest = events[-1]["seq"]
        head = self.head
        # Where nobody is live yet: those who read now go on reading up to this.
        fresh = [event for event in events if head is None or event["seq"] > head]
        if not fresh:
            return
        if head is not None and fresh[0]["seq"] > head + 1:
            self._missing(self._key)
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
