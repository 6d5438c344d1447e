"""Mergeable histograms: values fall into lanes whose bounds grow by a constant factor.

The lanes are those of DDSketch (Masson, Rim, Lee: "DDSketch: a fast and fully-mergeable quantile
sketch with relative-error guarantees", VLDB 2019): with gamma = (1 + a) / (1 - a), the value
2 * gamma**i / (gamma + 1) is within a of every value in (gamma**(i - 1), gamma**i]. What is below
``MIN_VALUE`` counts as zero.

A whole histogram is one large number with a count per lane, each in digits of its own, so that the
sum of such numbers is their union. PostgreSQL holds it as numeric (``BIN_COUNT_DIGITS`` decimal digits
a lane). Everywhere else it is bytes: one that says how wide a lane is, two of the first lane, then
the lanes, each as wide as the greatest count needs.
"""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from itertools import accumulate
from math import ceil, floor, log

RELATIVE_ERROR = 0.01
"""The relative error of a quantile."""
GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
MIN_VALUE = 0.001
"""The least value that has a lane: a microsecond where values are milliseconds."""
BINS_PER_LOG_UNIT = 1 / log(GAMMA)
FIRST_BIN_EXPONENT = ceil(log(MIN_VALUE) * BINS_PER_LOG_UNIT)
"""The exponent of lane 0."""
BIN_VALUE_SCALE = 2 / (GAMMA + 1)
BIN_COUNT_DIGITS = 12
"""Decimal digits of a lane: a million million values."""
BIN_COUNT_BYTES = 6
"""Bytes of a lane in the number that is added up."""
COUNT_WIDTHS_BYTES = (1, 2, BIN_COUNT_BYTES)
"""Bytes of a lane that is stored: most hold a few values, and what is read a thousand times is small."""
NARROW_SUM_BYTES = 2
MAX_NARROW_SKETCHES = 257
"""So many counts of one byte add up to two bytes at most."""
HEADER_BYTES = 3
SINGLE_VALUES_MARKER = b"\xff"
"""Stands in the place of a width, before lanes of single values that are not yet counted."""


def bin_index(value: float) -> int:
    return max(ceil(log(value) * BINS_PER_LOG_UNIT) - FIRST_BIN_EXPONENT, 0)


def bin_value(bin_number: int) -> float:
    return BIN_VALUE_SCALE * GAMMA ** (bin_number + FIRST_BIN_EXPONENT)


