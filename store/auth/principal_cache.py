"""Callers recognised a moment ago by what they sent, so that not every call asks the database."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from store.auth.access import Principal
from store.ids import Clock

MAX_CACHED_PRINCIPALS = 10_000
"""Callers remembered at most; one takes 300 bytes."""


@dataclass(frozen=True, slots=True)
class _CachedPrincipal:
    principal: Principal
    until: datetime


class PrincipalCache:
    """Principals by the digest of what proved them, for so many seconds.

    ``forget`` drops all of them; whoever reads the database takes ``generation`` before and hands
    it to ``keep``, so that what was read before a ``forget`` is not remembered after it.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._remember = timedelta(seconds=seconds)
        self._known: dict[bytes, _CachedPrincipal] = {}
        self.generation = 0

    def find(self, token: str) -> Principal | None:
        """Return the cached principal of a token; None if it is unknown or has expired."""
        known = self._known.get(fingerprint(token))
        if known is None:
            return None
        now, expires_at = self._clock(), known.principal.expires_at
        expired = expires_at is not None and expires_at <= now
        return None if expired or now >= known.until else known.principal

    def keep(self, token: str, principal: Principal, generation: int) -> bool:
        """Remember a caller that the database knew at ``generation``.

        Returns False where something was forgotten since: the caller must be looked up again.
        """
        if generation != self.generation:
            return False
        if len(self._known) >= MAX_CACHED_PRINCIPALS:
            self._known.clear()
        until = self._clock() + self._remember
        self._known[fingerprint(token)] = _CachedPrincipal(principal, until)
        return True

    def forget(self) -> None:
        self.generation += 1
        self._known.clear()


def fingerprint(token: str) -> bytes:
    return hashlib.sha256(token.encode(errors="replace")).digest()
