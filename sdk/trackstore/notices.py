"""Counts what is recorded with a loss, or not recorded at all, and warns once about each kind."""

import logging
from collections import Counter
from collections.abc import Mapping
from threading import RLock

from trackstore.delivery import forks

MAX_KINDS = 500
"""Kinds that are counted and warned of one by one; further ones are counted as ``other``."""
OVERFLOW_NAME = "other"

log = logging.getLogger("trackstore")


class Notices:
    """What a tracker has to say about its callers' input. Safe in threads and across forks.

    The first notice of a kind is logged as a warning, later ones are only counted.
    """

    def __init__(self) -> None:
        # Re-entrant: a signal handler may track while the code that it interrupts counts.
        self._lock = RLock()
        self._adjusted: Counter[str] = Counter()
        self._skipped: Counter[str] = Counter()
        self._warned: set[str] = set()
        forks.register(self)

    @property
    def adjusted(self) -> Mapping[str, int]:
        """Return how many facts were changed or left out, by their names."""
        with self._lock:
            return dict(self._adjusted)

    @property
    def skipped(self) -> Mapping[str, int]:
        """Return how many calls were not recorded, by reason."""
        with self._lock:
            return dict(self._skipped)

    def adjust(self, fact: str, problem: str) -> None:
        """Count a fact that could not be recorded as it was passed; ``problem`` says how to fix it."""
        if self._count(self._adjusted, fact):
            log.warning(
                "%s: %s The rest of the record is kept. Later cases are only counted, "
                "see stats().adjusted.",
                fact,
                problem,
            )

    def skip(self, reason: str, problem: str | None = None) -> None:
        """Count a call that is not recorded; warn once where ``problem`` says how to fix it."""
        self._count(self._skipped, reason)
        if problem is not None and self._is_new(problem):
            log.warning("%s Later cases are only counted, see stats().skipped.", problem)

    def _count(self, counter: Counter[str], name: str) -> bool:
        """Count, and return whether it is the first of its name."""
        with self._lock:
            if name not in counter and len(counter) >= MAX_KINDS:
                name = OVERFLOW_NAME
            counter[name] += 1
            return counter[name] == 1

    def _is_new(self, problem: str) -> bool:
        with self._lock:
            if problem in self._warned or len(self._warned) >= MAX_KINDS:
                return False
            self._warned.add(problem)
            return True

    def before_fork(self) -> None:
        """Hold the lock, so that no count is half done while the process is copied."""
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Continue."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Count from zero: the parent's counts stay with the parent."""
        self._lock = RLock()
        self._adjusted, self._skipped = Counter(), Counter()
