"""Sender thread: waits for a full or due batch, and sends it."""

import logging
import threading
from collections.abc import Callable
from time import monotonic

from trackstore.backoff import Backoff
from trackstore.delivery.batch_sender import BatchSender, QueuedItems
from trackstore.delivery.delivery_stats import CLIENT_ERROR, DeliveryStats
from trackstore.delivery.item_sources import ItemSource
from trackstore.delivery.retry_buffer import RetryBuffer
from trackstore.delivery.transport import Transport
from trackstore.delivery.wakeup import WakeupEvent
from trackstore.settings import Settings

IDLE_SECONDS = 60.0
"""Interval of idle tasks, such as taking over the files of ended processes."""
UNREADABLE_RETRY_SECONDS = 1.0
"""Delay if the item source cannot be read, such as on a failing disk."""

log = logging.getLogger("trackstore")


class Sender:
    def __init__(
        self,
        settings: Settings,
        item_source: ItemSource,
        wakeup: WakeupEvent,
        delivery_stats: DeliveryStats,
        on_duplicates: Callable[[list[bytes]], None],
        idle: Callable[[], None],
    ) -> None:
        self.transport = Transport(settings)
        self._settings = settings
        self._item_source = item_source
        self._wakeup = wakeup
        self._delivery_stats = delivery_stats
        self._idle = idle
        self._stopped = threading.Event()
        self._flush_up_to = 0
        """The flush covers items up to this number of accepted ones."""
        self._flush_requested = False
        self._flush_until = 0.0
        self._next_idle_check = monotonic()
        backoff = Backoff(settings.first_delay_seconds, settings.longest_delay_seconds)
        self._retry_buffer = RetryBuffer(
            settings.failing_items,
            settings.queue_bytes,
            settings.failing_seconds,
            settings.first_delay_seconds,
        )
        self._batch_sender = BatchSender(
            self.transport,
            delivery_stats,
            backoff,
            self._pause,
            item_source.mark_settled,
            on_duplicates,
            self._retry_buffer,
        )

    def flush_now(self, seconds: float = 0.0) -> None:
        """Send without waiting for full batches, now and for ``seconds``.

        A batch that waits for a retry is retried at once, once.
        """
        self._flush_until = max(self._flush_until, monotonic() + seconds)
        self._flush_up_to = self._delivery_stats.accepted
        self._flush_requested = True
        self._wakeup.set()

    def stop(self) -> None:
        self._stopped.set()
        self._wakeup.set()

    def run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._run_idle_tasks()
                batch = self._next_batch()
                if batch:
                    self._deliver(batch)
                elif len(self._item_source):
                    self._stopped.wait(UNREADABLE_RETRY_SECONDS)
            except Exception:
                # The edge: whatever went wrong here must neither end the thread nor pass unseen.
                log.exception("unexpected error in the sender thread")
                self._stopped.wait(1.0)
        self.transport.close()

    def drain(self, seconds: float) -> None:
        """Send from the calling thread, where no thread can be started."""
        deadline = monotonic() + seconds
        while len(self._item_source) and monotonic() < deadline and not self._stopped.is_set():
            self._deliver(self._take())
        self._batch_sender.retry(at_once=True)

    def _run_idle_tasks(self) -> None:
        if len(self._retry_buffer):
            at_once, self._flush_requested = self._flush_requested, False
            self._batch_sender.retry(at_once)
        if monotonic() >= self._next_idle_check and not len(self._item_source):
            self._next_idle_check = monotonic() + IDLE_SECONDS
            self._idle()

    def _next_batch(self) -> QueuedItems:
        """Wait for a batch that is full, due or flushed; return an empty one when idle."""
        since = None
        while not self._stopped.is_set():
            if not len(self._item_source):
                idle = min(IDLE_SECONDS, self._retry_buffer.next_due())
                if not self._wakeup.wait(idle) or (
                    self._flush_requested and len(self._retry_buffer)
                ):
                    return []
                continue
            since = monotonic() if since is None else since
            seconds_left = self._settings.interval_seconds - (monotonic() - since)
            is_flushing = (
                self._delivery_stats.settled < self._flush_up_to or monotonic() < self._flush_until
            )
            if seconds_left <= 0 or self._is_full or is_flushing:
                return self._take()
            self._wakeup.wait(seconds_left)
        return []

    @property
    def _is_full(self) -> bool:
        settings = self._settings
        return (
            len(self._item_source) >= settings.batch_items
            or self._item_source.size >= settings.batch_bytes
        )

    def _take(self) -> QueuedItems:
        return self._item_source.take(self._settings.batch_items, self._settings.batch_bytes)

    def _deliver(self, batch: QueuedItems) -> None:
        settled_before, buffered_before = self._delivery_stats.settled, len(self._retry_buffer)
        try:
            self._batch_sender.deliver(batch)
        except Exception as error:
            lost = len(batch) - (self._delivery_stats.settled - settled_before)
            lost -= len(self._retry_buffer) - buffered_before
            self._delivery_stats.drop(CLIENT_ERROR, lost, repr(error))
            self._item_source.mark_settled(batch)
            raise

    def _pause(self, seconds: float, least: float) -> bool:
        """Wait between two attempts; a flush shortens it to ``least``. Return whether to continue."""
        started = monotonic()
        while not self._stopped.is_set():
            waited = monotonic() - started
            if waited >= seconds:
                return True
            if self._flush_requested and waited >= least:
                self._flush_requested = False
                return True
            self._wakeup.wait((least if self._flush_requested else seconds) - waited)
        return False
