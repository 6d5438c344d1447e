"""One import, from its first line to the last answer: reads, batches, sends and counts."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.failures import CommandError
from cli.importing.records import Found, Malformed, Record, RepeatedHeader
from cli.importing.reporting import Reporter, complain_of_line
from cli.importing.sending import (
    GRACE_SECONDS,
    MOST_BYTES,
    PATIENCE_SECONDS,
    Answer,
    Batch,
    Place,
    Sender,
)
from cli.importing.sources import Source, SourceError, open_source
from cli.importing.tally import Tally
from cli.interruption import InterruptedImportError, Interruption
from cli.output import complain

Read = Callable[[Source], Iterator[Found]]
"""How a source becomes records."""
LINES_BETWEEN_REPORTS = 100


@dataclass(slots=True)
class Result:
    """How it ended."""

    tally: Tally
    failure: CommandError | None = None
    """Why it did not go on."""
    broken_sources: int = 0
    interrupted: bool = False
    stored_until: Place | None = None
    """Every line up to here is answered for."""


class Import:
    """Reads sources in order and sends what they hold."""

    def __init__(
        self, read: Read, interruption: Interruption, reporter: Reporter, batch_items: int
    ) -> None:
        self._read = read
        self._interruption = interruption
        self._reporter = reporter
        self._batch_items = batch_items
        self._batch: Batch | None = None
        self._batches = 0
        self._answered: dict[int, Place] = {}
        self._first_open = 0
        self._bytes_before = 0
        self._result = Result(Tally())

    def run(self, paths: Sequence[Path], sender: Sender) -> Result:
        """Import them all, or as far as it goes."""
        tally = self._result.tally
        try:
            for path in paths:
                if self._stops:
                    break
                self._import(path, sender)
        except InterruptedImportError:
            pass
        self._flush(sender)
        sender.drain(lambda: self._stops, GRACE_SECONDS)
        self._result.interrupted = self._interruption.wished.is_set()
        tally.unsent = tally.read - tally.malformed - tally.answered
        return self._result

    @property
    def _stops(self) -> bool:
        return self._result.failure is not None or self._interruption.wished.is_set()

    def _import(self, path: Path, sender: Sender) -> None:
        with open_source(path, self._interruption) as source:
            try:
                for found in self._read(source):
                    self._take(source, found, sender)
                    if self._stops:
                        return
            except SourceError as broken:
                self._result.broken_sources += 1
                complain(str(broken))
            self._bytes_before += source.position()

    def _take(self, source: Source, found: Found, sender: Sender) -> None:
        tally = self._result.tally
        if isinstance(found, RepeatedHeader):
            tally.headers += 1
            return
        tally.read += 1
        place = Place(source.name, found.line)
        match found:
            case Malformed(line, reason, text):
                tally.malformed += 1
                shown = tally.malformed + tally.rejected - 1
                complain_of_line(f"{source.name}:{line}", reason, text, shown)
            case Record():
                self._add(place, found, sender)
        if tally.read % LINES_BETWEEN_REPORTS == 0:
            self._reporter.advance(tally, self._bytes_before + source.position())

    def _add(self, place: Place, record: Record, sender: Sender) -> None:
        now = time.monotonic()
        batch = self._batch
        if batch is None:
            batch = self._batch = Batch(self._batches, now, place)
            self._batches += 1
        batch.records.append((place, record))
        batch.size += record.size
        batch.until = place
        if (
            len(batch.records) >= self._batch_items
            or batch.size >= MOST_BYTES
            or now - batch.started >= PATIENCE_SECONDS
        ):
            self._flush(sender)

    def _flush(self, sender: Sender) -> None:
        batch, self._batch = self._batch, None
        if batch is not None and self._result.failure is None:
            sender.send(batch)

    def answered(self, answer: Answer) -> None:
        """Count what became of a batch."""
        tally = self._result.tally
        for records, payload in answer.payloads:
            tally.accepted += payload["accepted"]
            tally.duplicates += payload["duplicates"]
            tally.repaired += payload["repaired"]
            for refused in payload["results"]:
                place, record = records[refused["index"]]
                self._count_refused(place, record, refused)
        if answer.failure is not None:
            self._result.failure = self._result.failure or answer.failure
            return
        self._answered[answer.batch.number] = answer.batch.until
        while (until := self._answered.pop(self._first_open, None)) is not None:
            self._first_open += 1
            self._result.stored_until = until

    def _count_refused(self, place: Place, record: Record, refused: dict[str, Any]) -> None:
        tally = self._result.tally
        tally.rejected += 1
        where = ".".join(refused["path"] or ())
        code = refused["code"]
        tally.reasons[f"{code} at {where}" if where else code] += 1
        shown = tally.malformed + tally.rejected - 1
        reason = f"{code}: {refused['message']}"
        complain_of_line(f"{place.source}:{record.line}", reason, "", shown)
