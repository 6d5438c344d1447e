"""Judge whether the resources of a server are level over the second half of a soak."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

MIB = 2**20
LEVEL_SHARE = 0.05
"""Growth of the median from the third to the fourth quarter that counts as none."""
LEVEL_MIB = 8.0
LEVEL_DESCRIPTORS = 8
WAL_SHARE = 0.5
"""Allowed growth of the largest write-ahead log in the last quarter."""
WAL_MIB = 64.0
"""The log moves by whole checkpoints, so less is not growth."""


@dataclass(frozen=True, slots=True)
class Sample:
    seconds: float
    resident_mib: float
    descriptors: int
    wal_mib: float
    stored_mib: float


@dataclass(frozen=True, slots=True)
class Verdict:
    name: str
    third_quarter: float
    last_quarter: float
    highest: float
    is_level: bool


def verdicts(samples: Sequence[Sample]) -> list[Verdict]:
    quarter = max(1, len(samples) // 4)
    third_samples, last_samples = samples[-2 * quarter : -quarter], samples[-quarter:]

    def compare(name: str, attribute: str, share: float, minimum: float) -> Verdict:
        earlier_values = [float(getattr(sample, attribute)) for sample in third_samples]
        later_values = [float(getattr(sample, attribute)) for sample in last_samples]
        fold = max if attribute == "wal_mib" else statistics.median
        earlier, later = fold(earlier_values), fold(later_values)
        highest = max(float(getattr(sample, attribute)) for sample in samples)
        is_level = later - earlier <= max(minimum, share * earlier)
        return Verdict(name, earlier, later, highest, is_level)

    return [
        compare("resident memory, MiB", "resident_mib", LEVEL_SHARE, LEVEL_MIB),
        compare("descriptors", "descriptors", LEVEL_SHARE, LEVEL_DESCRIPTORS),
        compare("write-ahead log, MiB", "wal_mib", WAL_SHARE, WAL_MIB),
    ]
