"""Flushes before a signal ends the process.

The default action of a signal runs no exit handlers, so a flush precedes it. A handler of the host
is called as before; some web servers restore the default action after their shutdown and send the
signal to themselves again.
"""

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

from trackstore.delivery import forks
from trackstore.delivery.exits import is_child, process_exit

MAX_HANDLER_SECONDS = 0.25
"""How long a signal handler waits for a flush. A longer wait could be for a lock held by the code
it interrupted: that code continues, and the process ends when the flush is over."""
MISSED_SECONDS = 0.1
"""Delay after which a handler that has not run is considered missed."""
INIT_PID = 1
"""First process of a container, for which the default action of signals is to ignore them."""
ENDING_SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT")
    if hasattr(signal, name)
)
"""Signals that ask for the end of a process. Python's own handler of SIGINT is not the default action:
it raises ``KeyboardInterrupt``. SIGQUIT is left alone unless the host handles it, as servers do to end
quickly: by default it ends a process that hangs, with a core dump."""


class EndingSignal:
    """Signal handler that flushes, then performs the previous action."""

    def __init__(self, previous: Any) -> None:
        self._previous = previous
        self.calls = 0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.calls += 1
        if callable(self._previous):
            if process_exit.is_closing:
                process_exit.postponed = number
                return
            process_exit.drain()
            self._previous(number, frame)
            flush_in_loop()
            return
        finish: Callable[[], object] = process_exit.flush
        if os.getpid() != INIT_PID:
            with missed_signals.repeating:  # a repetition that is under way would be the second
                signal.signal(number, signal.SIG_DFL)  # a second one ends the process at once
            finish = partial(end, number)
        ending = threading.Thread(target=finish, name="trackstore-exit", daemon=True)
        try:
            ending.start()
        except RuntimeError:  # the interpreter is ending: its exit handlers flush, within limits
            return
        ending.join(MAX_HANDLER_SECONDS)


def end(number: int) -> None:
    try:
        process_exit.close()
    finally:
        os.kill(os.getpid(), number)


def flush_in_loop() -> None:
    """Flush in the event loop, for servers that call no exit handlers after a signal.

    Not in the signal handler itself, which may have interrupted code that holds a lock.
    """
    if not process_exit.has_lifespan and any(process_exit.deliveries()):
        try:
            asyncio.get_running_loop().call_soon_threadsafe(process_exit.flush)
        except RuntimeError:  # no loop runs here, or it is closed
            return


def watch_process(*, signals: bool) -> None:
    """Register with every way in which this process may end. Idempotent."""
    process_exit.hook_finalizers()
    if signals and threading.current_thread() is threading.main_thread():
        watch_signals()
        if is_child(sys.modules.get("multiprocessing.process")):
            missed_signals.watch()


def watch_signals() -> None:
    """Install handlers in front of the current ones, in the main thread.

    A signal that is ignored, or handled outside Python, is left alone.
    """
    for number in ENDING_SIGNALS:
        previous = signal.getsignal(number)
        if isinstance(previous, EndingSignal) or previous in (None, signal.SIG_IGN):
            continue
        if number == signal.SIGINT and callable(previous):
            continue
        if number == getattr(signal, "SIGQUIT", None) and not callable(previous):
            continue
        try:
            signal.signal(number, EndingSignal(previous))
        except (ValueError, OSError):  # a sub-interpreter, or a system that refuses
            return


class MissedSignals:
    """Repeats a signal that arrived just before the main thread began to wait outside Python.

    Python runs handlers between two instructions, so such a signal would be handled after the wait
    only. A pool terminates its workers just when they begin to wait for work, and then joins them:
    a deadlock.
    """

    def __init__(self) -> None:
        self._ends: tuple[int, int] | None = None
        self.repeating = threading.Lock()
        """Held while a signal is repeated. The handler acquires it before it restores the default action."""
        forks.register(self)

    def watch(self) -> None:
        if self._ends is not None or "trio" in sys.modules:
            return
        reader, writer = os.pipe()
        os.set_blocking(writer, False)
        before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        if before != -1:
            signal.set_wakeup_fd(before)
            os.close(reader)
            os.close(writer)
            return
        self._ends = reader, writer
        thread = threading.Thread(
            target=self._run, args=(reader,), name="trackstore-signals", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:  # the interpreter is ending
            self._stop()

    def _run(self, reader: int) -> None:
        main = threading.main_thread().ident
        while numbers := os.read(reader, 1):
            number = numbers[0]
            handler = signal.getsignal(number)
            if number not in ENDING_SIGNALS or not isinstance(handler, EndingSignal):
                continue
            calls = handler.calls
            threading.Event().wait(MISSED_SECONDS)
            with self.repeating:
                if handler.calls == calls and signal.getsignal(number) is handler and main:
                    signal.pthread_kill(main, number)

    def _stop(self) -> None:
        ends, self._ends = self._ends, None
        if ends is not None:
            with suppress(ValueError):
                current = signal.set_wakeup_fd(-1)
                if current not in (-1, ends[1]):
                    signal.set_wakeup_fd(current)
            for descriptor in ends:
                os.close(descriptor)

    def before_fork(self) -> None:
        pass

    def after_fork_in_parent(self) -> None:
        pass

    def after_fork_in_child(self) -> None:
        self.repeating = threading.Lock()
        self._stop()


missed_signals = MissedSignals()
"""Instance of this process, active in children of ``multiprocessing``."""
