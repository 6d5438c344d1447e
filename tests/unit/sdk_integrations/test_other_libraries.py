"""E8 and B6: what other libraries tell, and what goes out with their calls."""

import asyncio
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pybreaker
import pytest
import requests
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from prometheus_client import CollectorRegistry, generate_latest
from requests.adapters import HTTPAdapter

from trackstore import CallRecorder, EventBus, ServedCall, bind
from trackstore.breakers import BreakerReporter
from trackstore.entries import CircuitBreaker, Entry, LogEvent
from trackstore.integrations.httpx import propagate as propagate_httpx
from trackstore.integrations.logging import ContextFilter, RequestEventHandler
from trackstore.integrations.otel import TrackstoreSpanExporter, observe_tracker
from trackstore.integrations.prometheus import TrackerCollector
from trackstore.integrations.pybreaker import BreakerListener
from trackstore.integrations.requests import PropagatingAdapter
from trackstore.integrations.requests import propagate as propagate_requests
from trackstore.publishing import PublishingTracker
from trackstore.testing import RecordingTracker

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def other_service() -> Iterator[tuple[str, list[dict[str, str]]]]:
    # A service on a real port that notes the headers it gets.
    seen: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", seen
    server.shutdown()
    thread.join()
    server.server_close()


async def test_e8_outgoing_calls_carry_the_context(
    other_service: tuple[str, list[dict[str, str]]],
) -> None:
    url, seen = other_service

    def sync() -> None:
        with propagate_requests(propagate_requests(requests.Session())) as session:
            session.get(url)
            assert isinstance(adapter := session.adapters["http://"], PropagatingAdapter)
            assert isinstance(adapter.inner, HTTPAdapter), "once is enough"
        with propagate_httpx(httpx.Client()) as client:
            client.get(url)
            client.get(url, headers={"X-Correlation-ID": "its-own"})

    with bind(correlation_id="corr-1", trace_id=TRACE):
        await asyncio.to_thread(sync)
        async with propagate_httpx(propagate_httpx(httpx.AsyncClient())) as http:
            await http.get(url)
    await asyncio.to_thread(sync)
    assert [s.get("x-correlation-id") for s in seen] == [
        "corr-1", "corr-1", "its-own", "corr-1", None, None, "its-own",
    ]  # fmt: skip
    parents = [s["traceparent"] for s in seen[:4]]
    assert {parent[:36] for parent in parents} == {f"00-{TRACE}-"}
    assert len(set(parents)) == 4
    assert not any("traceparent" in s for s in seen[4:])


def test_breakers_of_pybreaker_are_reported(tracker: RecordingTracker) -> None:
    listener = BreakerListener(tracker, organization_id="org_7", every_seconds=0)
    breaker = pybreaker.CircuitBreaker(
        fail_max=2, reset_timeout=0.01, name="renderer", listeners=[listener]
    )

    def fails() -> None:
        raise RuntimeError("no answer")

    breaker.call(lambda: None)
    with pytest.raises(RuntimeError):
        breaker.call(fails)
    with pytest.raises(pybreaker.CircuitBreakerError):
        breaker.call(fails)
    threading.Event().wait(0.02)
    breaker.call(lambda: None)
    reports = [
        (b.name, b.state, b.total_calls, b.total_failures) for b in tracker.all_of(CircuitBreaker)
    ]
    assert {b.organization_id for b in tracker.all_of(CircuitBreaker)} == {"org_7"}
    assert reports[0] == ("renderer", "CLOSED", 1, 0)
    assert ("renderer", "OPEN", 3, 2) in reports
    assert "HALF_OPEN" in [state for _, state, *_ in reports]
    assert reports[-1] == ("renderer", "CLOSED", 4, 2)


