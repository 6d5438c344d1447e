"""Route commits, local or of other server processes, to the streams watched in this process."""

import logging
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from uuid import UUID

from store.commit_events import RequestChanged, RequestKey
from store.database import Row
from store.feeds.reading import FeedQuery
from store.maintenance.failure_log import FailureLog
from store.maintenance.periodic import RUN_AGAIN, PeriodicTask, Schedule
from store.store import Store
from subscriptions.bridge import Bridge
from subscriptions.feeds import FeedFollower, FeedStream, no_group
from subscriptions.logs import LogStream
from subscriptions.stats import StatsStream

MAX_EVENTS_PER_FETCH = 2_000
"""For all watched requests together."""
RETRY_SECONDS = 0.5

log = logging.getLogger(__name__)


class Hub:
    """Open streams, and publish commits of this or another server process to them.

    Local commits carry their events. Other processes only send hints; one fetch then reads the events
    for all streams here.
    """

    def __init__(self, store: Store, poll_seconds: float) -> None:
        self._store = store
        self._logs: dict[RequestKey, dict[LogStream, None]] = {}
        self._stats: dict[StatsStream, None] = {}
        self._breakers: dict[StatsStream, None] = {}
        self._events = FeedFollower(store.event_feed)
        self._operations = FeedFollower(store.operation_feed)
        self._behind: dict[RequestKey, None] = {}
        self._fetcher = PeriodicTask(
            "live-fetch",
            self._fetch,
            Schedule(None, retry=RETRY_SECONDS),
            FailureLog(log, "reading live requests failed; retrying"),
        )
        channel = store.database.dialect.feeds.notification_channel()
        self._bridge = None if channel is None else Bridge(channel, self, poll_seconds)

    async def start(self) -> None:
        self._store.commit_events.subscribe(self)
        self._fetcher.start()
        if self._bridge is not None:
            self._bridge.start()

    async def close(self) -> None:
        self._store.commit_events.unsubscribe(self)
        if self._bridge is not None:
            await self._bridge.close()
        for follower in (self._events, self._operations):
            await follower.close()
        await self._fetcher.stop()

    # --- streams ---------------------------------------------------------------------------------

    def request_log(self, key: RequestKey) -> LogStream:
        for stream in self._logs.get(key, ()):
            return stream
        return LogStream(self._store.request_logs, key, self)

    def subscribe_to_log(self, stream: LogStream) -> None:
        self._logs.setdefault(stream.key, {})[stream] = None

    def unsubscribe_from_log(self, stream: LogStream) -> None:
        streams = self._logs.get(stream.key, {})
        streams.pop(stream, None)
        if not streams:
            self._logs.pop(stream.key, None)

    def event_feed(self, question: FeedQuery) -> FeedStream:
        return self._feed(self._events, question, lambda row: row["request_id"])

    def operation_feed(self, question: FeedQuery) -> FeedStream:
        return self._feed(self._operations, question, no_group)

    def subscribe_to_operations(self, stream: StatsStream) -> None:
        self._stats[stream] = None

    def unsubscribe_from_operations(self, stream: StatsStream) -> None:
        self._stats.pop(stream, None)

    def subscribe_to_breakers(self, stream: StatsStream) -> None:
        self._breakers[stream] = None

    def unsubscribe_from_breakers(self, stream: StatsStream) -> None:
        self._breakers.pop(stream, None)

    @property
    def watched(self) -> Mapping[str, int]:
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

    # --- commits ---------------------------------------------------------------------------------

    def publish_request_changes(self, moves: Sequence[RequestChanged]) -> None:
        for move in moves:
            for stream in tuple(self._logs.get(move.key, ())):
                stream.apply(move)
        self._events.wake()
        if self._bridge is not None:
            self._bridge.notify_requests({move.key: move.events[-1]["seq"] for move in moves})

    def publish_operations(self, organizations: Collection[str]) -> None:
        self.on_operations_recorded(organizations)
        if self._bridge is not None:
            self._bridge.notify_operations(organizations)

    def publish_breaker_reports(self, organizations: Collection[str]) -> None:
        self.on_breakers_reported(organizations)
        if self._bridge is not None:
            self._bridge.notify_breakers(organizations)

    def on_requests_changed(self, changed: Mapping[RequestKey, int]) -> None:
        for key, seq in changed.items():
            for stream in tuple(self._logs.get(key, ())):
                if stream.head is None:
                    stream.invalidate(seq)  # no subscriber is live yet; they read up to seq
                elif stream.head < seq:
                    self.fetch_missed(key)
        self._events.wake()

    def on_operations_recorded(self, organizations: Collection[str] | None) -> None:
        self._operations.wake()
        for stream in tuple(self._stats):
            stream.mark_changed(organizations)

    def on_breakers_reported(self, organizations: Collection[str] | None) -> None:
        for stream in tuple(self._breakers):
            stream.mark_changed(organizations)

    def on_keys_changed(self, ids: Collection[UUID] | None) -> None:
        self._store.access_watch.keys_changed(ids)

    def recheck_all(self) -> None:
        """Treat everything watched as changed, because hints may be lost."""
        for key, streams in self._logs.items():
            for stream in tuple(streams):
                if stream.head is None:
                    stream.invalidate()
                else:
                    self.fetch_missed(key)
        self._events.wake()
        self._operations.wake()

    @property
    def is_watched(self) -> bool:
        return any(self.watched.values())

    # --- missed events ---------------------------------------------------------------------------

    def fetch_missed(self, key: RequestKey) -> None:
        self._behind[key] = None
        self._fetcher.wake()

    @property
    def background_tasks(self) -> list[PeriodicTask]:
        tasks = [follower.task for follower in (self._events, self._operations)]
        return [self._fetcher, *tasks, *(self._bridge.background_tasks if self._bridge else ())]

    async def _fetch(self) -> float | None:
        behind, self._behind = self._behind, {}
        heads = {
            key: [s.head for s in self._logs.get(key, ()) if s.head is not None] for key in behind
        }
        after = {key: min(heads_of_key) for key, heads_of_key in heads.items() if heads_of_key}
        if not after:
            return None
        try:
            moves = await self._store.request_logs.moved(after, MAX_EVENTS_PER_FETCH)
        except BaseException:
            self._behind.update(dict.fromkeys(after))
            raise
        for move in moves:
            for stream in tuple(self._logs.get(move.key, ())):
                stream.apply(move)
        if sum(len(move.events) for move in moves) < MAX_EVENTS_PER_FETCH:
            return None
        self._behind.update(dict.fromkeys(after))
        return RUN_AGAIN
