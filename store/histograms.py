"""Mergeable histograms: values fall into lanes whose bounds grow by a constant factor.

The lanes are those of DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile
sketch with relative-error guarantees", VLDB 2019): with gamma = (1 + a) / (1 - a), the value
2 * gamma**i / (gamma + 1) is within a of every value in (gamma**(i - 1), gamma**i]. What is below
``LEAST`` counts as zero.

A whole histogram is one large number with a count per lane, each in digits of its own, so that the
sum of such numbers is their union. PostgreSQL holds it as numeric (``LANE_DIGITS`` decimal digits
a lane); everywhere else it is bytes: two of the first lane, then ``LANE_BYTES`` a lane.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from math import ceil, floor, log

ERROR = 0.01
"""The relative error of a quantile."""
GAMMA = (1 + ERROR) / (1 - ERROR)
LEAST = 0.001
"""The least value that has a lane: a microsecond where values are milliseconds."""
PER_LANE = 1 / log(GAMMA)
FIRST = ceil(log(LEAST) * PER_LANE)
"""The exponent of lane 0."""
SCALE = 2 / (GAMMA + 1)
LANE_DIGITS = 12
"""Decimal digits of a lane: a million million values."""
LANE_BYTES = 6
HEADER = 2
LANE_MASK = (1 << 8 * LANE_BYTES) - 1


def lane_of(value: float) -> int:
    """The lane of a value that is not below ``LEAST``."""
    return max(ceil(log(value) * PER_LANE) - FIRST, 0)


def lanes_of(values: Sequence[float | None]) -> list[int | None]:
    """The lane of each value; None for those that have none."""
    return [
        None if value is None or value < LEAST else max(ceil(log(value) * PER_LANE) - FIRST, 0)
        for value in values
    ]


def value_of(lane: int) -> float:
    """The value that is within ``ERROR`` of every value of a lane."""
    return SCALE * GAMMA ** (lane + FIRST)


def pack(total: int) -> bytes | None:
    """Counts per lane, as one number, in as few bytes as they need; None where there are none."""
    if not total:
        return None
    first = ((total & -total).bit_length() - 1) // (8 * LANE_BYTES)
    total >>= 8 * LANE_BYTES * first
    size = -(-total.bit_length() // 8)
    return first.to_bytes(HEADER, "little") + total.to_bytes(size, "little")


def unpack(packed: bytes) -> int:
    """The number that ``pack`` made bytes of."""
    first = int.from_bytes(packed[:HEADER], "little")
    return int.from_bytes(packed[HEADER:], "little") << (8 * LANE_BYTES * first)


def count_lanes(lanes: Iterable[int]) -> int:
    """A histogram, as one number, of single values by their lanes."""
    total = 0
    for lane in lanes:
        total += 1 << (8 * LANE_BYTES * lane)
    return total


def counts(packed: bytes | None) -> Iterator[tuple[int, int]]:
    """Lanes and how many values are in them, the least first; those without values are left out."""
    if packed is None:
        return
    first = int.from_bytes(packed[:HEADER], "little")
    for number, start in enumerate(range(HEADER, len(packed), LANE_BYTES)):
        if count := int.from_bytes(packed[start : start + LANE_BYTES], "little"):
            yield first + number, count


def quantile(packed: bytes | None, present: int | None, q: float) -> float | None:
    """The quantile of ``present`` values, linear between neighbours; None where there are none.

    Values without a lane are zero, and come first.
    """
    if not present:
        return None
    place = q * (present - 1)
    below = floor(place)
    share = place - below
    found = list(counts(packed))
    zeros = present - sum(count for _, count in found)
    low = _at(found, zeros, below)
    if not share:
        return low
    return low + (_at(found, zeros, below + 1) - low) * share


def _at(found: list[tuple[int, int]], zeros: int, rank: int) -> float:
    """The value of that rank, from 0."""
    passed = zeros
    if rank < passed:
        return 0.0
    lane = 0
    for lane, count in found:  # noqa: B007  # the last lane holds what rounding put past the end
        passed += count
        if rank < passed:
            break
    return value_of(lane)


# --- what SQLite calls -----------------------------------------------------------------------------


def one_lane(value: float | None) -> bytes | None:
    """The histogram of one value."""
    if value is None or value < LEAST:
        return None
    return lane_of(value).to_bytes(HEADER, "little") + b"\1"


def whole(packed: bytes | None, lanes: bytes | None) -> bytes | None:
    """The histogram of a row: what was merged, and the lanes of single values."""
    if lanes is None:
        return packed
    total = count_lanes(array("H", lanes))
    return pack(total + unpack(packed) if packed else total)


class Union:
    """Adds histograms up, as an aggregate."""

    def __init__(self) -> None:
        self._total = 0

    def step(self, packed: bytes | None) -> None:
        """One more."""
        if packed is not None:
            self._total += unpack(packed)

    def finalize(self) -> bytes | None:
        """All of them."""
        return pack(self._total)


class Lanes:
    """The lanes of single values, as an aggregate."""

    def __init__(self) -> None:
        self._lanes = array("H")

    def step(self, value: float | None) -> None:
        """One more value."""
        if value is not None and value >= LEAST:
            self._lanes.append(lane_of(value))

    def finalize(self) -> bytes | None:
        """All lanes."""
        return self._lanes.tobytes() or None


class Join:
    """Lanes of several rows as those of one, as an aggregate."""

    def __init__(self) -> None:
        self._found: list[bytes] = []

    def step(self, lanes: bytes | None) -> None:
        """The lanes of one more row."""
        if lanes:
            self._found.append(lanes)

    def finalize(self) -> bytes | None:
        """All lanes."""
        return b"".join(self._found) or None


def lanes_as_bytes(lanes: Sequence[int]) -> bytes:
    """Lanes of single values as they are stored where there are no arrays."""
    return array("H", lanes).tobytes()