def pack(total: int) -> bytes | None:
    """Pack the counts of one number in as few bytes as they need; None where there are none."""
    if not total:
        return None
    first = ((total & -total).bit_length() - 1) // (8 * BIN_COUNT_BYTES)
    total >>= 8 * BIN_COUNT_BYTES * first
    size = -(-total.bit_length() // (8 * BIN_COUNT_BYTES))
    wide = total.to_bytes(size * BIN_COUNT_BYTES, "little")
    width = next(
        w for w in COUNT_WIDTHS_BYTES if all(_is_zero(wide[i::BIN_COUNT_BYTES]) for i in _rest(w))
    )
    bins = resize_bins(wide, BIN_COUNT_BYTES, width)
    return width.to_bytes(1, "little") + first.to_bytes(2, "little") + bins


def _rest(width: int) -> range:
    return range(width, BIN_COUNT_BYTES)


def _is_zero(part: bytes) -> bool:
    return part.count(0) == len(part)


def unpack(packed: bytes) -> int:
    return widen_bins(
        packed[HEADER_BYTES:], packed[0], BIN_COUNT_BYTES
    ) << 8 * BIN_COUNT_BYTES * first_bin_of(packed)


def first_bin_of(packed: bytes) -> int:
    return packed[1] | packed[2] << 8


def resize_bins(bins: bytes, width: int, new_width: int) -> bytearray:
    """Copy bins of ``width`` bytes into bins of ``new_width`` bytes, which must hold every count."""
    resized = bytearray(len(bins) // width * new_width)
    for i in range(min(width, new_width)):
        resized[i::new_width] = bins[i::width]
    return resized


def widen_bins(bins: bytes, width: int, wider: int) -> int:
    """Return the bins as one integer with ``wider`` bytes per bin."""
    return int.from_bytes(resize_bins(bins, width, wider), "little")


def count_bins(bins: Iterable[int]) -> int:
    total = 0
    for bin_number, count in Counter(bins).items():
        total += count << (8 * BIN_COUNT_BYTES * bin_number)
    return total


def counts(packed: bytes) -> tuple[int, list[int]]:
    width, bins = packed[0], packed[HEADER_BYTES:]
    bin_counts = list(bins[::width])
    for i in range(1, width):
        bin_counts = [
            count + (more << 8 * i) for count, more in zip(bin_counts, bins[i::width], strict=True)
        ]
    return first_bin_of(packed), bin_counts


@lru_cache(maxsize=16)
def ranks(packed: bytes) -> tuple[int, list[int]]:
    first, bin_counts = counts(packed)
    return first, list(accumulate(bin_counts))


def quantile(packed: bytes | None, present: int | None, q: float) -> float | None:
    """Return the quantile of ``present`` values, linear between neighbours; None where there are none.

    Values without a lane are zero, and come first.
    """
    if not present:
        return None
    place = q * (present - 1)
    below = floor(place)
    share = place - below
    first, cumulative = (0, [0]) if packed is None else ranks(packed)
    zeros = present - cumulative[-1]
    low = _at(first, cumulative, below - zeros)
    if not share:
        return low
    return low + (_at(first, cumulative, below + 1 - zeros) - low) * share


def _at(first: int, cumulative: list[int], rank: int) -> float:
    if rank < 0:
        return 0.0
    # The last lane holds what rounding put past the end.
    return bin_value(first + min(bisect_right(cumulative, rank), len(cumulative) - 1))


# --- what SQLite calls -----------------------------------------------------------------------------


def single_value_sketch(value: float | None) -> bytes | None:
    if value is None or value < MIN_VALUE:
        return None
    return pack(1 << 8 * BIN_COUNT_BYTES * bin_index(value))


def sketch_of_row(packed: bytes | None, bins: bytes | None) -> bytes | None:
    if bins is None:
        return packed
    if packed is None:
        return SINGLE_VALUES_MARKER + bins
    return pack(count_bins(array("H", bins)) + unpack(packed))


class UnionSketches:
    """Adds histograms up, as an aggregate.

    Most are narrow: those are added up in lanes that are as wide as the sum of ``MAX_NARROW_SKETCHES`` of
    them needs, a third of the bytes. Lanes of single values are counted together at the end.
    """

    def __init__(self) -> None:
        self._total = 0
        self._narrow = 0
        self._added = 0
        self._bins = array("H")

    def step(self, packed: bytes | None) -> None:
        if packed is None:
            return
        width = packed[0]
        if width == 1:
            bins = widen_bins(packed[HEADER_BYTES:], 1, NARROW_SUM_BYTES)
            self._narrow += bins << 8 * NARROW_SUM_BYTES * first_bin_of(packed)
            self._added += 1
            if self._added == MAX_NARROW_SKETCHES:
                self._widen()
        elif packed.startswith(SINGLE_VALUES_MARKER):
            self._bins.frombytes(packed[len(SINGLE_VALUES_MARKER) :])
        else:
            self._total += unpack(packed)

    def finalize(self) -> bytes | None:
        self._widen()
        return pack(self._total + count_bins(self._bins))

    def _widen(self) -> None:
        size = -(-self._narrow.bit_length() // (8 * NARROW_SUM_BYTES)) * NARROW_SUM_BYTES
        self._total += widen_bins(
            self._narrow.to_bytes(size, "little"), NARROW_SUM_BYTES, BIN_COUNT_BYTES
        )
        self._narrow = self._added = 0


class CollectBins:
    def __init__(self) -> None:
        self._bins = array("H")

    def step(self, value: float | None) -> None:
        if value is not None and value >= MIN_VALUE:
            self._bins.append(bin_index(value))

    def finalize(self) -> bytes | None:
        return self._bins.tobytes() or None


class JoinBins:
    def __init__(self) -> None:
        self._histograms: list[bytes] = []

    def step(self, bins: bytes | None) -> None:
        if bins:
            self._histograms.append(bins)

    def finalize(self) -> bytes | None:
        return b"".join(self._histograms) or None
