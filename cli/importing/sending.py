"""Sends records in batches over a few concurrent connections."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from cli.errors import CommandError
from cli.importing.records import Record
from cli.remote import CallRefusedError, RemoteClient

TRACK = """\
mutation Import($operations: [OperationInput!]!) {
  trackOperations(operations: $operations) {
    accepted duplicates rejected repaired
    results(only: [REJECTED]) { index code message path }
  }
}"""
HTTP_TOO_LARGE = 413
MAX_BATCH_BYTES = 4 * 2**20
"""Maximum source text of a batch; as JSON it is a few times larger, and within the server's limit."""
MAX_BATCH_AGE_SECONDS = 2.0
"""A batch of a slow source, such as a pipe, is sent with the next line after this."""
MAX_STOP_SECONDS = 15.0
"""How long a stop waits for open calls."""
POLL_SECONDS = 0.2
"""Interval of checks for a stop."""


@dataclass(frozen=True, slots=True)
class Position:
    source: str
    line: int


PositionedRecord = tuple[Position, Record]


@dataclass(slots=True)
class Batch:
    """Records that are sent together; ``until`` is the last line that they include."""

    number: int
    started: float
    until: Position
    records: list[PositionedRecord] = field(default_factory=list)
    size: int = 0


Payload = tuple[list[PositionedRecord], dict[str, Any]]
"""A ``TrackPayload`` and its records."""


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Result of a batch: the payloads of the server, or the failure."""

    batch: Batch
    payloads: list[Payload]
    """Several if the batch had to be split."""
    failure: CommandError | None = None


class Sender(Protocol):
    def send(self, batch: Batch) -> None: ...

    def drain(self, stops: Callable[[], bool], seconds: float) -> None:
        """Wait for all answers; once ``stops`` returns true, at most ``seconds``."""


class ApiSender:
    """Sends batches in threads, and passes answers on in the caller's thread.

    The threads are daemons, so that a second Ctrl-C does not wait for the server.
    """

    def __init__(
        self, client: RemoteClient, in_flight: int, answered: Callable[[BatchResult], None]
    ) -> None:
        self._client = client
        self._answered = answered
        self._max_in_flight = in_flight
        self._waiting: queue.SimpleQueue[Batch] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[BatchResult] = queue.SimpleQueue()
        self._in_flight = 0
        for number in range(in_flight):
            threading.Thread(target=self._work, name=f"send-{number}", daemon=True).start()

    def send(self, batch: Batch) -> None:
        while self._in_flight >= self._max_in_flight:
            with contextlib.suppress(queue.Empty):
                self._take(POLL_SECONDS)
        self._in_flight += 1
        self._waiting.put(batch)

    def drain(self, stops: Callable[[], bool], seconds: float) -> None:
        deadline: float | None = None
        while self._in_flight:
            if deadline is None and stops():
                deadline = time.monotonic() + seconds
            if deadline is not None and time.monotonic() >= deadline:
                return
            with contextlib.suppress(queue.Empty):
                self._take(POLL_SECONDS)

    def _take(self, seconds: float | None) -> None:
        answer = self._answers.get(timeout=seconds)
        self._in_flight -= 1
        self._answered(answer)

    def _work(self) -> None:
        while True:
            batch = self._waiting.get()
            payloads: list[Payload] = []
            failure = None
            try:
                self._call(batch.records, payloads)
            except CommandError as refusal:
                failure = refusal
            self._answers.put(BatchResult(batch, payloads, failure))

    def _call(self, records: list[PositionedRecord], payloads: list[Payload]) -> None:
        """Send records; split them in halves if they are too large for the server."""
        variables = {"operations": [record.operation for _, record in records]}
        try:
            answer = self._client.query(TRACK, variables)
        except CallRefusedError as refusal:
            if refusal.status != HTTP_TOO_LARGE or len(records) == 1:
                raise
            middle = len(records) // 2
            self._call(records[:middle], payloads)
            self._call(records[middle:], payloads)
            return
        payloads.append((records, answer["trackOperations"]))
