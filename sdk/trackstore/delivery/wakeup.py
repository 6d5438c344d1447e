"""A bell: many may ring it, one waits for it; ringing never blocks, not even in a signal handler."""

from contextlib import suppress
from threading import Lock


class WakeupEvent:
    """Rung once or often, it wakes once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._lock.acquire()

    def set(self) -> None:
        """Wake who waits, or who comes to wait next."""
        with suppress(RuntimeError):  # it was rung before, and nobody has heard it yet
            self._lock.release()

    def wait(self, seconds: float = -1) -> bool:
        """Wait for a ring, so long at most; negative is for ever. Whether it rang."""
        return self._lock.acquire(timeout=seconds)
