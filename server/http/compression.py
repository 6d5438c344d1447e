"""Inflates compressed bodies piece by piece, never beyond the bound of a body."""

import zlib

ENCODINGS = ("gzip", "deflate")
WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""How zlib is told the format: 16 more for the head and tail of gzip."""


class UnknownEncodingError(Exception):
    """No encoding that is read here, or several of them, one in the other."""


class MalformedEncodingError(Exception):
    """The bytes are not what they are said to be; the text says why."""


class InflatedTooLargeError(Exception):
    """There is more in the body than a body may hold."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class Inflater:
    """One compressed body. Raises ``UnknownEncodingError``."""

    def __init__(self, encoding: str, limit: int) -> None:
        self.name = encoding.strip().lower()
        if self.name not in WINDOW_BITS:
            raise UnknownEncodingError
        self._zlib = zlib.decompressobj(WINDOW_BITS[self.name])
        self._left = limit
        self._limit = limit

    @property
    def is_whole(self) -> bool:
        """Whether the end of the compressed body has come."""
        return self._zlib.eof

    def feed(self, chunk: bytes) -> bytes:
        """What is in the next bytes; raises ``MalformedEncodingError`` or ``InflatedTooLargeError``."""
        if self._zlib.eof and chunk:
            raise MalformedEncodingError("something follows its end")
        try:
            found = self._zlib.decompress(chunk, self._left + 1)
        except zlib.error as error:
            raise MalformedEncodingError(str(error)) from None
        self._left -= len(found)
        if self._left < 0 or self._zlib.unconsumed_tail:
            raise InflatedTooLargeError(self._limit)
        if self._zlib.unused_data:
            raise MalformedEncodingError("something follows its end")
        return found
