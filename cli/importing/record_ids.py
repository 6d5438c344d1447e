"""Ids derived from content, so that a second import finds the records of the first."""

from hashlib import blake2b
from uuid import UUID

VERSION_8 = (0x8 << 76) | (0x2 << 62)
"""Version and variant of a UUID with custom bits (RFC 9562, section 5.8)."""
CONTENT_MASK = ~((0xF << 76) | (0x3 << 62))
MAX_REMEMBERED_DIGESTS = 500_000
"""Distinct digests of a generation; two generations take about 100 MB. Content that returns after
more than this counts as a first occurrence, and so as a duplicate: in logs, equal lines are close
together."""


class RecordIds:
    """Derives the ids of the records of one file, in any order.

    An id is a digest of the name of the source, the content of the record, and the number of equal
    records before it in the file. It does not depend on the file: a log that has grown, was rotated,
    cut, merged, reversed, moved or compressed has the same ids. Equal records of one file are
    different calls; an equal record of another file is the same call, unless the sources have names.
    """

    def __init__(self, name: str | None = None) -> None:
        self._key = _digest((name or "").encode(), b"any" if name is None else b"name")
        self._recent: dict[bytes, int] = {}
        self._older: dict[bytes, int] = {}

    def __call__(self, content: bytes) -> UUID:
        base = _digest(content, self._key)
        digest = _digest(b"%d" % self._occurrence(base), base)
        return UUID(int=(int.from_bytes(digest) & CONTENT_MASK) | VERSION_8)

    def _occurrence(self, base: bytes) -> int:
        count = self._recent.get(base) or self._older.get(base, 0)
        if len(self._recent) >= MAX_REMEMBERED_DIGESTS and base not in self._recent:
            self._older, self._recent = self._recent, {}
        self._recent[base] = count + 1
        return count + 1


def _digest(content: bytes, key: bytes) -> bytes:
    return blake2b(content, digest_size=16, key=key).digest()
