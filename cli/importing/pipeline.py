"""The import pipeline: reads sources, sends batches and counts the results."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.errors import CommandError
from cli.importing.counts import ImportCounts
from cli.importing.progress import ProgressReporter, warn_about_line
from cli.importing.records import Malformed, ReadItem, Record, RepeatedHeader
from cli.importing.sending import (
    MAX_BATCH_AGE_SECONDS,
    MAX_BATCH_BYTES,
    MAX_STOP_SECONDS,
    Batch,
    BatchResult,
    Position,
    Sender,
)
from cli.importing.sources import Source, SourceError, open_source
from cli.interrupts import InterruptedImportError, Interrupts
from cli.output import complain

Read = Callable[[Source], Iterator[ReadItem]]
"""Reader of a source."""
LINES_PER_UPDATE = 100


@dataclass(slots=True)
class Result:
    counts: ImportCounts
    failure: CommandError | None = None
    """Error that stopped the import."""
    broken_sources: int = 0
    interrupted: bool = False
    stored_until: Position | None = None
    """Last line up to which everything is stored."""


class Import:
    def __init__(
        self, read: Read, interrupts: Interrupts, reporter: ProgressReporter, batch_items: int
    ) -> None:
        self._read = read
        self._interruption = interrupts
        self._reporter = reporter
        self._batch_items = batch_items
        self._batch: Batch | None = None
        self._batches = 0
        self._answered: dict[int, Position] = {}
        self._first_pending = 0
        self._bytes_before = 0
        self._result = Result(ImportCounts())

    def run(self, paths: Sequence[Path], sender: Sender) -> Result:
        counts = self._result.counts
        try:
            for path in paths:
                if self._is_stopping:
                    break
                self._import(path, sender)
        except InterruptedImportError:
            pass
        self._flush(sender)
        sender.drain(lambda: self._is_stopping, MAX_STOP_SECONDS)
        self._result.interrupted = self._interruption.requested.is_set()
        counts.unsent = counts.read - counts.malformed - counts.answered
        return self._result

    @property
    def _is_stopping(self) -> bool:
        return self._result.failure is not None or self._interruption.requested.is_set()

    def _import(self, path: Path, sender: Sender) -> None:
        with open_source(path, self._interruption) as source:
            try:
                for item in self._read(source):
                    self._take(source, item, sender)
                    if self._is_stopping:
                        return
            except SourceError as error:
                self._result.broken_sources += 1
                complain(str(error))
            self._bytes_before += source.position()

    def _take(self, source: Source, item: ReadItem, sender: Sender) -> None:
        counts = self._result.counts
        if isinstance(item, RepeatedHeader):
            counts.headers += 1
            return
        counts.read += 1
        position = Position(source.name, item.line)
        match item:
            case Malformed(line, reason, text):
                counts.malformed += 1
                printed = counts.malformed + counts.rejected - 1
                warn_about_line(f"{source.name}:{line}", reason, text, printed)
            case Record():
                self._add(position, item, sender)
        if counts.read % LINES_PER_UPDATE == 0:
            self._reporter.advance(counts, self._bytes_before + source.position())

    def _add(self, position: Position, record: Record, sender: Sender) -> None:
        now = time.monotonic()
        batch = self._batch
        if batch is None:
            batch = self._batch = Batch(self._batches, now, position)
            self._batches += 1
        batch.records.append((position, record))
        batch.size += record.size
        batch.until = position
        if (
            len(batch.records) >= self._batch_items
            or batch.size >= MAX_BATCH_BYTES
            or now - batch.started >= MAX_BATCH_AGE_SECONDS
        ):
            self._flush(sender)

    def _flush(self, sender: Sender) -> None:
        batch, self._batch = self._batch, None
        if batch is not None and self._result.failure is None:
            sender.send(batch)

    def add_result(self, answer: BatchResult) -> None:
        counts = self._result.counts
        for records, payload in answer.payloads:
            counts.accepted += payload["accepted"]
            counts.duplicates += payload["duplicates"]
            counts.repaired += payload["repaired"]
            for rejection in payload["results"]:
                position, record = records[rejection["index"]]
                self._count_rejection(position, record, rejection)
        if answer.failure is not None:
            self._result.failure = self._result.failure or answer.failure
            return
        self._answered[answer.batch.number] = answer.batch.until
        while (until := self._answered.pop(self._first_pending, None)) is not None:
            self._first_pending += 1
            self._result.stored_until = until

    def _count_rejection(
        self, position: Position, record: Record, rejection: dict[str, Any]
    ) -> None:
        counts = self._result.counts
        counts.rejected += 1
        where = ".".join(rejection["path"] or ())
        code = rejection["code"]
        counts.reasons[f"{code} at {where}" if where else code] += 1
        printed = counts.malformed + counts.rejected - 1
        reason = f"{code}: {rejection['message']}"
        warn_about_line(f"{position.source}:{record.line}", reason, "", printed)
