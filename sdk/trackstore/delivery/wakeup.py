"""An event that is safe to set in a signal handler."""

from contextlib import suppress
from threading import Lock


class WakeupEvent:
    """Wakes one waiting thread. Setting it several times wakes it once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._lock.acquire()

    def set(self) -> None:
        with suppress(RuntimeError):  # it was rung before, and nobody has heard it yet
            self._lock.release()

    def wait(self, seconds: float = -1) -> bool:
        """Wait up to ``seconds`` (negative: forever), and return whether the event was set."""
        return self._lock.acquire(timeout=seconds)
