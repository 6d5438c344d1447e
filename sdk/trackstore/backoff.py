"""How long to wait before the next try: random, longer each time, never less than was asked."""

import random


class Backoff:
    """Full jitter: up to ``first`` seconds after a failure, twice that after the next, and so on.

    So clients that failed together do not come back together.
    """

    def __init__(self, first: float, longest: float) -> None:
        self._first = first
        self._longest = longest
        self.failures = 0

    def succeed(self) -> None:
        """Start anew with the next failure."""
        self.failures = 0

    def fail(self, retry_after: float = 0.0) -> float:
        """Seconds to wait after one more failure; ``asked`` is the server's Retry-After."""
        self.failures += 1
        most = min(self._longest, self._first * 2.0 ** min(self.failures - 1, 30))
        wait = random.uniform(0, most)  # noqa: S311 callers are spread, nothing is hidden
        return max(wait, min(retry_after, self._longest))
