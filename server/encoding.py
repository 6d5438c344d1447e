"""Answers as JSON."""

import json
from typing import Any

import msgspec

from models.types import clean_text

encoder = msgspec.json.Encoder()


def encode_answer(body: dict[str, Any]) -> bytes:
    """The JSON of an answer; lone surrogates in it are replaced by U+FFFD."""
    try:
        return encoder.encode(body)
    except UnicodeEncodeError:  # a message repeats a lone surrogate that the caller sent
        text = json.dumps(body, ensure_ascii=False, default=msgspec.to_builtins)
        return clean_text(text).encode()
