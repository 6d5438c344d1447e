"""Export metrics to Prometheus: HTTP, the ingest writer, database connections, the process."""

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
"""Seconds, from ingest calls of a few milliseconds to large aggregations."""

METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"}
OTHER = "other"
"""Label of unknown routes, so that callers cannot create series by calling arbitrary paths."""
CLOSED_BY_CALLER = 499
STREAM = "trackstore.stream"
"""Key in the scope of a streaming response, whose duration is not recorded."""


class Metrics:
    def __init__(self, store: Store, workers: int = 1) -> None:
        """Label metrics with the process if ``workers`` > 1, since a scrape reaches only one of them."""
        self.registry = CollectorRegistry()
        labels = {"worker": str(os.getpid())} if workers > 1 else {}
        names = [*labels, "method", "route", "status"]
        self.labels = labels
        """Labels of this process."""
        self.requests = Counter(
            "trackstore_http_requests", "HTTP requests answered.", names, registry=self.registry
        )
        self.duration = Histogram(
            "trackstore_http_request_duration_seconds",
            "Time from a request's first byte to the end of its response.",
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
        self.registry.register(make(self.labels))

    def observe(self, method: str, route: str, status: int, seconds: float | None) -> None:
        """Count one answered request; ``seconds`` is None for a stream."""
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
        encode, content_type = choose_encoder(request.headers.get("accept", ""))
        return Response(encode(self.registry), headers={"Content-Type": content_type})


class StoreCollector(Collector):
    def __init__(self, store: Store, labels: dict[str, str]) -> None:
        self._store = store
        self._labels = labels

    def collect(self) -> Iterator[Metric]:
        info = InfoMetricFamily("trackstore_build", "Version and database of the running server.")
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
            "Statements and connections refused by the database, by SQLSTATE or SQLite error name.",
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
            "trackstore_writer_queued_entries", "Entries waiting to be written.", labels=names
        )
        queued.add_metric(values, stats.queued)
        yield queued
        for name, value, meaning in (
            ("flushes", stats.flushes, "Transactions run by the writer."),
            ("entries", stats.entries, "Entries in these transactions."),
            ("refused_entries", stats.refused, "Entries refused because the queue was full."),
            ("retries", stats.retries, "Transactions retried after contention."),
            (
                "failures",
                stats.failures,
                "Transactions that failed and were reported to their callers.",
            ),
            ("abandoned", stats.abandoned, "Transactions abandoned because they took too long."),
            ("unknown", stats.unknown, "Transactions whose commit was sent but not confirmed."),
            ("flush_seconds", stats.seconds, "Time spent in these transactions."),
        ):
            yield self._counter(f"trackstore_writer_{name}", value, meaning)

    def _requests(self) -> Iterator[Metric]:
        stats, sweeps = self._store.request_stats, self._store.sweeper.stats
        for name, value, meaning in (
            (
                "late_messages",
                stats.late,
                "Messages received after their attempt or request had ended.",
            ),
            ("stalls", stats.stalled, "Requests that became STALLED without a heartbeat."),
            ("resumes", stats.resumed, "Requests that resumed from STALLED."),
            ("losses", stats.lost, "Requests that failed as LOST after staying stalled."),
            ("sweeps", sweeps.sweeps, "Checks for stalled requests."),
            ("sweep_failures", sweeps.failures, "Failed checks for stalled requests."),
        ):
            yield self._counter(f"trackstore_request_{name}", value, meaning)

    def _rollups(self) -> Iterator[Metric]:
        stats = self._store.rollups.maintenance.stats
        folds = self._store.rollups.folding.stats.folds
        for name, value, meaning in (
            ("folds", folds, "Transactions that folded new operations into rollups."),
            ("merges", stats.merges, "Rollup hours and days merged."),
            ("merged_rows", stats.merged_rows, "Rollup rows merged into fewer rows."),
            ("filled_hours", stats.filled_hours, "Hours summarized after they were recorded."),
            ("failures", stats.failures, "Failed rounds of rollup maintenance."),
        ):
            yield self._counter(f"trackstore_rollup_{name}", value, meaning)

    def _pools(self) -> Iterator[Metric]:
        dialect = self._store.database.dialect
        pools = {
            "read": dialect.connections.read_engine.pool,
            "question": dialect.connections.aggregation_engine.pool,
            "write": dialect.connections.write_engine.pool,
        }
        if pools["read"] is pools["write"]:
            pools = {"all": pools["write"]}
        names = [*self._labels, "pool"]
        used = GaugeMetricFamily(
            "trackstore_database_connections_in_use", "Connections in use.", labels=names
        )
        opened = GaugeMetricFamily(
            "trackstore_database_connections_open",
            "Open connections, in use or idle.",
            labels=names,
        )
        for name, pool in pools.items():
            if isinstance(pool, QueuePool):
                values = [*self._labels.values(), name]
                used.add_metric(values, pool.checkedout())
                opened.add_metric(values, pool.checkedout() + pool.checkedin())
        yield used
        yield opened


class MetricsMiddleware:
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
