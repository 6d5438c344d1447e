"""Encode answers as JSON, within their size limit."""

import json
from typing import Any

import msgspec

from models.types import clean_text
from store.response_size import too_large

ITEMS_PER_PIECE = 8
"""List items encoded between two size checks; each may repeat long texts."""

encoder = msgspec.json.Encoder()
encode = encoder.encode


def encode_answer(body: dict[str, Any], limit: int | None = None) -> bytes:
    """Return the JSON of an answer; lone surrogates in it are replaced by U+FFFD.

    Raises ``AnswerTooLarge`` beyond ``limit`` bytes, before much more than that is encoded.
    """
    try:
        if limit is None:
            return encode(body)
        pieces = _Pieces(limit)
        pieces.add_value(body)
        return b"".join(pieces.pieces)
    except UnicodeEncodeError:  # a message quotes a lone surrogate of the caller
        text = json.dumps(body, ensure_ascii=False, default=msgspec.to_builtins)
        content = clean_text(text).encode()
        if limit is not None and len(content) > limit:
            raise too_large(limit) from None
        return content


class _Pieces:
    """Encode a value piece by piece, and stop when it is too large.

    A few texts under many aliases turn a small result into a large answer. Containers are written
    member by member, everything else at once.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes_left = limit
        self.pieces: list[bytes] = []

    def add(self, piece: bytes) -> None:
        self._bytes_left -= len(piece)
        if self._bytes_left < 0:
            raise too_large(self._limit)
        self.pieces.append(piece)

    def add_value(self, value: Any) -> None:
        if value and type(value) is dict:
            self._add_members(value)
        elif value and type(value) is list:
            self._add_items(value)
        else:
            self.add(encode(value))

    def _add_members(self, value: dict[str, Any]) -> None:
        scalars: dict[str, Any] = {}
        separator = b"{"
        for name, item in value.items():
            if type(item) is not dict and type(item) is not list:
                scalars[name] = item
                continue
            if scalars:
                self.add(separator + encode(scalars)[1:-1])
                scalars, separator = {}, b","
            self.add(separator + encode(name) + b":")
            separator = b","
            self.add_value(item)
        self.add(separator + encode(scalars)[1:] if scalars else b"}")

    def _add_items(self, value: list[Any]) -> None:
        separator = b"["
        kinds = set(map(type, value))
        if dict in kinds or list in kinds:
            for item in value:
                self.add(separator)
                self.add_value(item)
                separator = b","
        else:
            for start in range(0, len(value), ITEMS_PER_PIECE):
                self.add(separator + encode(value[start : start + ITEMS_PER_PIECE])[1:-1])
                separator = b","
        self.add(b"]")
