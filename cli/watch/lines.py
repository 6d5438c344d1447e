"""Events as lines: for pipes, files and programs."""

from collections.abc import Mapping
from typing import Any

import msgspec
from rich.text import Text

from cli.output import out, say, warn
from cli.watch.descriptions import as_json, event_text, printable, where
from trackstore.calls import Json
from trackstore.subscriptions import StreamStatus
from trackstore.watching import Gap


class Lines:
    def __init__(self, *, as_json: bool, names_requests: bool) -> None:
        self._as_json = as_json
        self._names_requests = names_requests
        self._is_lost = False
        self._has_connected = False

    def on_event(self, event: Json, _request: Mapping[str, Any] | None = None) -> None:
        self._print(event, event_line(event, names_request=self._names_requests))

    def on_gap(self, gap: Gap) -> None:
        text = (
            f"-- {gap.missed:,} events were skipped: this reader was too slow; read them again "
            f"with --after {gap.from_cursor}"
        )
        self._print({"gap": msgspec.to_builtins(gap)}, text)

    def on_status(self, status: StreamStatus) -> None:
        if not status.is_connected and not self._is_lost:
            warn(f"connection lost ({printable(status.reason)}); reconnecting")
        elif status.is_connected and self._is_lost:
            say("reconnected")
        elif status.is_connected and self._names_requests and not self._has_connected:
            say("watching all requests; Ctrl-C stops it")  # the first event may take long
        self._has_connected = self._has_connected or status.is_connected
        self._is_lost = not status.is_connected

    def _print(self, value: Any, text: str) -> None:
        out.print(Text(as_json(value) if self._as_json else text))


def event_line(event: Json, *, names_request: bool) -> str:
    parts = [
        printable(event["occurredAt"]),
        *([event["requestId"]] if names_request else []),
        f"{event['seq']:>4}",
        f"{printable(event['type']):<17}",
        f"{where(event):<12}",
        event_text(event),
    ]
    severity = event["severity"]
    if severity in ("WARNING", "ERROR", "CRITICAL"):
        parts.insert(-1, f"{severity}:")
    return "  ".join(parts).rstrip()
