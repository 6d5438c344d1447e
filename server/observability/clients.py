"""What the project's own clients say beside their calls, and what they are told: versions and drops.

A client that had to drop items says how many, and why, in a header of its next call. Operators see it
in the metrics: the one place where data that never arrived can be seen.
"""

import re

from prometheus_client import CollectorRegistry, Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.headers import headers_of
from server.version import VERSION
from store.errors import ERROR_CODES

AGENT = "trackstore-"
"""How the User-Agent of the project's clients begins."""
VERSION_HEADER = b"x-trackstore-version"
DROPPED_HEADER = "x-trackstore-dropped"
CALLER = "trackstore.caller"
"""Where a route leaves in the scope whom it let in."""
DROP = re.compile(r"([A-Z_]{1,40})=(\d{1,9})")
"""A reason and how many items; others than these are no report."""
LONGEST_REPORT = 1_000
REASONS = frozenset(
    (
        "QUEUE_FULL", "SPOOL_FULL", "SPOOL_DAMAGED", "INVALID", "TOO_LARGE", "CLOSED", "CLIENT_ERROR",
        *ERROR_CODES,
    )
)  # fmt: skip
OTHER = "OTHER"
"""Label of any other reason: callers must not be able to make series by inventing one."""


def drops_of(report: str) -> dict[str, int]:
    """How many items were dropped by reason: ``QUEUE_FULL=3, INVALID=1``."""
    found: dict[str, int] = {}
    for reason, count in DROP.findall(report[:LONGEST_REPORT]):
        label = reason if reason in REASONS else OTHER
        found[label] = found.get(label, 0) + int(count)
    return found


class ClientDrops:
    """Counts what clients say that they dropped."""

    def __init__(self, registry: CollectorRegistry, labels: dict[str, str]) -> None:
        self._labels = labels
        self._counter = Counter(
            "trackstore_client_dropped_items",
            "Items that clients had to drop, as they say, by reason.",
            [*labels, "reason"],
            registry=registry,
        )

    def add(self, report: str) -> None:
        """Count a report."""
        for reason, count in drops_of(report).items():
            self._counter.labels(**self._labels, reason=reason).inc(count)


class ClientMiddleware:
    """Tells the project's clients the version of the server, and hears what they dropped.

    A report counts if its route has let the caller in, by a key where callers need one, and answers
    with 200: once, as a client that hears anything else says it again.
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
                told = (VERSION_HEADER, VERSION.encode())
                message["headers"] = [*message.get("headers", ()), told]
                if report and CALLER in scope:
                    self._drops.add(report)
            await send(message)

        await self._app(scope, receive, answer)
