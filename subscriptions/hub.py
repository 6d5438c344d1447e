"""The hub: what is watched in this process, and who tells it that something has changed."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from uuid import UUID

from store.commit_events import RequestChanged, RequestKey
from store.database import DatabaseFailureError, Row
from store.errors import StoreError
from store.feeds.reading import FeedQuery
from store.store import Store
from subscriptions.bridge import Bridge
from subscriptions.feeds import FeedFollower, FeedStream, no_group
from subscriptions.logs import LogStream
from subscriptions.stats import StatsStream

ROWS_AT_ONCE = 2_000
"""Events that one fetch brings for all watched requests together."""
RETRY_SECONDS = 0.5

log = logging.getLogger(__name__)


class Hub:
    """Opens streams, and tells them of what was committed: here, or in another server process.

    In this process events come from the commit itself; of other processes only hints come, and
    one fetch brings what all streams here need.
    """

    def __init__(self, store: Store, poll_seconds: float) -> None:
        self._store = store
        self._logs: dict[RequestKey, dict[LogStream, None]] = {}
        self._stats: dict[StatsStream, None] = {}
        self._breakers: dict[StatsStream, None] = {}
        self._events = FeedFollower(store.event_feed)
        self._operations = FeedFollower(store.operation_feed)
        self._behind: dict[RequestKey, None] = {}
        self._moved = asyncio.Event()
        self._fetcher: asyncio.Task[None] | None = None
        bell = store.database.dialect.notification_channel()
        self._bridge = None if bell is None else Bridge(bell, self, poll_seconds)

    async def start(self) -> None:
        """Hear of commits from now on."""
        self._store.commit_events.subscribe(self)
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
        """The log of a request."""
        for stream in self._logs.get(key, ()):
            return stream
        return LogStream(self._store.request_logs, key, self)

    def connect(self, stream: LogStream) -> None:
        """Tell ``stream`` of commits. Two may have been opened before either had a listener."""
        self._logs.setdefault(stream.key, {})[stream] = None

    def disconnect(self, stream: LogStream) -> None:
        """Tell it no more."""
        streams = self._logs.get(stream.key, {})
        streams.pop(stream, None)
        if not streams:
            self._logs.pop(stream.key, None)

    def events(self, question: FeedQuery) -> FeedStream:
        """Events of many requests."""
        return self._feed(self._events, question, lambda row: row["request_id"])

    def operations(self, question: FeedQuery) -> FeedStream:
        """Operations."""
        return self._feed(self._operations, question, no_group)

    def stats(self, stream: StatsStream) -> None:
        """Tell ``stream`` of operations while somebody listens to it."""
        self._stats[stream] = None

    def forget_stats(self, stream: StatsStream) -> None:
        """Tell it no more."""
        self._stats.pop(stream, None)

    def breakers(self, stream: StatsStream) -> None:
        """Tell ``stream`` of circuit breakers while somebody listens to it."""
        self._breakers[stream] = None

    def forget_breakers(self, stream: StatsStream) -> None:
        """Tell it no more."""
        self._breakers.pop(stream, None)

    @property
    def watched(self) -> Mapping[str, int]:
        """How many streams of each kind somebody follows here."""
        return {
            "requests": len(self._logs),
            "feeds": len(self._events.streams) + len(self._operations.streams),
            "stats": len(self._stats),
            "breakers": len(self._breakers),
        }

    def _feed(
        self, follower: FeedFollower, question: FeedQuery, group: Callable[[Row], Hashable]
    ) -> FeedStream:
        for stream in follower.streams:
            if stream.question == question:
                return stream
        return FeedStream(follower, question, group)

    # --- what changes ----------------------------------------------------------------------------

    def publish_request_changes(self, moves: Sequence[RequestChanged]) -> None:
        """Events were committed in this process."""
        for move in moves:
            for stream in tuple(self._logs.get(move.key, ())):
                stream.moved(move)
        self._events.wake()
        if self._bridge is not None:
            self._bridge.tell_requests({move.key: move.events[-1]["seq"] for move in moves})

    def publish_operations(self, organizations: Collection[str]) -> None:
        """Operations were committed in this process."""
        self.operations_heard(organizations)
        if self._bridge is not None:
            self._bridge.tell_operations(organizations)

    def publish_breaker_reports(self, organizations: Collection[str]) -> None:
        """Reports of circuit breakers were committed in this process."""
        self.breakers_heard(organizations)
        if self._bridge is not None:
            self._bridge.tell_breakers(organizations)

    def requests_heard(self, moved: Mapping[RequestKey, int]) -> None:
        """Events were committed somewhere."""
        for key, seq in moved.items():
            for stream in tuple(self._logs.get(key, ())):
                if stream.head is None:
                    stream.lose(seq)  # nobody is live: they read up to it
                elif stream.head < seq:
                    self.miss(key)
        self._events.wake()

    def operations_heard(self, organizations: Collection[str] | None) -> None:
        """Operations were committed somewhere; None: of any organization."""
        self._operations.wake()
        for stream in tuple(self._stats):
            stream.hear(organizations)

    def breakers_heard(self, organizations: Collection[str] | None) -> None:
        """Circuit breakers were reported somewhere; None: of any organization."""
        for stream in tuple(self._breakers):
            stream.hear(organizations)

    def keys_heard(self, ids: Collection[UUID] | None) -> None:
        """API keys or their sign-ins were changed somewhere; None: any may have been."""
        self._store.access_watch.keys_changed(ids)

    def look(self) -> None:
        """Anything may have been committed: hints may be lost."""
        for key, streams in self._logs.items():
            for stream in tuple(streams):
                if stream.head is None:
                    stream.lose()
                else:
                    self.miss(key)
        self._events.wake()
        self._operations.wake()

    @property
    def is_watched(self) -> bool:
        """Whether anybody follows anything here."""
        return any(self.watched.values())

    # --- what was missed -------------------------------------------------------------------------

    def miss(self, key: RequestKey) -> None:
        """A stream was not told of everything: it is fetched."""
        self._behind[key] = None
        self._moved.set()

    async def _fetch(self) -> None:
        """One read for all requests that are behind, again and again."""
        while True:
            await self._moved.wait()
            self._moved.clear()
            behind, self._behind = self._behind, {}
            heads = {
                key: [s.head for s in self._logs.get(key, ()) if s.head is not None]
                for key in behind
            }
            after = {key: min(found) for key, found in heads.items() if found}
            if not after:
                continue
            try:
                moves = await self._store.request_logs.moved(after, ROWS_AT_ONCE)
            except (StoreError, DatabaseFailureError):
                log.warning("live requests could not be read: it is tried again", exc_info=True)
                self._behind.update(dict.fromkeys(after))
                await asyncio.sleep(RETRY_SECONDS)
                self._moved.set()
                continue
            for move in moves:
                for stream in tuple(self._logs.get(move.key, ())):
                    stream.moved(move)
            if sum(len(move.events) for move in moves) >= ROWS_AT_ONCE:
                self._behind.update(dict.fromkeys(after))
                self._moved.set()
