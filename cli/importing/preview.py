"""``--dry-run``: nothing is sent; the first records are shown as they would be."""

import json
from collections.abc import Callable

from cli.importing.sending import Answer, Batch
from cli.importing.tally import Tally
from cli.output import out

SHOWN = 3


class PreviewSender:
    """Takes batches and sends them nowhere."""

    def __init__(self, answered: Callable[[Answer], None]) -> None:
        self._answered = answered
        self._left = SHOWN

    def send(self, batch: Batch) -> None:
        """Print the first records, as the items of ``trackOperations(operations:)``."""
        for _, record in batch.records[: self._left]:
            out.print(json.dumps(record.operation, indent=2, ensure_ascii=True), markup=False)
        self._left -= min(self._left, len(batch.records))
        payload = {"accepted": len(batch.records), "duplicates": 0, "repaired": 0, "results": []}
        self._answered(Answer(batch, [(batch.records, payload)]))

    def drain(self, stops: Callable[[], bool], seconds: float) -> None:
        """Nothing is on its way."""


def print_preview(tally: Tally) -> None:
    """What an import would do."""
    out.print(
        f"dry run: {tally.read:,} lines read, {tally.accepted:,} would be sent, "
        f"{tally.malformed:,} malformed",
        markup=False,
    )
