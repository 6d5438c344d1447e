"""What Prometheus can ask of turns: how much waits for them, and what was refused."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class Bounded(Protocol):
    """Something that organizations share."""

    @property
    def running(self) -> int:
        """How many calls have it now."""
        ...

    @property
    def waiting(self) -> int:
        """How many calls wait for it."""
        ...

    @property
    def refused(self) -> int:
        """How many calls were refused it since the start."""
        ...


class CallSchedulerCollector(Collector):
    """Reads the numbers of everything that is bounded, by its kind.

    Organizations are no labels: there is no end of them, and their names are theirs.
    """

    def __init__(self, bounded: Mapping[str, Bounded], labels: Mapping[str, str]) -> None:
        self._bounded = bounded
        self._labels = labels

    def collect(self) -> Iterator[Metric]:
        """How many wait, how many have their turn, how many were refused."""
        names = [*self._labels, "kind"]
        waiting = GaugeMetricFamily(
            "trackstore_turns_waiting",
            "Calls that wait for their organization's turn.",
            labels=names,
        )
        running = GaugeMetricFamily(
            "trackstore_turns_running", "Calls whose turn it is.", labels=names
        )
        refused = CounterMetricFamily(
            "trackstore_turns_refused",
            "Calls refused because too many of their organization were there or waited too long.",
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