def test_any_breaker_by_three_calls(tracker: RecordingTracker) -> None:
    now = [0.0]
    reporter = BreakerReporter(tracker, "mail", clock=lambda: now[0])
    for second in range(25):
        now[0] = float(second)
        reporter.success()
    reporter.failure(RuntimeError("no answer"))
    reporter.changed("half-open", "one call to see")
    reports = [(b.state, b.total_calls, b.total_failures) for b in tracker.all_of(CircuitBreaker)]
    assert reports == [
        ("CLOSED", 1, 0), ("CLOSED", 11, 0), ("CLOSED", 21, 0), ("HALF_OPEN", 26, 1),
    ]  # fmt: skip
    with pytest.raises(ValueError, match="closed, open or half-open"):
        reporter.changed("ajar")


class TalkingTracker(RecordingTracker):
    """Logs what it takes, as code between it and the server may do."""

    def put(self, entry: Entry) -> None:
        logging.getLogger("pipeline.test").info("took %s", entry.field)
        super().put(entry)


def test_log_records_inside_a_request_become_its_events() -> None:
    tracker = TalkingTracker()
    logger, client_logger = (
        logging.getLogger("pipeline.test"),
        logging.getLogger("trackstore.delivery"),
    )
    handler = RequestEventHandler(tracker)
    logger.setLevel(logging.DEBUG)
    client_logger.addHandler(handler)
    try:
        handler.handle(logging.makeLogRecord({"name": "x", "msg": "in no request"}))
        with tracker.request("lesson", stages=["script"]) as request, request.stage("script"):
            logger.addHandler(handler)
            logger.debug("too fine")
            logger.info(
                "wrote %s words", 840, extra={"topic": "fractions", "path": TRACE.__class__}
            )
            try:
                raise ValueError("no subtitles")
            except ValueError:
                logger.exception("it failed")
            client_logger.warning("about delivery")
            logger.removeHandler(handler)
    finally:
        client_logger.removeHandler(handler)
    info, failure = tracker.all_of(LogEvent)
    assert (info.request_id, info.stage, info.severity) == (request.id, "script", "INFO")
    assert info.message == "wrote 840 words"
    assert info.data is not None
    assert info.data["topic"] == "fractions"
    assert (info.data["logger"], info.data["where"].partition(":")[0]) == (
        "pipeline.test",
        "test_other_libraries.py",
    )
    assert (failure.severity, failure.message) == ("ERROR", "it failed")
    assert failure.data is not None
    assert "ValueError: no subtitles" in failure.data["exception"]


def test_b6_logs_carry_the_ids_of_the_context() -> None:
    record = logging.makeLogRecord({"msg": "x"})
    with bind(correlation_id="corr-1", trace_id=TRACE, stage="script"):
        assert ContextFilter().filter(record)
    formatter = logging.Formatter("%(correlation_id)s %(trace_id)s %(stage)s %(request_id)s")
    assert formatter.format(record) == f"corr-1 {TRACE} script None"


CHAT_SPAN: dict[str, Any] = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-x",
    "gen_ai.response.model": "gpt-x-2026",
    "gen_ai.usage.input_tokens": 100,
    "gen_ai.usage.output_tokens": 20,
    "gen_ai.usage.cache_read.input_tokens": 60,
    "gen_ai.usage.cache_creation.input_tokens": 30,
    "gen_ai.usage.reasoning.output_tokens": 15,
    "gen_ai.conversation.id": "conv_1",
    "gen_ai.response.finish_reasons": ["stop"],
    "gen_ai.input.messages": "secret",
    "user.id": "u_1",
}


