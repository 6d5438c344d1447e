"""Ctrl-C as a wish: stop reading, let what is on its way arrive, and say where it stopped."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType

EXIT_CODE = 130
"""What shells expect of a program that SIGINT ended."""


class InterruptedImportError(Exception):
    """Raised where the program waits for input that may never come."""


class Interruption:
    """The first Ctrl-C is noted, the second ends at once."""

    def __init__(self) -> None:
        self.wished = threading.Event()
        self.waiting = False
        """Whether the main thread waits for input: then the wish must reach it as an exception."""
        self._before: signal.Handlers | None = None

    @contextmanager
    def wait(self) -> Iterator[None]:
        """What happens inside may take for ever: a wish to stop raises ``InterruptedImportError``."""
        self.waiting = True
        try:
            yield
        finally:
            self.waiting = False

    def __enter__(self) -> "Interruption":
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
        if self.wished.is_set():
            raise KeyboardInterrupt
        self.wished.set()
        if self.waiting:
            raise InterruptedImportError
