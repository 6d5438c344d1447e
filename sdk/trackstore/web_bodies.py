"""Bodies of requests, kept beside the service that reads them, as far as the rules let it."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec


class BodyBuffer:
    """The first bytes of a body; one that is longer than ``most`` is not kept at all."""

    __slots__ = ("_content", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._content: bytearray | None = bytearray()

    def add(self, part: bytes) -> None:
        """A part that the service has read."""
        if self._content is not None:
            self._content += part
            if len(self._content) > self._most:
                self._content = None

    def content(self) -> bytes:
        """All that was read; nothing where it was too long."""
        return bytes(self._content or b"")


class BodyTee:
    """A ``wsgi.input`` that keeps what is read from it.

    It has what the protocol names and nothing more, so that no byte passes it by.
    """

    def __init__(self, body: BinaryIO, most: int) -> None:
        self._body = body
        self.buffer = BodyBuffer(most)

    def read(self, size: int = -1) -> bytes:
        """Read up to so many bytes."""
        return self._seen(self._body.read(size))

    def readline(self, size: int = -1) -> bytes:
        """Read a line."""
        return self._seen(self._body.readline(size))

    def readlines(self, hint: int = -1) -> list[bytes]:
        """Read lines."""
        return [self._seen(line) for line in self._body.readlines(hint)]

    def __iter__(self) -> Iterator[bytes]:
        return map(self._seen, self._body)

    def _seen(self, part: bytes) -> bytes:
        self.buffer.add(part)
        return part


def json_body(body: BodyBuffer, content_type: str) -> Any:
    """The value that a JSON body holds; None for every other body."""
    content = body.content()
    if not content or "json" not in content_type:
        return None
    try:
        return msgspec.json.decode(content)
    except ValueError:
        return None
