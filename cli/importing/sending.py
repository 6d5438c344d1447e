"""Records to the server: in batches, a few of them on their way at once, each answered for."""

import contextlib
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from cli.failures import CommandError
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
MOST_BYTES = 4 * 2**20
"""Bytes of source text in a batch: as JSON a few times that, and still below what servers take."""
PATIENCE_SECONDS = 2.0
"""A batch of a slow source (a pipe that follows a log) goes out with the next line after this."""
GRACE_SECONDS = 15.0
"""How long a stop waits for the answers to what is on its way."""
LOOK_SECONDS = 0.2
"""How often a wait looks whether it should stop."""


@dataclass(frozen=True, slots=True)
class Place:
    """How far a source is read."""

    source: str
    line: int


Placed = tuple[Place, Record]


@dataclass(slots=True)
class Batch:
    """Records that are sent together; ``until`` is where reading stood behind them."""

    number: int
    started: float
    until: Place
    records: list[Placed] = field(default_factory=list)
    size: int = 0


Payload = tuple[list[Placed], dict[str, Any]]
"""A ``TrackPayload`` and the records it speaks of."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a batch: the server's counts, or why there are none."""

    batch: Batch
    payloads: list[Payload]
    """Several where the batch had to be parted."""
    failure: CommandError | None = None


class Sender(Protocol):
    """Where batches go."""

    def send(self, batch: Batch) -> None:
        """Take a batch; waits while too many are on their way."""

    def drain(self, stops: Callable[[], bool], seconds: float) -> None:
        """Wait for every answer; once ``stops`` says so, at most so long."""


class ApiSender:
    """Sends batches over a few connections; answers are handed over in the caller's thread.

    The threads are daemons: a second Ctrl-C need not wait for a server that does not answer.
    """

    def __init__(
        self, client: RemoteClient, in_flight: int, answered: Callable[[Answer], None]
    ) -> None:
        self._client = client
        self._answered = answered
        self._room = in_flight
        self._waiting: queue.SimpleQueue[Batch] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self._on_their_way = 0
        for number in range(in_flight):
            threading.Thread(target=self._work, name=f"send-{number}", daemon=True).start()

    def send(self, batch: Batch) -> None:
        """Send it as soon as one of the connections is free."""
        while self._on_their_way >= self._room:
            with contextlib.suppress(queue.Empty):
                self._take(LOOK_SECONDS)
        self._on_their_way += 1
        self._waiting.put(batch)

    def drain(self, stops: Callable[[], bool], seconds: float) -> None:
        """Wait for the answers; those that do not come in time are left out."""
        deadline: float | None = None
        while self._on_their_way:
            if deadline is None and stops():
                deadline = time.monotonic() + seconds
            if deadline is not None and time.monotonic() >= deadline:
                return
            with contextlib.suppress(queue.Empty):
                self._take(LOOK_SECONDS)

    def _take(self, seconds: float | None) -> None:
        answer = self._answers.get(timeout=seconds)
        self._on_their_way -= 1
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
            self._answers.put(Answer(batch, payloads, failure))

    def _call(self, records: list[Placed], payloads: list[Payload]) -> None:
        """Send; in halves where it is larger than the server takes."""
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
