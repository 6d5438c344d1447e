"""Inflate compressed bodies piece by piece, never beyond the bound of a body."""

import zlib

ENCODINGS = ("gzip", "deflate")
WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""Format codes of zlib; 16 more for gzip's header and trailer."""


class UnknownEncodingError(Exception):
    pass


class MalformedEncodingError(Exception):
    pass


class InflatedTooLargeError(Exception):
    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class Inflater:
    """Inflate one compressed body. Raises ``UnknownEncodingError``."""

    def __init__(self, encoding: str, limit: int) -> None:
        self.name = encoding.strip().lower()
        if self.name not in WINDOW_BITS:
            raise UnknownEncodingError
        self._zlib = zlib.decompressobj(WINDOW_BITS[self.name])
        self._bytes_left = limit
        self._limit = limit

    @property
    def is_complete(self) -> bool:
        return self._zlib.eof

    def feed(self, chunk: bytes) -> bytes:
        """Return the inflated bytes; raise ``MalformedEncodingError`` or ``InflatedTooLargeError``."""
        if self._zlib.eof and chunk:
            raise MalformedEncodingError("data follows its end")
        try:
            inflated = self._zlib.decompress(chunk, self._bytes_left + 1)
        except zlib.error as error:
            raise MalformedEncodingError(str(error)) from None
        self._bytes_left -= len(inflated)
        if self._bytes_left < 0 or self._zlib.unconsumed_tail:
            raise InflatedTooLargeError(self._limit)
        if self._zlib.unused_data:
            raise MalformedEncodingError("data follows its end")
        return inflated
