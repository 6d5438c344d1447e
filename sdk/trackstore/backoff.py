"""Backoff with full jitter for retries."""

import random


class Backoff:
    """Full jitter: up to ``first`` seconds after a failure, doubled after each further one.

    Random delays keep clients that failed together from coming back together.
    """

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self.failures = 0

    def succeed(self) -> None:
        self.failures = 0

    def fail(self, retry_after: float = 0.0) -> float:
        """Return the seconds to wait, at least ``retry_after`` as requested by the server."""
        self.failures += 1
        most = min(self._longest, self._first * 2.0 ** min(self.failures - 1, 30))
        wait = random.uniform(0, most)  # noqa: S311 callers are spread, nothing is hidden
        return max(wait, min(retry_after, self._longest))
