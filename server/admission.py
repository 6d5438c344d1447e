"""How much one caller may have under way at once, and how often an address may try wrong keys."""

import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from store.access import Principal
from store.errors import TooMany

MINUTE_SECONDS = 60
KEPT_ADDRESSES = 10_000
"""Addresses remembered at most, 200 bytes each; the one that tried nothing for longest goes first."""
NETWORK_BITS = 64
"""One subscriber of IPv6 has that many bits to himself."""


@dataclass(frozen=True, slots=True)
class ConnectionBounds:
    """How many connections a process holds, and how long they may take; each is a setting."""

    most: int = 10_000
    header_seconds: float = 15.0
    body_seconds: float = 30.0


class TooManyWrongKeys(TooMany):
    """The key is wrong, like many others that came from the same address."""


class Admission:
    """Counts the operations that each principal has under way in this process."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._running: dict[UUID | None, int] = {}

    def enter(self, principal: Principal) -> None:
        """Begin an operation, to be followed by ``leave``; raises ``TooMany``."""
        running = self._running.get(principal.key_id, 0)
        if running >= self._most:
            raise TooMany(f"{running} operations are under way for this key: wait for one of them")
        self._running[principal.key_id] = running + 1

    def leave(self, principal: Principal) -> None:
        """An operation is done."""
        running = self._running[principal.key_id] - 1
        if running:
            self._running[principal.key_id] = running
        else:
            del self._running[principal.key_id]

    @property
    def running(self) -> int:
        """Operations under way, of all callers."""
        return sum(self._running.values())


class WrongKeys:
    """Slows down who guesses keys: so many wrong ones a minute from one address are told so.

    Each address has a bucket that runs empty in a minute. Only keys that are wrong are counted and
    refused: others may share the address, behind a proxy for example.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._rate = most / MINUTE_SECONDS
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def count(self, address: str) -> None:
        """Count a wrong key; raises ``TooManyWrongKeys`` where there were too many."""
        now, place = self._clock(), network_of(address)
        level = self._level(place, now)
        if level + 1 > self._most:
            seconds = math.ceil((level + 1 - self._most) / self._rate)
            raise TooManyWrongKeys("too many wrong API keys came from this address: wait", seconds)
        self._buckets[place] = level + 1, now
        self._buckets.move_to_end(place)
        if len(self._buckets) > KEPT_ADDRESSES:
            self._buckets.popitem(last=False)

    def _level(self, place: str, now: float) -> float:
        level, then = self._buckets.get(place, (0.0, now))
        return max(0.0, level - (now - then) * self._rate)


def network_of(address: str) -> str:
    """The address, of IPv6 the network that one subscriber has."""
    if ":" not in address:
        return address
    try:
        return str(
            ipaddress.ip_network((address.split("%", maxsplit=1)[0], NETWORK_BITS), strict=False)
        )
    except ValueError:
        return address
