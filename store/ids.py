"""Record ids: UUIDv7 (RFC 9562, section 5.7), whose first 48 bits are milliseconds since the epoch."""

import hashlib
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock
from uuid import UUID

from models.types import EPOCH

Clock = Callable[[], datetime]
"""Returns the present instant, aware and in UTC; passed in so that tests can set it."""

MILLISECOND = timedelta(milliseconds=1)
LAST_MILLISECOND = (datetime.max.replace(tzinfo=UTC) - EPOCH) // MILLISECOND
"""Of the year 9999; 48 bits reach into the year 10889, which no ``datetime`` can hold."""
VERSION_AND_VARIANT = (0x7 << 76) | (0x2 << 62)
RANDOM_A, RANDOM_B = 12, 62
"""Random bits after the version and after the variant."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class IdMaker:
    """Makes UUIDv7 that never go back within this process, from any thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._last = 0

    def __call__(self) -> UUID:
        milliseconds = time.time_ns() // 1_000_000
        with self._lock:
            if milliseconds > self._last >> (RANDOM_A + RANDOM_B):
                random = secrets.randbits(RANDOM_A + RANDOM_B)
                self._last = milliseconds << (RANDOM_A + RANDOM_B) | random
            else:  # within one millisecond, or after the clock went back: count on
                self._last += 1
            value = self._last
        time_part = value >> (RANDOM_A + RANDOM_B)
        a = (value >> RANDOM_B) & ((1 << RANDOM_A) - 1)
        b = value & ((1 << RANDOM_B) - 1)
        return UUID(int=(time_part << 80) | (a << 64) | b | VERSION_AND_VARIANT)


new_id = IdMaker()


def is_v7(value: UUID) -> bool:
    return value.version == 7


def instant_of(value: UUID) -> datetime:
    """Return the instant in a UUIDv7, exact to the millisecond, capped at the last datetime."""
    return EPOCH + min(value.int >> 80, LAST_MILLISECOND) * MILLISECOND


def first_id_at(instant: datetime) -> UUID:
    """Return the smallest 128-bit id of that millisecond: a range bound, not a valid UUIDv7."""
    return UUID(int=((instant - EPOCH) // MILLISECOND) << 80)


def digest_id(*parts: str | None) -> UUID:
    """Return a 128-bit digest of ``parts`` (BLAKE2b); equal parts give the equal id, None is not ''."""
    hasher = hashlib.blake2b(digest_size=16)
    for part in parts:
        encoded = b"" if part is None else part.encode()
        hasher.update(b"-" if part is None else b"%d:" % len(encoded))
        hasher.update(encoded)
    return UUID(bytes=hasher.digest())
