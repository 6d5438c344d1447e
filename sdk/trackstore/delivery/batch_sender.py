"""Sends batches until each item is acknowledged or dropped, and splits batches around rejected items."""

import logging
from collections import deque
from collections.abc import Callable, Sequence

from trackstore.backoff import Backoff
from trackstore.delivery.delivery_stats import INVALID, DeliveryStats
from trackstore.delivery.outcomes import (
    DUPLICATE,
    BatchApplied,
    BatchRejected,
    ItemResult,
    Outcome,
    RetryLater,
)
from trackstore.delivery.retry_buffer import FailingItems, QueuedItem, RetryBuffer
from trackstore.delivery.transport import Transport
from trackstore.encoding import check_entry
from trackstore.errors import InvalidItemError

QueuedItems = Sequence[QueuedItem]
MAX_INTERNAL_ERRORS = 3
"""Internal errors of the server before a batch is split to find the item that causes them, and
consecutive failing items before the others wait for their next retry."""

log = logging.getLogger("trackstore")


class BatchSender:
    """Sends items in order, one batch after the other.

    ``wait`` waits for the given seconds, at least the second number (``Retry-After``), and returns
    whether to continue. ``on_settled`` receives items that are acknowledged or dropped,
    ``on_duplicates`` those that the server answered as duplicates the first time they were sent.
    """

    def __init__(
        self,
        transport: Transport,
        delivery_stats: DeliveryStats,
        backoff: Backoff,
        wait: Callable[[float, float], bool],
        on_settled: Callable[[QueuedItems], None],
        on_duplicates: Callable[[list[bytes]], None],
        retry_buffer: RetryBuffer,
    ) -> None:
        self._transport = transport
        self._delivery_stats = delivery_stats
        self._backoff = backoff
        self._wait = wait
        self._on_settled = on_settled
        self._on_duplicates = on_duplicates
        self._retry_buffer = retry_buffer
        self._resent = False
        self._internal = 0

    def deliver(self, queued_items: QueuedItems) -> QueuedItems:
        """Send until every item is settled; return the rest if ``wait`` said to stop."""
        ahead = deque([queued_items])
        self._resent, self._internal = False, 0
        while ahead:
            self.retry()
            chunk = self._without_blocked(ahead.popleft())
            if chunk is None:
                continue
            outcome = self._try(chunk)
            match outcome:
                case BatchApplied(results, truncated):
                    self._delivery_stats.truncate(truncated)
                    again = self._take(chunk, results)
                    if again:
                        ahead.appendleft(again)
                        if not self._pause(RetryLater("some items were temporarily rejected")):
                            break
                case BatchRejected():
                    ahead.extendleft(reversed(self._split_rejected(chunk, outcome)))
                case RetryLater():
                    ahead.extendleft(reversed(self._after_failure(chunk, outcome)))
                    if not self._pause(outcome):
                        break
        return [queued_item for chunk in ahead for queued_item in chunk]

    def retry(self, at_once: bool = False) -> None:
        failures = 0
        for failing in self._retry_buffer.due(at_once):
            outcome = self._retry_one(failing)
            if isinstance(outcome, RetryLater):
                failures += 1
                if not outcome.is_internal or failures >= MAX_INTERNAL_ERRORS:
                    break
        self._delivery_stats.failing = self._retry_buffer.problem

    def _retry_one(self, failing: FailingItems) -> Outcome:
        while True:
            chunk = [failing.queued_items[0]]
            outcome = self._try(chunk)
            match outcome:
                case BatchApplied(results, truncated):
                    self._delivery_stats.truncate(truncated)
                    again = [r for r in results if r.is_retryable or r.is_internal]
                    if again:
                        outcome = RetryLater(again[0].reason, again[0].code or "", is_internal=True)
                        self._postpone(failing, outcome)
                        return outcome
                    self._retry_buffer.settle(failing)
                    self._take(chunk, results)
                case BatchRejected():
                    self._retry_buffer.settle(failing)
                    self._drop(chunk, outcome.code, outcome.problem)
                case RetryLater():
                    if outcome.is_internal:
                        self._postpone(failing, outcome)
                    return outcome
            if not failing.queued_items:
                return outcome

    def _postpone(self, failing: FailingItems, failure: RetryLater) -> None:
        if not self._retry_buffer.postpone(failing, failure.problem):
            chunk = [failing.queued_items[0]]
            self._retry_buffer.settle(failing)
            self._drop(chunk, failure.code, failure.problem)

    def _without_blocked(self, chunk: QueuedItems) -> QueuedItems | None:
        """Move items that must wait behind a failing one to the retry buffer."""
        if not any(map(self._retry_buffer.is_blocked, chunk)):
            return chunk or None
        sendable: list[QueuedItem] = []
        for index, queued_item in enumerate(chunk):
            if self._retry_buffer.is_blocked(queued_item) and not self._retry_buffer.append(
                queued_item
            ):
                sendable.extend(chunk[index:])  # no room: it is sent out of order rather than lost
                break
            if not self._retry_buffer.is_blocked(queued_item):
                sendable.append(queued_item)
        return sendable or None

    def _after_failure(self, chunk: QueuedItems, failure: RetryLater) -> list[QueuedItems]:
        """Return the batches to send next: the same, or halves after repeated internal errors.

        A single item moves to the retry buffer if there is room.
        """
        self._internal += failure.is_internal
        if self._internal < MAX_INTERNAL_ERRORS:
            return [chunk]
        self._internal = 0
        if len(chunk) > 1:
            middle = len(chunk) // 2
            return [chunk[:middle], chunk[middle:]]
        if not self._retry_buffer.add(chunk[0], failure.code, failure.problem):
            return [chunk]
        self._delivery_stats.failing = self._retry_buffer.problem
        log.warning("server error for an item, which is kept and retried: %s", failure.problem)
        return []

    def _try(self, chunk: QueuedItems) -> Outcome:
        dropped = self._delivery_stats.take_unreported()
        outcome = self._transport.send([item for _, item in chunk], dropped)
        if not self._transport.is_acknowledged:
            self._delivery_stats.restore_unreported(dropped)
        self._delivery_stats.batches += 1
        return outcome

    def _take(self, chunk: QueuedItems, results: Sequence[ItemResult]) -> QueuedItems:
        """Count the results of a batch, and return the items to send again."""
        self._delivery_stats.problem = None
        self._backoff.succeed()
        self._internal = 0
        waits = {r.index for r in results if r.is_retryable}
        failed = [r for r in results if r.is_internal]
        for result in failed:
            if not self._retry_buffer.add(chunk[result.index], result.code or "", result.reason):
                waits.add(result.index)
        again = [chunk[index] for index in sorted(waits)]
        unsettled = waits | {result.index for result in failed}
        refused = [r for r in results if r.status != DUPLICATE and r.index not in unsettled]
        duplicates = [result.index for result in results if result.status == DUPLICATE]
        ended = chunk
        if unsettled:
            ended = [
                queued_item for index, queued_item in enumerate(chunk) if index not in unsettled
            ]
        self._on_settled(ended)
        for result in refused:
            self._delivery_stats.drop(result.code or "REJECTED", 1, result.reason)
        self._delivery_stats.acknowledge(len(ended) - len(refused), len(duplicates))
        if duplicates and not self._resent:
            self._on_duplicates([chunk[index][1] for index in duplicates])
        self._resent = self._resent or bool(again)
        return again

    def _split_rejected(self, chunk: QueuedItems, rejection: BatchRejected) -> list[QueuedItems]:
        """Return the batch without invalid items, otherwise in halves. A single item is dropped."""
        if len(chunk) == 1:
            self._drop(chunk, rejection.code, rejection.problem)
            return []
        good = chunk
        if not rejection.is_size:
            named = [chunk[index] for index in rejection.indexes if index < len(chunk)]
            if named:
                self._drop(named, INVALID, rejection.problem)
            indexes = set(rejection.indexes)
            remaining = [
                queued_item for index, queued_item in enumerate(chunk) if index not in indexes
            ]
            good = self._without_invalid(remaining)
        if len(good) < len(chunk):
            return [good] if good else []
        middle = len(chunk) // 2
        return [chunk[:middle], chunk[middle:]]

    def _without_invalid(self, chunk: QueuedItems) -> QueuedItems:
        good = []
        for queued_item in chunk:
            try:
                check_entry(queued_item[1])
            except InvalidItemError as error:
                self._drop([queued_item], INVALID, str(error))
            else:
                good.append(queued_item)
        return good

    def _drop(self, queued_items: QueuedItems, reason: str, detail: str) -> None:
        self._on_settled(queued_items)
        self._delivery_stats.drop(reason, len(queued_items), detail)

    def _pause(self, failure: RetryLater) -> bool:
        if self._delivery_stats.problem is None:
            level = logging.ERROR if failure.is_lasting else logging.WARNING
            log.log(level, "delivery is waiting for the server: %s", failure.problem)
        self._delivery_stats.problem = failure.problem
        self._delivery_stats.retries += 1
        self._resent = True
        seconds = self._backoff.fail(failure.after)
        return self._wait(seconds, failure.after)
