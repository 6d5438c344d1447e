"""The end of a process: what still waits is sent within a limited time, however the process ends.

A process that ends by itself runs ``atexit``, a child of ``multiprocessing`` or ``billiard`` runs its
finalizers. Signals are handled by ``signals``, the shutdown of an ASGI server by ``asgi_lifespan``.
"""

import asyncio
import atexit
import logging
import os
import sys
import weakref
from collections.abc import Callable
from time import monotonic
from typing import Any, Protocol

from trackstore.delivery import forks
from trackstore.results import Flushed

MIN_WAIT_SECONDS = 0.2
"""The time of a last try, where a flush before it has used up what the process may be held up."""
CHILD_MODULES = ("multiprocessing", "billiard")
"""Packages whose children end without ``atexit``, but with finalizers of the package."""
CHILD_PRIORITY = 10

log = logging.getLogger("trackstore")


class ClosableDelivery(Protocol):
    """A delivery, as far as the end of its process is concerned."""

    @property
    def exit_seconds(self) -> float:
        """How long the end of the process may be held up."""

    def flush_now(self, seconds: float) -> None:
        """Send without waiting for full batches, for so many seconds."""

    def flush(self, timeout: float) -> Flushed:
        """Send what waits."""

    def close(self, timeout: float) -> Flushed:
        """Send what waits, take nothing more, and count what is left."""


class ProcessExit:
    """The deliveries of this process, and the time that its end was held up so far."""

    def __init__(self) -> None:
        self._deliveries: weakref.WeakSet[ClosableDelivery] = weakref.WeakSet()
        self._hooked_pid = 0
        self.reset()

    def reset(self) -> None:
        """Forget what was waited for, and what the host does."""
        self._waited = 0.0
        self._drain_until = 0.0
        self.has_lifespan = False
        """Whether an ASGI server tells the middleware of its shutdown."""
        self.is_closing = False
        self.postponed: int | None = None
        """A signal that was received meanwhile; its handler could break off what is being sent."""

    def register(self, delivery: ClosableDelivery) -> None:
        """Finish a delivery with its process."""
        self._deliveries.add(delivery)

    def before_fork(self) -> None:
        """Do nothing: there is no lock here."""

    def after_fork_in_parent(self) -> None:
        """Do nothing."""

    def after_fork_in_child(self) -> None:
        """Start again; the deliveries of the parent, emptied, are those of the child."""
        self.reset()

    def deliveries(self) -> list[ClosableDelivery]:
        """Return the live deliveries."""
        while True:
            try:
                return list(self._deliveries)
            except RuntimeError:  # another thread has just made one
                continue

    def hook_finalizers(self) -> None:
        """Close the deliveries with the means of the package that started this process, if one did."""
        pid = os.getpid()
        if self._hooked_pid == pid:
            return
        for name in CHILD_MODULES:
            util = sys.modules.get(f"{name}.util")
            process = sys.modules.get(f"{name}.process")
            if util is not None and process is not None and is_child(process):
                util.Finalize(None, self.close, exitpriority=CHILD_PRIORITY)
                self._hooked_pid = pid
                if celery := sys.modules.get("celery.signals"):  # its pool runs no finalizers
                    celery.worker_process_shutdown.connect(self._close_child, weak=False)

    def _close_child(self, **_: object) -> None:
        self.close()

    # ------------------------------------------------------------------ the end

    def flush(self) -> Flushed:
        """Flush every delivery; what is left is logged, for the process may end next. Never raises."""
        return self._end(lambda delivery, seconds: delivery.flush(seconds), is_last=False)

    def close(self) -> None:
        """Close every delivery; what is left is counted as dropped or stays on disk. Never raises."""
        self.is_closing = True
        try:
            self._end(lambda delivery, seconds: delivery.close(seconds), is_last=True)
        finally:
            self.is_closing = False
            number, self.postponed = self.postponed, None
            if number is not None:
                os.kill(os.getpid(), number)

    def _end(
        self, finish: Callable[[ClosableDelivery, float], Flushed], *, is_last: bool
    ) -> Flushed:
        deliveries = self.deliveries()
        for delivery in deliveries:
            delivery.flush_now(MIN_WAIT_SECONDS)
        left = spooled = 0
        problem = None
        for delivery in deliveries:
            begun = monotonic()
            try:
                flushed = finish(delivery, self._seconds(delivery))
            except Exception:
                log.exception("unexpected error in the last flush")
                continue
            self._waited = self._waited + monotonic() - begun if flushed.left else 0.0
            left, spooled = left + flushed.left, spooled + flushed.spooled
            problem = problem or flushed.problem
        lost = left - spooled
        if lost > 0 and not is_last:
            log.warning(
                "%d item(s) could not be sent and are lost if the process ends now: %s. "
                "Set TRACKSTORE_SPOOL_FOLDER to keep them.",
                lost,
                problem or "the time was up",
            )
        return Flushed(left, spooled, problem)

    def _seconds(self, delivery: ClosableDelivery) -> float:
        return max(
            min(MIN_WAIT_SECONDS, delivery.exit_seconds), delivery.exit_seconds - self._waited
        )

    # ------------------------------------------------------------------ a host that shuts down

    @property
    def is_draining(self) -> bool:
        """Whether a signal was received lately that ends the host, which does not say when it is done."""
        return not self.has_lifespan and monotonic() < self._drain_until

    def drain(self) -> None:
        """Send at once what is there and what comes, while the host shuts down in its own way."""
        seconds = max((d.exit_seconds for d in self.deliveries()), default=0.0)
        self._drain_until = monotonic() + seconds
        for delivery in self.deliveries():
            delivery.flush_now(seconds)

    async def flush_async(self) -> None:
        """Flush without holding up the event loop, where it is one of asyncio."""
        try:
            flushing = asyncio.get_running_loop().run_in_executor(None, self.flush)
        except RuntimeError:  # another kind of loop, or one whose threads have ended
            self.flush()
        else:
            await flushing


def is_child(process: Any) -> bool:
    """Return whether this process was started by the package with this ``process`` module."""
    parent_process = getattr(process, "parent_process", None)
    if parent_process is not None:
        return parent_process() is not None
    if process is None:
        return False
    return getattr(process.current_process(), "_parent_pid", None) is not None


process_exit = ProcessExit()
"""The end of this process."""
forks.register(process_exit)
atexit.register(process_exit.close)
