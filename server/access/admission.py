"""Limit concurrent operations per caller, and the rate of wrong keys per address."""

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
MAX_TRACKED_ADDRESSES = 10_000
"""200 bytes each; the least recently used one is dropped first."""
MIN_CONNECTIONS = 10
OTHER_FILES = 200
"""Files a process needs for other things than connections of callers: database, log, libraries."""
T = TypeVar("T")
IPV6_NETWORK_BITS = 64
"""Prefix of the network that one IPv6 subscriber owns."""


@dataclass(frozen=True, slots=True)
class ConnectionBounds:
    max_connections: Annotated[
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
        """Return bounds with at most as many connections as the process may open files."""
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        room = self.max_connections if files == resource.RLIM_INFINITY else files - OTHER_FILES
        return replace(self, max_connections=max(MIN_CONNECTIONS, min(self.max_connections, room)))


@dataclass(frozen=True, slots=True)
class ExecutionBounds:
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
    pass


class Admission:
    """Count the running operations of each key and organization in this process."""

    def __init__(self, max_per_key: int, max_per_organization: int | None = None) -> None:
        self.max_per_key = max_per_key
        self._max_per_organization = (
            max_per_organization if max_per_organization is not None else max_per_key
        )
        self._running: Counter[UUID | None] = Counter()
        self._by_organization: Counter[str] = Counter()
        self.refused = 0

    def enter(self, principal: Principal) -> None:
        """Begin an operation, to be followed by ``leave``; raise ``TooManyRequestsError``."""
        running, owner, maximum = self._running[principal.key_id], "this key", self.max_per_key
        organization = principal.bounds.organization_id
        if running < maximum and organization is not None:
            running, owner = self._by_organization[organization], "this organization"
            maximum = self._max_per_organization
        if running >= maximum:
            self.refused += 1
            raise TooManyRequestsError(
                f"{running} operations of {owner} are running. Wait for one to finish."
            )
        self._running[principal.key_id] += 1
        if organization is not None:
            self._by_organization[organization] += 1

    def leave(self, principal: Principal) -> None:
        organization = principal.bounds.organization_id
        if organization is not None:
            count_down(self._by_organization, organization)
        count_down(self._running, principal.key_id)

    waiting = 0
    """Always 0: an operation beyond the bound is refused at once."""

    @property
    def running(self) -> int:
        return self._running.total()


def count_down(counts: Counter[T], key: T) -> None:
    counts[key] -= 1
    if not counts[key]:
        del counts[key]


class WrongKeys:
    """Rate limit wrong API keys by address.

    Each address has a leaky bucket that drains in a minute. Valid keys are never refused, since
    others may share the address behind a proxy.
    """

    def __init__(self, max_per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_per_minute = max_per_minute
        self._rate = max_per_minute / MINUTE_SECONDS
        self._clock = clock
        self._buckets: LRUCache[str, tuple[float, float]] = LRUCache(MAX_TRACKED_ADDRESSES)

    def count(self, address: str) -> None:
        now, network = self._clock(), network_of(address)
        level = self._level(network, now)
        if level + 1 > self._max_per_minute:
            seconds = math.ceil((level + 1 - self._max_per_minute) / self._rate)
            raise TooManyWrongKeysError(
                "Too many wrong API keys from this address. Wait before trying again", seconds
            )
        self._buckets[network] = level + 1, now

    def _level(self, network: str, now: float) -> float:
        level, last_counted = self._buckets.get(network, (0.0, now))
        return max(0.0, level - (now - last_counted) * self._rate)


def network_of(address: str) -> str:
    """Return an IPv4 address, or the /64 network of an IPv6 address."""
    if ":" not in address:
        return address
    try:
        return str(
            ipaddress.ip_network(
                (address.split("%", maxsplit=1)[0], IPV6_NETWORK_BITS), strict=False
            )
        )
    except ValueError:
        return address
