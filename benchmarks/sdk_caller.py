"""What one tracked call costs its caller, in a process like that of a service: prints JSON.

``python -m benchmarks.sdk_caller URL ROUNDS CALLS``. The contenders take turns in each round; a call is timed
by itself, with the clock's own cost taken off.
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
"""Between contenders, so that the background work of one is not in the time of the next."""
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
NAMED: Mapping[str, str | int | float] = {
    "duration_ms": 12.5,
    "user.id": "ana",
    "workspace.id": "website",
    "client": "claude-code",
    "tool.operation_mode": "overview",
    "tool.tokens_original": 5_000,
    "tool.tokens_actual": 500,
    "tool.file_path": "src/app.py",
}
"""The same facts as a span carries them."""


class Nowhere(SpanExporter):
    """Takes spans and drops them: less than any exporter that sends does."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Drop them."""
        del spans
        return SpanExportResult.SUCCESS


def tracked(recorder: Recorder) -> Call:
    """One operation with twelve facts."""
    return lambda: recorder.track_operation(kind="TOOL", name="read", tool=USE, **FACTS)


def spans() -> Call:
    """One span with the same facts, through a BatchSpanProcessor."""
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(Nowhere(), max_queue_size=1_000_000))
    tracer = provider.get_tracer("benchmark")

    def call() -> None:
        span = tracer.start_span("read", attributes=NAMED)
        span.end()

    return call


def time_calls(call: Call, calls: int) -> list[int]:
    """Nanoseconds of each call."""
    clock = time.perf_counter_ns
    found = [0] * calls
    for number in range(calls):
        begun = clock()
        call()
        found[number] = clock() - begun
    return found


def microseconds(times: Sequence[int], idle: float) -> dict[str, float]:
    """Median and p99 of a round, without the clock."""
    ordered = sorted(times)
    picked = {"median": len(ordered) // 2, "p99": int(len(ordered) * 0.99)}
    return {name: max(0.0, ordered[place] - idle) / 1_000 for name, place in picked.items()}


def main() -> None:
    """Measure, and print what each contender took in each round."""
    url, rounds, calls = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    tracker = Tracker(settings=Settings(url=url, queue_items=10**7, queue_bytes=2**33).checked())
    contenders = {
        "trackstore": tracked(tracker),
        "opentelemetry": spans(),
        "null": tracked(NullTracker()),
    }
    for call in contenders.values():
        time_calls(call, calls // 10)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            gc.collect()
            idle = statistics.median(time_calls(lambda: None, 1_000))
            found[name].append(microseconds(time_calls(call, calls), idle))
            tracker.flush(60)
            time.sleep(PAUSE_SECONDS)
    stats = tracker.stats()
    assert not stats.dropped, stats
    print(json.dumps(found))  # noqa: T201 the program's answer
    tracker.close()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
