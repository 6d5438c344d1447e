"""Events as lines: for pipes, files and programs."""

from collections.abc import Mapping
from typing import Any

from rich.text import Text

from cli.output import out, say, warn
from cli.watch.connection import Json, Link
from cli.watch.words import as_json, plain, what_happened, where


class Lines:
    """One line per event on standard output, as JSON or in words; the connection on standard error."""

    def __init__(self, *, as_json: bool, names_requests: bool) -> None:
        self._as_json = as_json
        self._names_requests = names_requests
        self._lost = False
        self._began = False

    def happened(self, event: Json, _request: Mapping[str, Any] | None = None) -> None:
        """An event."""
        self._print(event, event_line(event, names_request=self._names_requests))

    def skipped(self, gap: Json) -> None:
        """A gap stands where its events would."""
        text = (
            f"-- {gap['missed']:,} events were skipped: this reader was too slow; read them again "
            f"with --after {gap['fromCursor']}"
        )
        self._print({"gap": gap}, text)

    def link(self, link: Link) -> None:
        """The connection was lost, or is there again."""
        if not link.is_up and not self._lost:
            warn(f"connection lost ({plain(link.reason)}): trying again")
        elif link.is_up and self._lost:
            say("connected again")
        elif link.is_up and self._names_requests and not self._began:
            say("watching all requests; Ctrl-C stops it")  # for it may be long until one moves
        self._began = self._began or link.is_up
        self._lost = not link.is_up

    def _print(self, value: Any, text: str) -> None:
        out.print(Text(as_json(value) if self._as_json else text))


def event_line(event: Json, *, names_request: bool) -> str:
    """When, which request, its number in the log, what, where, and what is said of it."""
    parts = [
        plain(event["occurredAt"]),
        *([event["requestId"]] if names_request else []),
        f"{event['seq']:>4}",
        f"{plain(event['type']):<17}",
        f"{where(event):<12}",
        what_happened(event),
    ]
    severity = event["severity"]
    if severity in ("WARNING", "ERROR", "CRITICAL"):
        parts.insert(-1, f"{severity}:")
    return "  ".join(parts).rstrip()
