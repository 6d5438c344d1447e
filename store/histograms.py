"""Mergeable histograms: values fall into lanes whose bounds grow by a constant factor.

The lanes are those of DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile
sketch with relative-error guarantees", VLDB 2019): with gamma = (1 + a) / (1 - a), the value
2 * gamma**i / (gamma + 1) is within a of every value in (gamma**(i - 1), gamma**i]. What is below
``LEAST`` counts as zero.

A whole histogram is one large number with a count per lane, each in digits of its own, so that the
sum of such numbers is their union. PostgreSQL holds it as numeric (``LANE_DIGITS`` decimal digits
a lane). Everywhere else it is bytes: one that says how wide a lane is, two of the first lane, then
the lanes, each as wide as the greatest count needs.
"""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import accumulate
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
"""Bytes of a lane in the number that is added up."""
WIDTHS = (1, 2, LANE_BYTES)
"""Bytes of a lane that is stored: most hold a few values, and what is read a thousand times is small."""
NARROW_BYTES = 2
MOST_NARROW = 257
"""So many counts of one byte add up to two bytes at most."""
HEADER = 3
SINGLY = b"\xff"
"""Stands in the place of a width, before lanes of single values that are not yet counted."""


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
    """Counts per lane, from one number, in as few bytes as they need; None where there are none."""
    if not total:
        return None
    first = ((total & -total).bit_length() - 1) // (8 * LANE_BYTES)
    total >>= 8 * LANE_BYTES * first
    size = -(-total.bit_length() // (8 * LANE_BYTES))
    wide = total.to_bytes(size * LANE_BYTES, "little")
    width = next(w for w in WIDTHS if all(_is_zero(wide[i::LANE_BYTES]) for i in _rest(w)))
    lanes = resized(wide, LANE_BYTES, width)
    return width.to_bytes(1, "little") + first.to_bytes(2, "little") + lanes


def _rest(width: int) -> range:
    return range(width, LANE_BYTES)


def _is_zero(part: bytes) -> bool:
    return part.count(0) == len(part)


def unpack(packed: bytes) -> int:
    """The number that ``pack`` made bytes of."""
    return spread(packed[HEADER:], packed[0], LANE_BYTES) << 8 * LANE_BYTES * first_of(packed)


def first_of(packed: bytes) -> int:
    """The first lane that has values."""
    return packed[1] | packed[2] << 8


def resized(lanes: bytes, width: int, wanted: int) -> bytearray:
    """Lanes of some bytes each with another number of bytes each, which holds every count, too."""
    found = bytearray(len(lanes) // width * wanted)
    for i in range(min(width, wanted)):
        found[i::wanted] = lanes[i::width]
    return found


def spread(lanes: bytes, width: int, wider: int) -> int:
    """Lanes of some bytes each as a number in which each has more."""
    return int.from_bytes(resized(lanes, width, wider), "little")


def count_lanes(lanes: Iterable[int]) -> int:
    """A histogram, as one number, of single values by their lanes."""
    total = 0
    for lane, count in Counter(lanes).items():
        total += count << (8 * LANE_BYTES * lane)
    return total


def counts(packed: bytes) -> tuple[int, list[int]]:
    """The first lane that has values, and how many are in it and in each that follows."""
    width, lanes = packed[0], packed[HEADER:]
    found = list(lanes[::width])
    for i in range(1, width):
        found = [
            count + (more << 8 * i) for count, more in zip(found, lanes[i::width], strict=True)
        ]
    return first_of(packed), found


@lru_cache(maxsize=16)
def ranks(packed: bytes) -> tuple[int, list[int]]:
    """The first lane, and how many values lie up to each: remembered for the next quantile of it."""
    first, found = counts(packed)
    return first, list(accumulate(found))


def quantile(packed: bytes | None, present: int | None, q: float) -> float | None:
    """The quantile of ``present`` values, linear between neighbours; None where there are none.

    Values without a lane are zero, and come first.
    """
    if not present:
        return None
    place = q * (present - 1)
    below = floor(place)
    share = place - below
    first, found = (0, [0]) if packed is None else ranks(packed)
    zeros = present - found[-1]
    low = _at(first, found, below - zeros)
    if not share:
        return low
    return low + (_at(first, found, below + 1 - zeros) - low) * share


def _at(first: int, found: list[int], rank: int) -> float:
    """The value of that rank among those with a lane, from 0."""
    if rank < 0:
        return 0.0
    # The last lane holds what rounding put past the end.
    return value_of(first + min(bisect_right(found, rank), len(found) - 1))


# --- what SQLite calls -----------------------------------------------------------------------------


def one_lane(value: float | None) -> bytes | None:
    """The histogram of one value."""
    if value is None or value < LEAST:
        return None
    return pack(1 << 8 * LANE_BYTES * lane_of(value))


def whole(packed: bytes | None, lanes: bytes | None) -> bytes | None:
    """What ``Union`` takes of a row: what was merged, or the lanes of single values as they are."""
    if lanes is None:
        return packed
    if packed is None:
        return SINGLY + lanes
    return pack(count_lanes(array("H", lanes)) + unpack(packed))


class Union:
    """Adds histograms up, as an aggregate.

    Most are narrow: those are added up in lanes that are as wide as the sum of ``MOST_NARROW`` of
    them needs, a third of the bytes. Lanes of single values are counted together at the end.
    """

    def __init__(self) -> None:
        self._total = 0
        self._narrow = 0
        self._added = 0
        self._lanes = array("H")

    def step(self, packed: bytes | None) -> None:
        """One more."""
        if packed is None:
            return
        width = packed[0]
        if width == 1:
            lanes = spread(packed[HEADER:], 1, NARROW_BYTES)
            self._narrow += lanes << 8 * NARROW_BYTES * first_of(packed)
            self._added += 1
            if self._added == MOST_NARROW:
                self._widen()
        elif packed.startswith(SINGLY):
            self._lanes.frombytes(packed[len(SINGLY) :])
        else:
            self._total += unpack(packed)

    def finalize(self) -> bytes | None:
        """All of them."""
        self._widen()
        return pack(self._total + count_lanes(self._lanes))

    def _widen(self) -> None:
        size = -(-self._narrow.bit_length() // (8 * NARROW_BYTES)) * NARROW_BYTES
        self._total += spread(self._narrow.to_bytes(size, "little"), NARROW_BYTES, LANE_BYTES)
        self._narrow = self._added = 0


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
