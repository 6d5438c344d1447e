"""Flushes at the end of a process, within a time limit.

A normal exit runs ``atexit``; children of ``multiprocessing`` or ``billiard`` run its finalizers.
Signals are handled in ``signals``, the shutdown of an ASGI server in ``asgi_lifespan``.
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
"""Minimum time of the last attempt, if earlier flushes used up the limit."""
CHILD_MODULES = ("multiprocessing", "billiard")
"""Packages whose children skip ``atexit`` but run finalizers of the package."""
CHILD_PRIORITY = 10

log = logging.getLogger("trackstore")


class ClosableDelivery(Protocol):
    @property
    def exit_seconds(self) -> float: ...

    def flush_now(self, seconds: float) -> None: ...

    def flush(self, timeout: float) -> Flushed: ...

    def close(self, timeout: float) -> Flushed: ...


class ProcessExit:
    """Closes the deliveries of this process, and limits the time that takes."""

    def __init__(self) -> None:
        self._deliveries: weakref.WeakSet[ClosableDelivery] = weakref.WeakSet()
        self._hooked_pid = 0
        self.reset()

    def reset(self) -> None:
        self._waited = 0.0
        self._drain_until = 0.0
        self.has_lifespan = False
        """Whether an ASGI server reports its shutdown to the middleware."""
        self.is_closing = False
        self.postponed: int | None = None
        """A signal received while closing; its handler could interrupt the delivery."""

    def register(self, delivery: ClosableDelivery) -> None:
        self._deliveries.add(delivery)

    def before_fork(self) -> None:
        pass  # there is no lock to hold

    def after_fork_in_parent(self) -> None:
        pass

    def after_fork_in_child(self) -> None:
        self.reset()

    def deliveries(self) -> list[ClosableDelivery]:
        while True:
            try:
                return list(self._deliveries)
            except RuntimeError:  # another thread has just made one
                continue

    def hook_finalizers(self) -> None:
        """Register with the package that started this process as a child."""
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
        """Flush every delivery, and log what is left. Never raises."""
        return self._end(lambda delivery, seconds: delivery.flush(seconds), is_last=False)

    def close(self) -> None:
        """Close every delivery; what is left is dropped and counted, or stays on disk. Never raises."""
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
            started = monotonic()
            try:
                flushed = finish(delivery, self._seconds(delivery))
            except Exception:
                log.exception("unexpected error in the last flush")
                continue
            self._waited = self._waited + monotonic() - started if flushed.left else 0.0
            left, spooled = left + flushed.left, spooled + flushed.spooled
            problem = problem or flushed.problem
        lost = left - spooled
        if lost > 0 and not is_last:
            log.warning(
                "%d item(s) could not be sent and are lost if the process ends now: %s. "
                "Set TRACKSTORE_SPOOL_FOLDER to keep them.",
                lost,
                problem or "timed out",
            )
        return Flushed(left, spooled, problem)

    def _seconds(self, delivery: ClosableDelivery) -> float:
        return max(
            min(MIN_WAIT_SECONDS, delivery.exit_seconds), delivery.exit_seconds - self._waited
        )

    # ------------------------------------------------------------------ a host that shuts down

    @property
    def is_draining(self) -> bool:
        return not self.has_lifespan and monotonic() < self._drain_until

    def drain(self) -> None:
        seconds = max((d.exit_seconds for d in self.deliveries()), default=0.0)
        self._drain_until = monotonic() + seconds
        for delivery in self.deliveries():
            delivery.flush_now(seconds)

    async def flush_async(self) -> None:
        try:
            flushing = asyncio.get_running_loop().run_in_executor(None, self.flush)
        except RuntimeError:  # another kind of loop, or one whose threads have ended
            self.flush()
        else:
            await flushing


def is_child(process: Any) -> bool:
    parent_process = getattr(process, "parent_process", None)
    if parent_process is not None:
        return parent_process() is not None
    if process is None:
        return False
    return getattr(process.current_process(), "_parent_pid", None) is not None


process_exit = ProcessExit()
"""Instance of this process."""
forks.register(process_exit)
atexit.register(process_exit.close)
