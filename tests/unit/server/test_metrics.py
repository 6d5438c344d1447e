"""Metrics: HTTP by route and status, the writer, connections; nothing global, no series by strangers."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from server.observability.background_metrics import BackgroundCollector
from server.observability.metrics import Metrics, MetricsMiddleware
from server.settings.model import load_settings
from store.store import Store

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


async def answer(request: Request) -> Response:
    return PlainTextResponse("ok", status_code=int(request.query_params.get("status", "200")))


async def broken(request: Request) -> Response:
    raise ValueError(request.url.path)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    store = Store(load_settings(database_url=database_url).store_config())
    await store.start()
    yield store
    await store.close()


def client(metrics: Metrics) -> httpx.AsyncClient:
    app = Starlette(
        routes=[
            Route("/graphql", answer, methods=["GET", "POST", "PURGE"]),
            Route("/broken", broken),
            Route("/metrics", metrics.metrics_endpoint),
        ],
        middleware=[Middleware(MetricsMiddleware, metrics=metrics, routes=["/graphql", "/broken"])],
    )
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://localhost")


async def scrape(client: httpx.AsyncClient) -> Samples:
    """Every sample by name and sorted labels."""
    got = await client.get("/metrics")
    assert got.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(got.text)
        for sample in family.samples
    }


def requests(samples: Samples, method: str, route: str, status: str) -> float:
    labels = (("method", method), ("route", route), ("status", status))
    return samples["trackstore_http_requests_total", labels]


async def test_requests_are_counted_by_route_and_status(store: Store) -> None:
    async with client(Metrics(store)) as caller:
        for status in ("200", "200", "400"):
            await caller.post("/graphql", params={"status": status})
        assert (await caller.get("/broken")).status_code == 500
        samples = await scrape(caller)
    assert requests(samples, "POST", "/graphql", "200") == 2
    assert requests(samples, "POST", "/graphql", "400") == 1
    assert requests(samples, "GET", "/broken", "500") == 1
    count = "trackstore_http_request_duration_seconds_count"
    assert samples[count, (("route", "/graphql"),)] == 3


async def test_strangers_make_no_series(store: Store) -> None:
    async with client(Metrics(store)) as caller:
        for number in range(20):
            await caller.get(f"/nowhere/{number}")
        await caller.request("PURGE", "/graphql")
        samples = await scrape(caller)
    assert requests(samples, "GET", "other", "404") == 20
    assert requests(samples, "other", "/graphql", "200") == 1


async def test_the_writer_and_the_connections_are_shown(store: Store) -> None:
    store.writer.stats.flushes, store.writer.stats.entries = 2, 5
    store.writer.stats.refused, store.writer.stats.queued = 7, 1
    store.writer.stats.seconds = 0.25
    async with client(Metrics(store)) as caller, store.database.read():
        samples = await scrape(caller)
    store.writer.stats.queued = 0
    assert samples["trackstore_writer_queued_entries", ()] == 1
    assert samples["trackstore_writer_flushes_total", ()] == 2
    assert samples["trackstore_writer_entries_total", ()] == 5
    assert samples["trackstore_writer_refused_entries_total", ()] == 7
    assert samples["trackstore_writer_flush_seconds_total", ()] == 0.25
    in_use = [value for (name, _), value in samples.items() if name.endswith("connections_in_use")]
    assert sum(in_use) == 1
    assert ("process_resident_memory_bytes", ()) in samples
    (build,) = [dict(labels) for name, labels in samples if name == "trackstore_build_info"]
    assert build["database"] == store.database.dialect.name


async def test_work_in_the_background_is_shown_by_task(store: Store) -> None:
    metrics = Metrics(store)
    metrics.add(partial(BackgroundCollector, lambda: store.background_tasks))
    watch = store.access_watch.task
    watch.wake()
    for _ in range(1_000):
        if watch.health.succeeded_at is not None:
            break
        await asyncio.sleep(0.005)
    async with client(metrics) as caller:
        samples = await scrape(caller)
    for task in ("housekeeping", "access-watch", "sweeper", "rollups"):
        labels = (("task", task),)
        assert samples["trackstore_background_failures_total", labels] == 0
        assert samples["trackstore_background_failures_in_a_row", labels] == 0
    labels = (("task", "access-watch"),)
    assert samples["trackstore_background_runs_total", labels] >= 1
    assert 0 <= samples["trackstore_background_success_age_seconds", labels] < 60


async def test_two_applications_share_nothing(store: Store) -> None:
    first, second = Metrics(store), Metrics(store)
    first.observe("GET", "/graphql", 200, 0.1)
    async with client(second) as caller:
        samples = await scrape(caller)
    assert not [name for name, _ in samples if name == "trackstore_http_requests_total"]


async def test_one_of_several_workers_says_which(store: Store) -> None:
    async with client(Metrics(store, workers=2)) as caller:
        await caller.get("/graphql")
        samples = await scrape(caller)
    named = [
        labels for name, labels in samples if name.startswith(("trackstore_http", "trackstore_w"))
    ]
    assert named
    assert all("worker" in dict(labels) for labels in named)


async def test_openmetrics_where_it_is_asked_for(store: Store) -> None:
    async with client(Metrics(store)) as caller:
        got = await caller.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert got.headers["content-type"].startswith("application/openmetrics-text")
    assert got.text.endswith("# EOF\n")
