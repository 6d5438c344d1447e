"""Export metrics of the call scheduler to Prometheus: waiting, running and refused calls."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class Bounded(Protocol):
    @property
    def running(self) -> int: ...

    @property
    def waiting(self) -> int: ...

    @property
    def refused(self) -> int: ...


class CallSchedulerCollector(Collector):
    """Collect the metrics of every bounded resource, by kind.

    Organizations are no labels: their number is unbounded, and their names are private.
    """

    def __init__(self, bounded: Mapping[str, Bounded], labels: Mapping[str, str]) -> None:
        self._bounded = bounded
        self._labels = labels

    def collect(self) -> Iterator[Metric]:
        names = [*self._labels, "kind"]
        waiting = GaugeMetricFamily(
            "trackstore_turns_waiting",
            "Calls waiting for a slot of their organization.",
            labels=names,
        )
        running = GaugeMetricFamily(
            "trackstore_turns_running", "Calls holding a slot.", labels=names
        )
        refused = CounterMetricFamily(
            "trackstore_turns_refused",
            "Calls refused because their organization had too many, or because they waited too long.",
            labels=names,
        )
        for kind, bounded in self._bounded.items():
            values = [*self._labels.values(), kind]
            waiting.add_metric(values, bounded.waiting)
            running.add_metric(values, bounded.running)
            refused.add_metric(values, bounded.refused)
        yield waiting
        yield running
        yield refused
