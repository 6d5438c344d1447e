"""Lanes of the ingest writer: what waits in one does not hold up what waits in another."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from store.errors import OverloadedError
from store.ingest.queue import Batch, Submission, WriteQueue, WriterSettings
from store.scheduling.fair_queue import Tenant

SLOW_SECONDS = 0.25
"""A transaction that takes longer is not waited for: another small one may begin beside it."""


class WriteLane:
    def __init__(self, settings: WriterSettings, transactions: int) -> None:
        self._settings = settings
        self._arrived = asyncio.Event()
        self.queue = WriteQueue(settings, transactions)
        self.had_company = False
        """Whether the last transaction was shared by several calls."""

    def check(
        self, tenant: Tenant, count: int, lanes: Sequence["WriteLane"], preparing: int
    ) -> None:
        """Raise where all lanes together have no room for so many entries.

        ``preparing`` entries wait for their partitions.
        """
        most = self._settings.queue_items
        if preparing and preparing + count > most:
            raise OverloadedError(
                f"{preparing:,} entries wait for partitions, at most {most:,} may: "
                "send this again in a moment"
            )
        self.queue.check(tenant, count, [lane.queue for lane in lanes])

    def add(self, submission: Submission) -> None:
        self.queue.add(submission)
        self.wake()

    def wake(self) -> None:
        self._arrived.set()

    async def wait(self) -> None:
        self._arrived.clear()
        await self._arrived.wait()

    @contextmanager
    def transaction(self) -> Iterator[Batch]:
        """Count the transaction as running within the block."""
        batch = self.queue.begin()

        def note() -> None:
            batch.is_slow = True
            self.wake()

        timer = asyncio.get_running_loop().call_later(SLOW_SECONDS, note)
        try:
            yield batch
        finally:
            timer.cancel()
            self.queue.end(batch)
            self.wake()  # what came meanwhile waited for this