def test_spans_of_model_and_tool_calls_become_operations(tracker: RecordingTracker) -> None:
    provider = TracerProvider(
        resource=Resource({"service.name": "chat", "trackstore.workspace_id": "ws_12"}),
        shutdown_on_exit=False,
    )
    exporter = TrackstoreSpanExporter(tracker)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = provider.get_tracer("test")
    with tracer.start_as_current_span(
        "invoke_agent", attributes={"gen_ai.operation.name": "invoke_agent"}
    ):
        chat = tracer.start_span(
            "chat gpt-x",
            attributes=CHAT_SPAN,
        )
        chat.end()
        with (
            pytest.raises(RuntimeError),
            tracer.start_as_current_span(
                "execute_tool search",
                attributes={"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"},
            ),
        ):
            raise RuntimeError("no index")
        tracer.start_span("GET /", attributes={"http.request.method": "GET"}).end()
    assert exporter.force_flush()
    model, tool = tracker.operations
    assert (model.kind, model.name, model.outcome) == ("LLM", "chat", "OK")
    assert model.llm is not None
    assert (model.llm.provider, model.llm.model) == ("openai", "gpt-x-2026")
    tokens = (model.llm.input_tokens, model.llm.output_tokens, model.llm.cached_input_tokens)
    assert tokens == (100, 20, 60)
    assert (model.llm.cache_write_input_tokens, model.llm.reasoning_tokens) == (30, 15)
    assert model.llm.message is None
    assert model.labels is not None
    assert (model.labels.user_id, model.labels.workspace_id) == ("u_1", "ws_12")
    assert model.attributes == {
        "conversation_id": "conv_1", "finish_reasons": ["stop"], "service": "chat",
    }  # fmt: skip
    assert (tool.kind, tool.name, tool.outcome) == ("TOOL", "search", "ERROR")
    assert tool.error is not None
    assert "no index" in tool.error
    assert model.trace_id == tool.trace_id == f"{chat.get_span_context().trace_id:032x}"
    ids = [model.id, tool.id]
    assert all(id is not None and id.version == 7 for id in ids)
    exporter.export([chat])  # type: ignore[list-item]
    assert tracker.operations[2].id == model.id, "a span that is exported twice is one operation"
    assert tracker.operations[2].occurred_at == model.occurred_at


def test_b6_prometheus_sees_what_was_dropped_and_left_out() -> None:
    tracker = RecordingTracker(strict=False)
    recorder = CallRecorder(tracker)
    tracker.report_breaker("renderer", "AJAR")
    tracker.track_operation(kind="API", name="x", duration_ms=-1)
    recorder.record(ServedCall(route="v1/memory"))
    registry = CollectorRegistry()
    registry.register(TrackerCollector(tracker, [recorder]))
    exposition = generate_latest(registry).decode()
    for line in (
        "trackstore_client_tracked_total 2.0",
        "trackstore_client_acknowledged_total 1.0",
        'trackstore_client_dropped_total{reason="INVALID"} 1.0',
        'trackstore_client_skipped_calls_total{reason="labels"} 1.0',
        "trackstore_client_queued_items 0.0",
        'trackstore_client_adjusted_facts_total{fact="operation.duration_ms"} 1.0',
    ):
        assert line in exposition


def test_b6_prometheus_counts_every_call_that_was_left_out_once() -> None:
    tracker, other = RecordingTracker(), RecordingTracker()
    announcing = PublishingTracker(tracker, EventBus())
    recorders = [CallRecorder(tracker), CallRecorder(announcing), CallRecorder(other)]
    for recorder in [*recorders, CallRecorder(tracker)]:
        recorder.record(ServedCall(route="v1/memory"))
    for passed, count in ((recorders, 4), ((), 3)):
        registry = CollectorRegistry()
        registry.register(TrackerCollector(tracker, passed))
        line = f'trackstore_client_skipped_calls_total{{reason="labels"}} {count}.0'
        assert line in generate_latest(registry).decode()


def test_b6_opentelemetry_sees_what_was_dropped() -> None:
    tracker = RecordingTracker(strict=False)
    tracker.report_breaker("renderer", "AJAR")
    tracker.track_operation(kind="API", name="x", duration_ms=-1)
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    observe_tracker(provider.get_meter("test"), tracker)
    data = reader.get_metrics_data()
    assert data is not None
    values_by_name = {
        metric.name: [
            (point.value, dict(point.attributes or {}))
            for point in metric.data.data_points
            if isinstance(point, NumberDataPoint)
        ]
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    assert values_by_name["trackstore.client.tracked"] == [(2, {})]
    assert values_by_name["trackstore.client.dropped"] == [(1, {"reason": "INVALID"})]
    assert values_by_name["trackstore.client.adjusted"] == [(1, {"fact": "operation.duration_ms"})]
    provider.shutdown()
