"""The hub: what is watched in this process, and who tells it that something has changed."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from typing import TypeVar

from store.announcements import Moved, RequestKey
from store.database import DatabaseFailure, Row
from store.errors import StoreError
from store.feeds.reading import FeedQuestion
from store.store import Store
from subscriptions.bridge import Bridge
from subscriptions.feeds import FeedFollower, FeedStream, no_group
from subscriptions.logs import LogStream
from subscriptions.stats import StatsStream
from subscriptions.streams import Stream

ROWS_AT_ONCE = 2_000
"""Events that one fetch brings for all watched requests together."""
RETRY_SECONDS = 0.5

log = logging.getLogger(__name__)
S = TypeVar("S", bound=Stream)


class Hub:
    """Opens streams, and tells them of what was committed: here, or in another server process.

    In this process events come from the commit itself; of other processes only hints come, and
    one fetch brings what all streams here need.
    """

    def __init__(self, store: Store, poll_seconds: float) -> None:
        self._store = store
        self._logs: dict[RequestKey, LogStream] = {}
        self._feeds: dict[Hashable, FeedStream] = {}
        self._stats: dict[StatsStream, None] = {}
        self._events = FeedFollower(store.event_feed)
        self._operations = FeedFollower(store.operation_feed)
        self._behind: dict[RequestKey, None] = {}
        self._moved = asyncio.Event()
        self._fetcher: asyncio.Task[None] | None = None
        bell = store.database.dialect.bell()
        self._bridge = None if bell is None else Bridge(bell, self, poll_seconds)

    async def start(self) -> None:
        """Hear of commits from now on."""
        self._store.announcements.listen(self)
        self._fetcher = asyncio.create_task(self._fetch(), name="live-fetch")
        if self._bridge is not None:
            self._bridge.start()

    async def close(self) -> None:
        """Hear no more."""
        if self._bridge is not None:
            await self._bridge.close()
        for follower in (self._events, self._operations):
            await follower.close()
        if self._fetcher is not None:
            self._fetcher.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._fetcher

    # --- streams ---------------------------------------------------------------------------------

    def request(self, key: RequestKey) -> LogStream:
        """The log of a request; whoever opens it listens to it at once."""
        stream = self._logs.get(key)
        if stream is None:
            self._forget_unheard()
            stream = LogStream(self._store.request_logs, key, self._miss)
            self._logs[key] = stream
        return stream

    def events(self, question: FeedQuestion) -> FeedStream:
        """Events of many requests."""
        return self._feed(self._events, question, lambda row: row["request_id"])

    def operations(self, question: FeedQuestion) -> FeedStream:
        """Operations."""
        return self._feed(self._operations, question, no_group)

    def stats(self, stream: StatsStream) -> None:
        """Tell ``stream`` of operations while somebody listens to it."""
        self._stats[stream] = None

    def forget_stats(self, stream: StatsStream) -> None:
        """Tell it no more."""
        self._stats.pop(stream, None)

    @property
    def watched(self) -> Mapping[str, int]:
        """How many streams of each kind somebody follows here."""
        self._forget_unheard()
        return {
            "requests": len(self._logs),
            "feeds": len(self._feeds),
            "stats": len(self._stats),
        }

    def _feed(
        self, follower: FeedFollower, question: FeedQuestion, group: Callable[[Row], Hashable]
    ) -> FeedStream:
        key = (id(follower), repr(question))
        stream = self._feeds.get(key)
        if stream is None:
            self._forget_unheard()
            stream = self._feeds[key] = FeedStream(follower, question, group)
        return stream

    def _forget_unheard(self) -> None:
        for streams in (self._logs, self._feeds):
            keep_heard(streams)  # type: ignore[arg-type]  # both are keyed by something

    # --- what changes ----------------------------------------------------------------------------

    def requests_moved(self, moves: Sequence[Moved]) -> None:
        """Events were committed in this process."""
        for move in moves:
            stream = self._logs.get(move.key)
            if stream is not None:
                stream.moved(move)
        self._events.wake()
        if self._bridge is not None:
            self._bridge.tell_requests({move.key: move.events[-1]["seq"] for move in moves})

    def operations_recorded(self, organizations: Collection[str]) -> None:
        """Operations were committed in this process."""
        self.operations_heard(organizations)
        if self._bridge is not None:
            self._bridge.tell_operations(organizations)

    def requests_heard(self, moved: Mapping[RequestKey, int]) -> None:
        """Events were committed somewhere."""
        for key, seq in moved.items():
            stream = self._logs.get(key)
            if stream is None:
                continue
            if stream.head is None:
                stream.lose(seq)  # nobody is live: they read up to it
            elif stream.head < seq:
                self._miss(key)
        self._events.wake()

    def operations_heard(self, organizations: Collection[str] | None) -> None:
        """Operations were committed somewhere; None: of any organization."""
        self._operations.wake()
        for stream in tuple(self._stats):
            stream.hear(organizations)

    def look(self) -> None:
        """Anything may have been committed: hints may be lost."""
        for key, stream in self._logs.items():
            if stream.head is None:
                stream.lose()
            else:
                self._miss(key)
        self._events.wake()
        self._operations.wake()

    @property
    def is_watched(self) -> bool:
        """Whether anybody follows anything here."""
        return any(self.watched.values())

    # --- what was missed -------------------------------------------------------------------------

    def _miss(self, key: RequestKey) -> None:
        self._behind[key] = None
        self._moved.set()

    async def _fetch(self) -> None:
        """One read for all requests that are behind, again and again."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            behind, self._behind = self._behind, {}
            after = {
                key: stream.head
                for key in behind
                if (stream := self._logs.get(key)) is not None and stream.head is not None
            }
            if not after:
                continue
            try:
                moves = await self._store.request_logs.moved(after, ROWS_AT_ONCE)
            except (StoreError, DatabaseFailure):
                log.warning("live requests could not be read: it is tried again", exc_info=True)
                self._behind.update(dict.fromkeys(after))
                await asyncio.sleep(RETRY_SECONDS)
                self._moved.set()
                continue
            for move in moves:
                stream = self._logs.get(move.key)
                if stream is not None:
                    stream.moved(move)
            if sum(len(move.events) for move in moves) >= ROWS_AT_ONCE:
                self._behind.update(dict.fromkeys(after))
                self._moved.set()


def keep_heard(streams: dict[Hashable, Stream]) -> None:
    """Forget streams that nobody listens to."""
    for key in [key for key, stream in streams.items() if not stream.listeners]:
        del streams[key]
