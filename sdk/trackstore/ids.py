"""UUIDv7 (RFC 9562): ids with a timestamp, made at the call, so that a resend is harmless."""

import os
import secrets
import time
from threading import RLock
from uuid import UUID

RANDOM_A, RANDOM_B = 12, 62
"""Random bits after the version and after the variant."""
RANDOM_BITS = RANDOM_A + RANDOM_B
VERSION_AND_VARIANT = (0x7 << 76) | (0x2 << 62)
MASK_A, MASK_B = (1 << RANDOM_A) - 1, (1 << RANDOM_B) - 1


class IdMaker:
    """Makes increasing UUIDv7 within a process, from any thread.

    Within a millisecond, or after the clock went back, the last id is incremented. A forked child
    starts with fresh random bits, so it never repeats an id of its parent.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        # Re-entrant: a signal handler may track while the code that it interrupts makes an id.
        self._lock = RLock()
        self._last = 0

    def __call__(self) -> UUID:
        milliseconds = time.time_ns() // 1_000_000
        with self._lock:
            if milliseconds > self._last >> RANDOM_BITS:
                self._last = milliseconds << RANDOM_BITS | secrets.randbits(RANDOM_BITS)
            else:
                self._last += 1
            value = self._last
        return UUID(
            int=(value >> RANDOM_BITS) << 80
            | ((value >> RANDOM_B) & MASK_A) << 64
            | (value & MASK_B)
            | VERSION_AND_VARIANT
        )


new_id = IdMaker()
"""Id maker of this process."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=new_id.reset)
