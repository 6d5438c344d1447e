"""Measure what one tracked call costs its caller, in a process like a service; prints JSON.

``python -m benchmarks.sdk_caller URL ROUNDS CALLS``. The contenders take turns in each round; each
call is timed separately, minus the cost of reading the clock.
"""

import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from trackstore import Settings, Tracker
from trackstore.recorder import Recorder
from trackstore.testing import NullTracker

Call = Callable[[], object]
PAUSE_SECONDS = 0.2
"""Pause between contenders, to let background work finish."""
FACTS: dict[str, Any] = {
    "duration_ms": 12.5,
    "user_id": "ana",
    "workspace_id": "website",
    "client": "claude-code",
}
USE = {
    "operation_mode": "overview",
    "tokens_original": 5_000,
    "tokens_actual": 500,
    "file_path": "src/app.py",
}
SPAN_ATTRIBUTES: Mapping[str, str | int | float] = {
    "duration_ms": 12.5,
    "user.id": "ana",
    "workspace.id": "website",
    "client": "claude-code",
    "tool.operation_mode": "overview",
    "tool.tokens_original": 5_000,
    "tool.tokens_actual": 500,
    "tool.file_path": "src/app.py",
}
"""The same facts as span attributes."""


class DroppingExporter(SpanExporter):
    """Drop spans, which costs less than any exporter that sends."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        del spans
        return SpanExportResult.SUCCESS


def tracked(recorder: Recorder) -> Call:
    return lambda: recorder.track_operation(kind="TOOL", name="read", tool=USE, **FACTS)


def spans() -> Call:
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(DroppingExporter(), max_queue_size=1_000_000))
    tracer = provider.get_tracer("benchmark")

    def call() -> None:
        span = tracer.start_span("read", attributes=SPAN_ATTRIBUTES)
        span.end()

    return call


def time_calls(call: Call, calls: int) -> list[int]:
    clock = time.perf_counter_ns
    durations = [0] * calls
    for number in range(calls):
        started = clock()
        call()
        durations[number] = clock() - started
    return durations


def microseconds(times: Sequence[int], idle: float) -> dict[str, float]:
    ordered = sorted(times)
    ranks = {"median": len(ordered) // 2, "p99": int(len(ordered) * 0.99)}
    return {name: max(0.0, ordered[rank] - idle) / 1_000 for name, rank in ranks.items()}


def main() -> None:
    url, rounds, calls = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    tracker = Tracker(settings=Settings(url=url, queue_items=10**7, queue_bytes=2**33).checked())
    contenders = {
        "trackstore": tracked(tracker),
        "opentelemetry": spans(),
        "null": tracked(NullTracker()),
    }
    for call in contenders.values():
        time_calls(call, calls // 10)
    timings: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            gc.collect()
            idle = statistics.median(time_calls(lambda: None, 1_000))
            timings[name].append(microseconds(time_calls(call, calls), idle))
            tracker.flush(60)
            time.sleep(PAUSE_SECONDS)
    stats = tracker.stats()
    assert not stats.dropped, stats
    print(json.dumps(timings))  # noqa: T201 the program's answer
    tracker.close()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
