"""Graceful Ctrl-C: the command stops reading, waits for open calls, and reports where it stopped."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

EXIT_INTERRUPTED = 130
"""What shells expect of a program that SIGINT ended."""


class InterruptedImportError(Exception):
    """Raised while the command waits for input that may never arrive."""


class Interrupts:
    """Handler of SIGINT: the first Ctrl-C requests a stop, the second ends the command at once."""

    def __init__(self) -> None:
        self.requested = threading.Event()
        self.waiting = False
        """Whether the main thread waits for input, which only an exception can interrupt."""
        self._before: signal.Handlers | None = None

    @contextmanager
    def wait(self) -> Iterator[None]:
        """Raise ``InterruptedImportError`` on a requested stop, while the block waits for input."""
        self.waiting = True
        try:
            yield
        finally:
            self.waiting = False

    def __enter__(self) -> "Interrupts":
        self._before = signal.signal(signal.SIGINT, self._handle)  # type: ignore[assignment]  # what a caller of ours set comes back as it was
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _handle(self, _number: int, _frame: FrameType | None) -> None:
        if self.requested.is_set():
            raise KeyboardInterrupt
        self.requested.set()
        if self.waiting:
            raise InterruptedImportError
