"""OpenTelemetry: an exporter of GenAI spans as operations, and metrics of the tracker.

Needs the extra ``trackstore[otel]``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import StatusCode

from trackstore.entries import Operation
from trackstore.gen_ai_spans import LABEL_ATTRIBUTES, SpanFacts, operation_of_span
from trackstore.recorder import Recorder
from trackstore.tracker import get_tracker

Read = Callable[[CallbackOptions], Iterable[Observation]]


class TrackstoreSpanExporter(SpanExporter):
    """Records spans of model and tool calls as operations; other spans are ignored.

    ``provider.add_span_processor(SimpleSpanProcessor(TrackstoreSpanExporter()))``: recording puts
    an item into the tracker's queue, so no batch processor is needed. ``labels`` maps each label to
    an attribute of the span, otherwise of its resource. Message texts are kept only with
    ``keep_texts``.
    """

    def __init__(
        self,
        tracker: Recorder | None = None,
        *,
        labels: Mapping[str, str] = LABEL_ATTRIBUTES,
        keep_texts: bool = False,
    ) -> None:
        self._tracker = tracker
        self._labels = labels
        self._keep_texts = keep_texts

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        tracker = self._tracker or get_tracker()
        for span in spans:
            try:
                operation = self._operation_of(span)
            except Exception as error:  # noqa: BLE001 - a span that cannot be read costs itself
                tracker.refuse(Operation.field, error)
                continue
            if operation is not None:
                tracker.record(operation)
        return SpanExportResult.SUCCESS

    def _operation_of(self, span: ReadableSpan) -> Operation | None:
        facts = _facts_of(span)
        if facts is None:
            return None
        return operation_of_span(facts, labels=self._labels, keep_texts=self._keep_texts)

    def shutdown(self) -> None:
        pass  # the tracker belongs to whoever created it

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what was recorded; return whether all of it was sent in time."""
        return (self._tracker or get_tracker()).flush(timeout_millis / 1_000).is_done


def _facts_of(span: ReadableSpan) -> SpanFacts | None:
    context = span.get_span_context()
    if context is None or span.start_time is None or span.end_time is None:
        return None
    return SpanFacts(
        trace_id=context.trace_id,
        span_id=context.span_id,
        name=span.name,
        started_ns=span.start_time,
        ended_ns=span.end_time,
        attributes=span.attributes or {},
        resource=span.resource.attributes,
        is_error=span.status.status_code is StatusCode.ERROR,
        error=span.status.description,
    )


def observe_tracker(meter: Meter, tracker: Recorder) -> None:
    """Publish the statistics of the tracker as observable instruments of this meter."""

    def observed(name: str) -> Sequence[Read]:
        def read(options: CallbackOptions) -> Iterable[Observation]:
            del options
            yield Observation(getattr(tracker.stats(), name))

        return [read]

    def counted(name: str, attribute: str) -> Sequence[Read]:
        def read(options: CallbackOptions) -> Iterable[Observation]:
            del options
            for kind, number in getattr(tracker.stats(), name).items():
                yield Observation(number, {attribute: kind})

        return [read]

    for name in ("tracked", "acknowledged", "duplicates", "batches", "retries"):
        meter.create_observable_counter(f"trackstore.client.{name}", observed(name))
    meter.create_observable_gauge("trackstore.client.queued", observed("queued"))
    for name, attribute in (("dropped", "reason"), ("skipped", "reason"), ("adjusted", "fact")):
        meter.create_observable_counter(f"trackstore.client.{name}", counted(name, attribute))
