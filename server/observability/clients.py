"""Exchange versions and drop reports with the project's own clients.

A client that had to drop items reports how many, and why, in a header of its next call. The metrics
are the only place where data that never arrived becomes visible.
"""

import re

from prometheus_client import CollectorRegistry, Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.headers import headers_of
from server.version import VERSION
from store.errors import ERROR_CODES

AGENT = "trackstore-"
"""Prefix of the User-Agent of the project's clients."""
VERSION_HEADER = b"x-trackstore-version"
DROPPED_HEADER = "x-trackstore-dropped"
CALLER = "trackstore.caller"
"""Key in the scope under which a route stores the admitted caller."""
DROP = re.compile(r"([A-Z_]{1,40})=(\d{1,9})")
"""A reason and a number of items."""
MAX_REPORT_CHARS = 1_000
REASONS = frozenset(
    (
        "QUEUE_FULL", "SPOOL_FULL", "SPOOL_DAMAGED", "INVALID", "TOO_LARGE", "CLOSED", "CLIENT_ERROR",
        *ERROR_CODES,
    )
)  # fmt: skip
OTHER = "OTHER"
"""Label of any other reason, so that callers cannot create series by inventing reasons."""


def drops_of(report: str) -> dict[str, int]:
    """Parse the dropped items by reason: ``QUEUE_FULL=3, INVALID=1``."""
    counts: dict[str, int] = {}
    for reason, count in DROP.findall(report[:MAX_REPORT_CHARS]):
        label = reason if reason in REASONS else OTHER
        counts[label] = counts.get(label, 0) + int(count)
    return counts


class ClientDrops:
    def __init__(self, registry: CollectorRegistry, labels: dict[str, str]) -> None:
        self._labels = labels
        self._counter = Counter(
            "trackstore_client_dropped_items",
            "Items dropped by clients, as reported by them, by reason.",
            [*labels, "reason"],
            registry=registry,
        )

    def add(self, report: str) -> None:
        for reason, count in drops_of(report).items():
            self._counter.labels(**self._labels, reason=reason).inc(count)


class ClientMiddleware:
    """Send the server's version to the project's clients, and count the items they dropped.

    A report counts once its route has admitted the caller and answers with 200, because clients repeat
    it after any other response.
    """

    def __init__(self, app: ASGIApp, drops: ClientDrops) -> None:
        self._app = app
        self._drops = drops

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = headers_of(scope)
        if not headers.get("user-agent", "").startswith(AGENT):
            await self._app(scope, receive, send)
            return
        report = headers.get(DROPPED_HEADER)

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                version_header = (VERSION_HEADER, VERSION.encode())
                message["headers"] = [*message.get("headers", ()), version_header]
                if report and CALLER in scope:
                    self._drops.add(report)
            await send(message)

        await self._app(scope, receive, answer)
