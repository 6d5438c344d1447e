"""What Prometheus can ask of live streams."""

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from server.live.server import LiveServer


class LiveCollector(Collector):
    """Reads the numbers of the live side at the moment of asking."""

    def __init__(self, live: LiveServer, labels: Mapping[str, str]) -> None:
        self._live = live
        self._labels = labels

    def collect(self) -> Iterator[Metric]:
        """Who is connected, what is watched, and what was sent."""
        live = self._live
        names, values = list(self._labels), list(self._labels.values())
        for name, value, meaning in (
            ("connections", live.connections, "Websockets and streaming answers that are open."),
            ("operations", live.operations, "Operations that stream on them."),
            ("executions", live.engine.executions, "Executions kept; equal operations share one."),
        ):
            gauge = GaugeMetricFamily(f"trackstore_live_{name}", meaning, labels=names)
            gauge.add_metric(values, value)
            yield gauge
        watched = GaugeMetricFamily(
            "trackstore_live_watched", "Streams that somebody follows.", labels=[*names, "kind"]
        )
        for kind, count in live.hub.watched.items():
            watched.add_metric([*values, kind], count)
        yield watched
        sent = CounterMetricFamily(
            "trackstore_live_answers", "Answers sent to subscribers.", labels=names
        )
        sent.add_metric(values, live.sent)
        yield sent
