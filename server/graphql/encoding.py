"""Answers as JSON, within their bound."""

import json
from typing import Any

import msgspec

from models.types import clean_text
from store.response_size import too_large

ITEMS_AT_ONCE = 8
"""Items of a list that are encoded before the size is looked at: each may show long texts often."""

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
        return b"".join(pieces.written)
    except UnicodeEncodeError:  # a message repeats a lone surrogate that the caller sent
        text = json.dumps(body, ensure_ascii=False, default=msgspec.to_builtins)
        content = clean_text(text).encode()
        if limit is not None and len(content) > limit:
            raise too_large(limit) from None
        return content


class _Pieces:
    """Encodes a value piece by piece, and stops when it is too large.

    The same few texts may be shown under many aliases, so that a small result becomes a large
    answer. What holds other values is written member by member, the rest at once.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._left = limit
        self.written: list[bytes] = []

    def add(self, piece: bytes) -> None:
        """Write a piece; raises ``AnswerTooLarge``."""
        self._left -= len(piece)
        if self._left < 0:
            raise too_large(self._limit)
        self.written.append(piece)

    def add_value(self, value: Any) -> None:
        """Write a value."""
        if value and type(value) is dict:
            self._add_members(value)
        elif value and type(value) is list:
            self._add_items(value)
        else:
            self.add(encode(value))

    def _add_members(self, value: dict[str, Any]) -> None:
        plain: dict[str, Any] = {}
        before = b"{"
        for name, item in value.items():
            if type(item) is not dict and type(item) is not list:
                plain[name] = item
                continue
            if plain:
                self.add(before + encode(plain)[1:-1])
                plain, before = {}, b","
            self.add(before + encode(name) + b":")
            before = b","
            self.add_value(item)
        self.add(before + encode(plain)[1:] if plain else b"}")

    def _add_items(self, value: list[Any]) -> None:
        before = b"["
        kinds = set(map(type, value))
        if dict in kinds or list in kinds:
            for item in value:
                self.add(before)
                self.add_value(item)
                before = b","
        else:
            for start in range(0, len(value), ITEMS_AT_ONCE):
                self.add(before + encode(value[start : start + ITEMS_AT_ONCE])[1:-1])
                before = b","
        self.add(b"]")
