"""How much one caller may have under way at once, and how often an address may try wrong keys."""

import ipaddress
import math
import resource
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, TypeVar
from uuid import UUID

from cachetools import LRUCache
from pydantic import Field

from store.auth.access import Principal
from store.errors import TooManyRequestsError
from store.setting_types import HOUR_SECONDS

MINUTE_SECONDS = 60
KEPT_ADDRESSES = 10_000
"""Addresses remembered at most, 200 bytes each; the one that tried nothing for longest goes first."""
MIN_CONNECTIONS = 10
OTHER_FILES = 200
"""Files a process needs for other things than connections of callers: database, log, libraries."""
T = TypeVar("T")
NETWORK_BITS = 64
"""One subscriber of IPv6 has that many bits to himself."""


@dataclass(frozen=True, slots=True)
class ConnectionBounds:
    """Bound how many connections a process holds, and how long they may take."""

    most: Annotated[
        int,
        Field(
            validation_alias="max_connections",
            ge=MIN_CONNECTIONS,
            le=1_000_000,
            description="Connections each process holds; for one more, the one that has been idle for "
            "longest is closed.",
        ),
    ] = 10_000
    header_seconds: Annotated[
        float,
        Field(
            gt=0,
            le=HOUR_SECONDS,
            description="How long a connection may take to send the head of a request.",
        ),
    ] = 15.0
    body_seconds: Annotated[
        float,
        Field(
            gt=0,
            le=HOUR_SECONDS,
            description="How long a body may take, and a second more for each 16 KiB that have come; "
            "408 answers a slower one.",
        ),
    ] = 30.0

    def within_file_limit(self) -> "ConnectionBounds":
        """Return these bounds with no more connections than the system lets a process have."""
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        room = self.most if files == resource.RLIM_INFINITY else files - OTHER_FILES
        return replace(self, most=max(MIN_CONNECTIONS, min(self.most, room)))


@dataclass(frozen=True, slots=True)
class ExecutionBounds:
    """Bound how long an operation runs, and how many run at once."""

    operation_seconds: Annotated[
        float,
        Field(gt=0, le=HOUR_SECONDS, description="How long one operation may take."),
    ] = 60.0
    operations: Annotated[
        int,
        Field(
            validation_alias="max_operations",
            ge=1,
            le=100_000,
            description="Operations under way at once for one API key, or for all callers without "
            "one, in each process; 429 answers further ones.",
        ),
    ] = 1_000
    operations_per_organization: Annotated[
        int,
        Field(
            validation_alias="max_operations_per_organization",
            ge=1,
            le=100_000,
            description="The same for all API keys of one organization.",
        ),
    ] = 2_000


class TooManyWrongKeysError(TooManyRequestsError):
    """The key is wrong, like many others that came from the same address."""


class Admission:
    """Counts the operations that each key, and each organization, has under way in this process."""

    def __init__(self, most: int, of_organization: int | None = None) -> None:
        """At most ``most`` of a key, and ``of_organization`` of all keys that are bound to one."""
        self.most = most
        self._of_organization = of_organization if of_organization is not None else most
        self._running: Counter[UUID | None] = Counter()
        self._by_organization: Counter[str] = Counter()
        self.refused = 0

    def enter(self, principal: Principal) -> None:
        """Begin an operation, to be followed by ``leave``; raises ``TooManyRequestsError``."""
        running, whose, most = self._running[principal.key_id], "this key", self.most
        organization = principal.bounds.organization_id
        if running < most and organization is not None:
            running, whose = self._by_organization[organization], "this organization"
            most = self._of_organization
        if running >= most:
            self.refused += 1
            raise TooManyRequestsError(
                f"{running} operations are under way for {whose}: wait for one of them"
            )
        self._running[principal.key_id] += 1
        if organization is not None:
            self._by_organization[organization] += 1

    def leave(self, principal: Principal) -> None:
        """An operation is done."""
        organization = principal.bounds.organization_id
        if organization is not None:
            count_down(self._by_organization, organization)
        count_down(self._running, principal.key_id)

    waiting = 0
    """Nobody waits: an operation beyond the bound is refused."""

    @property
    def running(self) -> int:
        """Operations under way, of all callers."""
        return self._running.total()


def count_down(counts: Counter[T], key: T) -> None:
    """Count one less; what is at zero is forgotten."""
    counts[key] -= 1
    if not counts[key]:
        del counts[key]


class WrongKeys:
    """Slows down who guesses keys: so many wrong ones a minute from one address are told so.

    Each address has a bucket that runs empty in a minute. Only keys that are wrong are counted and
    refused: others may share the address, behind a proxy for example.
    """

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._rate = most / MINUTE_SECONDS
        self._clock = clock
        self._buckets: LRUCache[str, tuple[float, float]] = LRUCache(KEPT_ADDRESSES)

    def count(self, address: str) -> None:
        """Count a wrong key; raises ``TooManyWrongKeysError`` where there were too many."""
        now, place = self._clock(), network_of(address)
        level = self._level(place, now)
        if level + 1 > self._most:
            seconds = math.ceil((level + 1 - self._most) / self._rate)
            raise TooManyWrongKeysError(
                "too many wrong API keys came from this address: wait", seconds
            )
        self._buckets[place] = level + 1, now

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
