"""Collects metrics of the work in the background."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from store.maintenance.periodic import PeriodicTask


class BackgroundCollector(Collector):
    def __init__(
        self, tasks: Callable[[], Sequence[PeriodicTask]], labels: Mapping[str, str]
    ) -> None:
        self._tasks = tasks
        self._labels = labels

    def collect(self) -> Iterator[Metric]:
        names = [*self._labels, "task"]
        runs = CounterMetricFamily(
            "trackstore_background_runs", "Runs of work in the background.", labels=names
        )
        failures = CounterMetricFamily(
            "trackstore_background_failures", "Such runs that failed.", labels=names
        )
        failing = GaugeMetricFamily(
            "trackstore_background_failures_in_a_row",
            "Failures since the last run that succeeded; 0 is healthy.",
            labels=names,
        )
        age = GaugeMetricFamily(
            "trackstore_background_success_age_seconds",
            "Seconds since the last run that succeeded.",
            labels=names,
        )
        for task in self._tasks():
            values, health = [*self._labels.values(), task.name], task.health
            runs.add_metric(values, health.runs)
            failures.add_metric(values, health.failures)
            failing.add_metric(values, health.failures_in_a_row)
            if health.succeeded_at is not None:
                age.add_metric(values, time.monotonic() - health.succeeded_at)
        yield from (runs, failures, failing, age)
