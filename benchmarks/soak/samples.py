"""What a server holds over time, and whether the second half of that time is level."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

MIB = 2**20
LEVEL_SHARE = 0.05
"""Growth from the third to the fourth quarter, by their medians, that counts as none."""
LEVEL_MIB = 8.0
LEVEL_DESCRIPTORS = 8
WAL_SHARE = 0.5
"""How much larger the write-ahead log may be at its highest in the last quarter than before."""
WAL_MIB = 64.0
"""It moves by whole checkpoints: less than this is no growth."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One look at a server."""

    seconds: float
    resident_mib: float
    descriptors: int
    wal_mib: float
    stored_mib: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The second half of a soak: its third quarter against its last."""

    name: str
    third: float
    last: float
    highest: float
    is_level: bool


def verdicts(samples: Sequence[Sample]) -> list[Verdict]:
    """Return what is level over the second half and what is not."""
    quarter = max(1, len(samples) // 4)
    third, last = samples[-2 * quarter : -quarter], samples[-quarter:]

    def compare(name: str, attribute: str, share: float, least: float) -> Verdict:
        before = [float(getattr(sample, attribute)) for sample in third]
        after = [float(getattr(sample, attribute)) for sample in last]
        fold = max if attribute == "wal_mib" else statistics.median
        one, other = fold(before), fold(after)
        highest = max(float(getattr(sample, attribute)) for sample in samples)
        is_level = other - one <= max(least, share * one)
        return Verdict(name, one, other, highest, is_level)

    return [
        compare("resident memory, MiB", "resident_mib", LEVEL_SHARE, LEVEL_MIB),
        compare("descriptors", "descriptors", LEVEL_SHARE, LEVEL_DESCRIPTORS),
        compare("write-ahead log, MiB", "wal_mib", WAL_SHARE, WAL_MIB),
    ]
