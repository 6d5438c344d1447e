"""What waits to be written, and which of it the next transaction takes: fair between organizations."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from store.errors import OverloadedError, TooManyRequestsError
from store.ingest.entries import Entry
from store.scheduling.fair_queue import FairQueue, Tenant


@dataclass(frozen=True, slots=True)
class WriterSettings:
    """Bounds of the queue and the size of a transaction.

    ``queue_items`` bounds memory: at about 2 KB an entry, 50,000 are 100 MB. They are those of one
    organization; all together have twice as many. While a transaction is under way, another one
    begins only for ``parallel_items`` entries or more. ``delay_ms`` is how long a small one
    waits for company, where the last one had some.
    """

    queue_items: Annotated[
        int,
        Field(
            validation_alias="writer_queue_items",
            ge=1,
            le=10_000_000,
            description="Entries of one organization that may wait to be written, about 2 KB each; "
            "further ones are refused with OVERLOADED. Those of all organizations may be twice as many.",
        ),
    ] = 50_000
    flush_items: Annotated[
        int,
        Field(
            validation_alias="writer_flush_items",
            ge=1,
            le=100_000,
            description="Entries written in one transaction.",
        ),
    ] = 2_000
    parallel_items: int = 500
    delay_ms: Annotated[
        float,
        Field(
            validation_alias="writer_delay_ms",
            ge=0,
            le=1_000,
            description="How long a small transaction waits for more entries, in addition to those "
            "that arrived during the last one.",
        ),
    ] = 0.0

    @property
    def delay_seconds(self) -> float:
        return self.delay_ms / 1_000

    @property
    def large_items(self) -> int:
        return min(self.parallel_items, self.flush_items)


@dataclass(eq=False, slots=True)
class Submission:
    entries: Sequence[Entry]
    count: int
    tenant: Tenant = None
    since: float = field(default_factory=time.monotonic)
    done: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)

    def succeed(self) -> None:
        if not self.done.done():
            self.done.set_result(None)


@dataclass(eq=False, slots=True)
class Batch:
    """The submissions of one transaction: of one organization, or small ones of several."""

    submissions: list[Submission] = field(default_factory=list)
    tenants: set[Tenant] = field(default_factory=set)
    count: int = 0
    is_slow: bool = False

    def add(self, submission: Submission) -> None:
        self.submissions.append(submission)
        self.tenants.add(submission.tenant)
        self.count += submission.count


class WriteQueue:
    """Submissions by organization.

    A large transaction holds entries of one organization only, and one organization leaves a
    transaction free for others where there can be several: so a single entry of one never waits
    for more than the transaction of another that was under way when it came.
    """

    def __init__(self, settings: WriterSettings, transactions: int) -> None:
        """Allow ``transactions`` of one organization at once."""
        self._settings = settings
        self._share = transactions
        self._queue: FairQueue[Submission] = FairQueue()
        self.items = 0
        """How many entries wait."""
        self._items: Counter[Tenant] = Counter()
        self._large: set[Tenant] = set()
        self._under_way: list[Batch] = []

    def __len__(self) -> int:
        return len(self._queue)

    def __iter__(self) -> Iterator[Submission]:
        return iter(self._queue)

    @property
    def is_much(self) -> bool:
        """Return whether enough is queued to start a transaction at once."""
        return self.items >= self._settings.large_items

    def check(
        self, tenant: Tenant, count: int, queues: Sequence["WriteQueue"] | None = None
    ) -> None:
        """Raise ``TooManyRequestsError`` or ``OverloadedError`` without room for ``count`` entries."""
        queues = queues or [self]
        queued, most = (
            sum(queue._items[tenant] for queue in queues),
            self._settings.queue_items,
        )
        if queued and queued + count > most:
            raise TooManyRequestsError(
                f"{queued:,} entries wait to be written, at most {most:,} may: "
                "send this again in a moment"
            )
        total = sum(queue.items for queue in queues)
        tenants = sum(queue._queue.tenants for queue in queues) + (not queued)
        # Where all others have filled the queue, whoever has less than its share still comes in.
        if total and total + count > 2 * most and queued + count > 2 * most // tenants:
            raise OverloadedError(
                f"{total:,} entries of all organizations wait to be written, at most {2 * most:,} "
                "may: send this again in a moment"
            )

    def add(self, submission: Submission) -> None:
        self._queue.push(submission.tenant, submission, submission.count)
        self._count(submission.tenant, submission.count)

    def has_turn(self) -> bool:
        """Return whether a transaction may begin.

        Small ones come one after the other, so that each is shared by more. They do not wait for
        the large one of another organization, nor for one that is slow.
        """
        if not self._queue:
            return False
        if not self._under_way:
            return True
        large = self._settings.large_items
        quick = [batch for batch in self._under_way if not batch.is_slow]
        needed = large if any(batch.count < large for batch in quick) else 1
        for tenant, items in self._items.items():
            if self._is_idle(tenant):
                needed -= items
                if needed <= 0:
                    return True
        return any(map(self._may_go_on, self._large))

    def begin(self) -> Batch:
        """Begin a transaction, to be followed by ``end``; ``fill`` says what it writes."""
        batch = Batch()
        self._under_way.append(batch)
        return batch

    def fill(self, batch: Batch) -> None:
        """Take what a transaction writes; nothing where nobody waits for it any more."""
        while batch.count < self._settings.flush_items:
            following = self._queue.pop(lambda tenant, item: self._fits(batch, tenant, item))
            if following is None:
                break
            _, submission = following
            self._forget(submission)
            if submission.done.done():
                continue  # its caller went away, or was told that it took too long
            batch.add(submission)

    def end(self, batch: Batch) -> None:
        """Release what the transaction held, whatever its outcome."""
        self._under_way.remove(batch)

    def clear(self) -> list[Submission]:
        left = list(self._queue)
        self._queue = FairQueue()
        self._items.clear()
        self._large.clear()
        self.items = 0
        return left

    def _forget(self, submission: Submission) -> None:
        self._count(submission.tenant, -submission.count)
        if not self._queue.waiting(submission.tenant):
            del self._items[submission.tenant]

    def _count(self, tenant: Tenant, items: int) -> None:
        self.items += items
        self._items[tenant] += items
        if self._items[tenant] >= self._settings.large_items:
            self._large.add(tenant)
        else:
            self._large.discard(tenant)

    def _fits(self, batch: Batch, tenant: Tenant, submission: Submission) -> bool:
        if not batch.submissions:
            return self._is_idle(tenant) or self._may_go_on(tenant)
        if batch.tenants == {tenant}:
            return True
        if batch.count + submission.count > self._settings.large_items:
            return False
        return tenant in batch.tenants or self._is_idle(tenant)

    def _is_idle(self, tenant: Tenant) -> bool:
        """Return whether a tenant has no transaction, or only slow ones below its maximum."""
        quick = any(tenant in batch.tenants for batch in self._under_way if not batch.is_slow)
        return not quick and self._running(tenant) < self._share

    def _may_go_on(self, tenant: Tenant) -> bool:
        """Return whether a tenant may have another transaction beside those that it has."""
        if self._running(tenant) >= self._share:
            return False
        return tenant in self._large

    def _running(self, tenant: Tenant) -> int:
        return sum(tenant in batch.tenants for batch in self._under_way)


def loops_for(parallel_writers: int) -> int:
    """Return how many transactions may be under way: one more than a single organization has."""
    return parallel_writers + 1 if parallel_writers > 1 else 1
