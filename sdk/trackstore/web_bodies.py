"""Keeps a copy of request bodies while the service reads them, as far as the rules allow."""

from collections.abc import Iterator
from typing import Any, BinaryIO

import msgspec


class BodyBuffer:
    """The first bytes of a body; one longer than ``most`` is not kept at all."""

    __slots__ = ("_content", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._content: bytearray | None = bytearray()

    def add(self, part: bytes) -> None:
        if self._content is not None:
            self._content += part
            if len(self._content) > self._most:
                self._content = None

    def content(self) -> bytes:
        return bytes(self._content or b"")


class BodyTee:
    """A ``wsgi.input`` that keeps what is read from it.

    It has the methods of the protocol and nothing more, so that no byte bypasses it.
    """

    def __init__(self, body: BinaryIO, most: int) -> None:
        self._body = body
        self.buffer = BodyBuffer(most)

    def read(self, size: int = -1) -> bytes:
        return self._seen(self._body.read(size))

    def readline(self, size: int = -1) -> bytes:
        return self._seen(self._body.readline(size))

    def readlines(self, hint: int = -1) -> list[bytes]:
        return [self._seen(line) for line in self._body.readlines(hint)]

    def __iter__(self) -> Iterator[bytes]:
        return map(self._seen, self._body)

    def _seen(self, part: bytes) -> bytes:
        self.buffer.add(part)
        return part


def json_body(body: BodyBuffer, content_type: str) -> Any:
    content = body.content()
    if not content or "json" not in content_type:
        return None
    try:
        return msgspec.json.decode(content)
    except ValueError:
        return None
