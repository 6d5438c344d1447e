"""``--dry-run``: prints the first records and sends nothing."""

import json
from collections.abc import Callable

from cli.importing.counts import ImportCounts
from cli.importing.sending import Batch, BatchResult
from cli.output import out

MAX_PREVIEW_RECORDS = 3


class PreviewSender:
    def __init__(self, answered: Callable[[BatchResult], None]) -> None:
        self._answered = answered
        self._left = MAX_PREVIEW_RECORDS

    def send(self, batch: Batch) -> None:
        for _, record in batch.records[: self._left]:
            out.print(json.dumps(record.operation, indent=2, ensure_ascii=True), markup=False)
        self._left -= min(self._left, len(batch.records))
        payload = {"accepted": len(batch.records), "duplicates": 0, "repaired": 0, "results": []}
        self._answered(BatchResult(batch, [(batch.records, payload)]))

    def drain(self, stops: Callable[[], bool], seconds: float) -> None: ...


def print_preview(counts: ImportCounts) -> None:
    out.print(
        f"dry run: {counts.read:,} lines read, {counts.accepted:,} would be sent, "
        f"{counts.malformed:,} malformed",
        markup=False,
    )
