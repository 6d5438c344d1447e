"""Prometheus metrics of trackers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from trackstore.errors import TrackstoreError
from trackstore.recorder import Recorder
from trackstore.served_calls import CallRecorder

PREFIX = "trackstore_client"


class TrackerCollector(Collector):
    """``REGISTRY.register(TrackerCollector(tracker, recorders=[...]))``; read at each scrape.

    Includes calls that middlewares, decorators and helpers did not record. ``recorders`` are needed
    only if they use another tracker.
    """

    def __init__(self, tracker: Recorder, recorders: Sequence[CallRecorder] = ()) -> None:
        self._tracker = tracker
        self._recorders = recorders

    def collect(self) -> Iterable[Metric]:
        stats = self._tracker.stats()
        counts = {
            "tracked": ("Items that were tracked.", stats.tracked),
            "acknowledged": ("Items that the server has committed.", stats.acknowledged),
            "duplicates": ("Acknowledged items that the server had before.", stats.duplicates),
            "batches": ("Batches that were sent.", stats.batches),
            "retries": ("Batches that were sent again.", stats.retries),
        }
        for name, (help_text, value) in counts.items():
            yield CounterMetricFamily(f"{PREFIX}_{name}", help_text, value=value)
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
        yield self._skipped(stats.skipped)

    def _skipped(self, skipped_by_tracker: Mapping[str, int]) -> Metric:
        skipped = CounterMetricFamily(
            f"{PREFIX}_skipped_calls",
            "Calls that the rules leave out, by reason.",
            labels=["reason"],
        )
        counts = Counter(skipped_by_tracker)
        for recorder in self._recorders:
            with suppress(TrackstoreError):  # there is no tracker at all
                if recorder.tracker.notices is not self._tracker.notices:
                    counts.update({str(reason): n for reason, n in recorder.skipped.items()})
        for reason, number in sorted(counts.items()):
            skipped.add_metric([reason], number)
        return skipped
