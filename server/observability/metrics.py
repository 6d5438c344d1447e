"""What Prometheus can ask a server process: HTTP, the ingest writer, connections, the process."""

import os
import time
from collections.abc import Callable, Collection, Iterator

from prometheus_client import CollectorRegistry, Counter, GCCollector, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from sqlalchemy.pool import QueuePool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.version import VERSION
from store.store import Store

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
"""Seconds: an ingest call takes a few milliseconds, a large aggregation up to the statement time."""

METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
OTHER = "other"
"""Label of what we do not serve: callers must not be able to make series by calling any path."""
CLOSED_BY_CALLER = 499
STREAM = "trackstore.stream"
"""Stands in the scope of a request that is answered by a stream: how long it is says nothing."""


class Metrics:
    """The metrics of one application; nothing of it is global, so that several can live at once."""

    def __init__(self, store: Store, workers: int = 1) -> None:
        """``workers`` above 1 puts the process into a label: each scrape then meets one of them."""
        self.registry = CollectorRegistry()
        labels = {"worker": str(os.getpid())} if workers > 1 else {}
        names = [*labels, "method", "route", "status"]
        self.labels = labels
        """Of this process."""
        self.requests = Counter(
            "trackstore_http_requests", "HTTP requests answered.", names, registry=self.registry
        )
        self.duration = Histogram(
            "trackstore_http_request_duration_seconds",
            "Time from a request's first byte to the end of its answer.",
            [*labels, "route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._counters: dict[tuple[str, str, int], Counter] = {}
        self._timers: dict[str, Histogram] = {}
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self.registry.register(StoreCollector(store, labels))

    def add(self, make: Callable[[dict[str, str]], Collector]) -> None:
        """Ask one more collector; ``make`` is given the labels of this process."""
        self.registry.register(make(self.labels))

    def observe(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """Count one answered request; a stream has no time of its own."""
        if method not in METHODS:
            method = OTHER
        counter = self._counters.get((method, route, status))
        if counter is None:
            counter = self.requests.labels(
                **self.labels, method=method, route=route, status=str(status)
            )
            self._counters[method, route, status] = counter
        counter.inc()
        if seconds is None:
            return
        timer = self._timers.get(route)
        if timer is None:
            timer = self._timers[route] = self.duration.labels(**self.labels, route=route)
        timer.observe(seconds)

    async def metrics_endpoint(self, request: Request) -> Response:
        """GET /metrics: the text format of Prometheus, or OpenMetrics where it is asked for."""
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(self.registry), headers={"Content-Type": content_type})


class StoreCollector(Collector):
    """Reads the store's own numbers at the moment of asking."""

    def __init__(self, store: Store, labels: dict[str, str]) -> None:
        self._store = store
        self._labels = labels

    def collect(self) -> Iterator[Metric]:
        """The writer's numbers, the connections in use, and what is running."""
        info = InfoMetricFamily("trackstore_build", "The version that is running.")
        info.add_metric([], {"version": VERSION, "database": self._store.database.dialect.name})
        yield info
        yield from self._writer()
        yield from self._requests()
        yield from self._rollups()
        yield from self._pools()
        yield self._refusals()

    def _refusals(self) -> Metric:
        counter = CounterMetricFamily(
            "trackstore_database_refusals",
            "Statements and connections that the database refused, by SQLSTATE or SQLite's name.",
            labels=[*self._labels, "sqlstate"],
        )
        for state, count in sorted(self._store.database.refusals.counts.items()):
            counter.add_metric([*self._labels.values(), state], count)
        return counter

    def _counter(self, name: str, value: float, meaning: str) -> Metric:
        counter = CounterMetricFamily(name, meaning, labels=list(self._labels))
        counter.add_metric(list(self._labels.values()), value)
        return counter

    def _writer(self) -> Iterator[Metric]:
        stats = self._store.writer.stats
        names, values = list(self._labels), list(self._labels.values())
        queued = GaugeMetricFamily(
            "trackstore_writer_queued_entries", "Entries that wait to be written.", labels=names
        )
        queued.add_metric(values, stats.queued)
        yield queued
        for name, value, meaning in (
            ("flushes", stats.flushes, "Transactions the writer ran."),
            ("entries", stats.entries, "Entries in these transactions."),
            ("refused_entries", stats.refused, "Entries refused because the queue was full."),
            ("retries", stats.retries, "Transactions run again after contention."),
            ("failures", stats.failures, "Transactions whose callers were told of a failure."),
            ("abandoned", stats.abandoned, "Transactions abandoned since they took too long."),
            ("unknown", stats.unknown, "Transactions whose commit was sent and not answered."),
            ("flush_seconds", stats.seconds, "Time spent in these transactions."),
        ):
            yield self._counter(f"trackstore_writer_{name}", value, meaning)

    def _requests(self) -> Iterator[Metric]:
        stats, sweeps = self._store.request_stats, self._store.sweeper.stats
        for name, value, meaning in (
            (
                "late_messages",
                stats.late,
                "Messages that came after their attempt or request ended.",
            ),
            ("stalls", stats.stalled, "Requests that became STALLED by silence."),
            ("resumes", stats.resumed, "Requests that a message brought back from STALLED."),
            ("losses", stats.lost, "Requests that stayed silent and became FAILED as LOST."),
            ("sweeps", sweeps.sweeps, "Looks for requests whose silence may be due."),
            ("sweep_failures", sweeps.failures, "Such looks that failed."),
        ):
            yield self._counter(f"trackstore_request_{name}", value, meaning)

    def _rollups(self) -> Iterator[Metric]:
        stats = self._store.rollups.maintenance.stats
        for name, value, meaning in (
            ("merges", stats.merges, "Hours and days of rollups that were merged."),
            ("merged_rows", stats.merged_rows, "Rows of rollups that were merged into fewer."),
            ("filled_hours", stats.filled_hours, "Hours summed up that were recorded before."),
            ("failures", stats.failures, "Turns of work on rollups that failed."),
        ):
            yield self._counter(f"trackstore_rollup_{name}", value, meaning)

    def _pools(self) -> Iterator[Metric]:
        dialect = self._store.database.dialect
        pools = {
            "read": dialect.read_engine.pool,
            "question": dialect.aggregation_engine.pool,
            "write": dialect.write_engine.pool,
        }
        if pools["read"] is pools["write"]:
            pools = {"all": pools["write"]}
        names = [*self._labels, "pool"]
        used = GaugeMetricFamily(
            "trackstore_database_connections_in_use", "Connections lent out now.", labels=names
        )
        kept = GaugeMetricFamily(
            "trackstore_database_connections_open", "Connections open, lent or idle.", labels=names
        )
        for name, pool in pools.items():
            if isinstance(pool, QueuePool):
                values = [*self._labels.values(), name]
                used.add_metric(values, pool.checkedout())
                kept.add_metric(values, pool.checkedout() + pool.checkedin())
        yield used
        yield kept


class MetricsMiddleware:
    """Counts and times every request; ``routes`` are the paths that get a label of their own."""

    def __init__(self, app: ASGIApp, metrics: Metrics, routes: Collection[str]) -> None:
        self._app = app
        self._metrics = metrics
        self._routes = frozenset(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = CLOSED_BY_CALLER

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except Exception:
            status = 500
            raise
        finally:
            route = scope["path"] if scope["path"] in self._routes else OTHER
            seconds = None if STREAM in scope else time.perf_counter() - started
            self._metrics.observe(scope["method"], route, status, seconds)
