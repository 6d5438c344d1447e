"""Measure what the client's ASGI middleware adds to a call of a minimal route."""

import asyncio
import statistics
import time
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from benchmarks.bench import SQLITE, Bench
from benchmarks.report import Section, number
from trackstore import Tracker
from trackstore.integrations.asgi import App, TrackingMiddleware
from trackstore.testing import NullTracker

REACH_MICROSECONDS = 60
BURST, PAUSE_SECONDS = 10, 0.002
"""Calls followed by a pause: at most 5,000 calls per second, as in a busy process."""
HEADERS = [
    (b"host", b"service"),
    (b"accept", b"*/*"),
    (b"user-agent", b"memory-client/1.4"),
    (b"x-client-type", b"python-sdk"),
    (b"x-correlation-id", b"corr-1"),
]


@dataclass(slots=True)
class CallTimes:
    rounds: list[float] = field(default_factory=list)
    calls: list[float] = field(default_factory=list)

    @property
    def p50(self) -> float:
        return statistics.median(self.rounds)

    @property
    def p99(self) -> float:
        ordered = sorted(self.calls)
        return ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]


async def hello(request: Request) -> Response:
    request.state.user_id, request.state.workspace_id = "u_1", "ws_12"
    return PlainTextResponse("hello")


class EmptyMiddleware(BaseHTTPMiddleware):
    """Do nothing, as many services' middleware on Starlette's base class does for less."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        return await call_next(request)


def service() -> Starlette:
    return Starlette(routes=[Route("/v1/hello/{name}", hello)])


async def added_latency(bench: Bench) -> Section:
    """Measure in turns; the sending tracker has a separate server."""
    async with bench.database(SQLITE) as database, bench.server(database) as server:
        tracker = Tracker(f"http://127.0.0.1:{server.port}")
        services: Mapping[str, App] = {
            "the route alone": service(),
            "with an empty BaseHTTPMiddleware": EmptyMiddleware(service()),
            "with TrackingMiddleware, null tracker": TrackingMiddleware(service(), NullTracker()),
            "with TrackingMiddleware, sending": TrackingMiddleware(service(), tracker),
        }
        times = await _in_turns(services, bench)
        await asyncio.to_thread(tracker.close, 30)
        stats = tracker.stats()
    baseline = times["the route alone"]
    rows = [
        [
            name,
            number(call_times.p50),
            number(call_times.p99),
            "" if call_times is baseline else number(call_times.p50 - baseline.p50),
            str(REACH_MICROSECONDS) if name.startswith("with Tracking") else "",
        ]
        for name, call_times in times.items()
    ]
    note = (
        f"Calls of a Starlette service in process, {BURST} at a time with a pause of "
        f"{1_000 * PAUSE_SECONDS:g} ms. The tracker that sends tracked {stats.tracked:,} calls, of "
        f"which {stats.acknowledged:,} are in the store and {stats.dropped_total:,} were dropped."
    )
    heads = ("", "p50 microseconds", "p99", "added at p50", "reach")
    return Section("The client's ASGI middleware", note, heads, rows)


async def _in_turns(services: Mapping[str, App], bench: Bench) -> dict[str, CallTimes]:
    times = {name: CallTimes() for name in services}
    for app in services.values():
        await _calls(app, bench.scale.warm_up_seconds)
    for _ in range(bench.scale.rounds):
        for name, app in services.items():
            durations = await _calls(app, bench.scale.seconds)
            times[name].rounds.append(statistics.median(durations))
            times[name].calls.extend(durations)
    return times


async def _calls(app: App, seconds: float) -> list[float]:
    clock, durations = time.perf_counter, list[float]()
    ends = clock() + seconds
    while clock() < ends:
        for _ in range(BURST):
            scope = _scope()
            started = clock()
            await app(scope, _receive, _send)
            durations.append(1_000_000 * (clock() - started))
        await asyncio.sleep(PAUSE_SECONDS)
    return durations


def _scope() -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/v1/hello/world",
        "raw_path": b"/v1/hello/world",
        "query_string": b"",
        "root_path": "",
        "headers": HEADERS,
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8_000),
    }


async def _receive() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(message: MutableMapping[str, Any]) -> None:
    if message["type"] == "http.response.start":
        assert message["status"] == 200
