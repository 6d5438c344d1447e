"""What trackers do, as Prometheus metrics: so that a drop is seen where everything else is."""

from collections.abc import Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from trackstore.recorder import Recorder
from trackstore.served_calls import CallRecorder

PREFIX = "trackstore_client"


class TrackerCollector(Collector):
    """``REGISTRY.register(TrackerCollector(tracker, recorders=[...]))``; read at each scrape.

    ``recorders`` are those of middlewares and decorators, whose left-out calls are counted, too.
    """

    def __init__(self, tracker: Recorder, recorders: Sequence[CallRecorder] = ()) -> None:
        self._tracker = tracker
        self._recorders = recorders

    def collect(self) -> Iterable[Metric]:
        """The present counts."""
        stats = self._tracker.stats()
        counts = {
            "tracked": ("Items that were tracked.", stats.tracked),
            "acknowledged": ("Items that the server has committed.", stats.acknowledged),
            "duplicates": ("Acknowledged items that the server had before.", stats.duplicates),
            "batches": ("Batches that were sent.", stats.batches),
            "retries": ("Batches that were sent again.", stats.retries),
        }
        for name, (told, value) in counts.items():
            yield CounterMetricFamily(f"{PREFIX}_{name}", told, value=value)
        yield GaugeMetricFamily(
            f"{PREFIX}_queued_items", "Items that wait to be sent.", value=stats.queued
        )
        dropped = CounterMetricFamily(
            f"{PREFIX}_dropped", "Items that were given up, by reason.", labels=["reason"]
        )
        for reason, number in stats.dropped.items():
            dropped.add_metric([reason], number)
        yield dropped
        adjusted = CounterMetricFamily(
            f"{PREFIX}_adjusted_facts", "Facts that were changed or left out.", labels=["fact"]
        )
        for fact, number in stats.adjusted.items():
            adjusted.add_metric([fact], number)
        yield adjusted
        yield self._skipped()

    def _skipped(self) -> Metric:
        skipped = CounterMetricFamily(
            f"{PREFIX}_skipped_calls",
            "Calls that the rules leave out, by reason.",
            labels=["reason"],
        )
        reasons = sorted({reason for recorder in self._recorders for reason in recorder.skipped})
        for reason in reasons:
            skipped.add_metric([reason], sum(r.skipped[reason] for r in self._recorders))
        return skipped
