"""Counts changed fields and skipped calls, and warns once about each kind."""

import logging
from collections import Counter
from collections.abc import Mapping
from threading import RLock

from trackstore.delivery import forks

MAX_KINDS = 500
"""Kinds counted separately; further ones are counted as ``other``."""
OVERFLOW_NAME = "other"

log = logging.getLogger("trackstore")


class Notices:
    """Warnings about the input of callers. Thread-safe and fork-safe.

    The first notice of a kind is logged, later ones are counted only.
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
        with self._lock:
            return dict(self._adjusted)

    @property
    def skipped(self) -> Mapping[str, int]:
        with self._lock:
            return dict(self._skipped)

    def adjust(self, fact: str, problem: str) -> None:
        if self._count(self._adjusted, fact):
            log.warning(
                "%s: %s The rest of the record is kept. Later cases are only counted, "
                "see stats().adjusted.",
                fact,
                problem,
            )

    def skip(self, reason: str, problem: str | None = None) -> None:
        self._count(self._skipped, reason)
        if problem is not None and self._is_new(problem):
            log.warning("%s Later cases are only counted, see stats().skipped.", problem)

    def _count(self, counter: Counter[str], name: str) -> bool:
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
        self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        self._lock.release()

    def after_fork_in_child(self) -> None:
        self._lock = RLock()
        self._adjusted, self._skipped = Counter(), Counter()
