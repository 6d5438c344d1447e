"""Export metrics of live streams to Prometheus."""

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.live.server import LiveServer


class LiveCollector(Collector):
    def __init__(self, live: LiveServer, labels: Mapping[str, str]) -> None:
        self._live = live
        self._labels = labels

    def collect(self) -> Iterator[Metric]:
        live = self._live
        names, values = list(self._labels), list(self._labels.values())
        for name, value, meaning in (
            ("connections", live.connections, "Open WebSockets and streaming HTTP responses."),
            ("operations", live.operations, "Operations streaming on these connections."),
            (
                "executions",
                live.engine.executions,
                "Running executions; equal operations share one.",
            ),
        ):
            gauge = GaugeMetricFamily(f"trackstore_live_{name}", meaning, labels=names)
            gauge.add_metric(values, value)
            yield gauge
        watched = GaugeMetricFamily(
            "trackstore_live_watched",
            "Streams with at least one follower, by kind.",
            labels=[*names, "kind"],
        )
        for kind, count in live.hub.watched.items():
            watched.add_metric([*values, kind], count)
        yield watched
        answers_sent = CounterMetricFamily(
            "trackstore_live_answers", "Answers sent to subscribers.", labels=names
        )
        answers_sent.add_metric(values, live.sent)
        yield answers_sent
