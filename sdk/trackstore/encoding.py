"""Encodes an entry as an ``EntryInput``, once, at the call."""

import json
from typing import Any

import msgspec

from trackstore.entries import ENTRIES, Entry
from trackstore.errors import InvalidItemError

_encode = msgspec.json.Encoder(enc_hook=str).encode
"""Objects without a JSON form are encoded as their ``str``."""
_decoders = {field: msgspec.json.Decoder(entry) for field, entry in ENTRIES.items()}
_heads = {entry: f'{{"{field}":'.encode() for field, entry in ENTRIES.items()}
UNENCODABLE = (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError)
"""Exceptions of values that cannot be encoded."""


def encode_entry(entry: Entry) -> bytes:
    """Encode ``{"operation": {...}}`` as JSON; raise ``InvalidItemError`` if that is not possible."""
    try:
        return b"%b%b}" % (_heads[type(entry)], _encode(entry))
    except UnicodeEncodeError:
        return _with_escapes(entry)
    except UNENCODABLE as error:
        raise InvalidItemError(f"{entry.field}: {error}") from None


def _with_escapes(entry: Entry) -> bytes:
    plain = msgspec.to_builtins(entry, str_keys=True, enc_hook=str)
    return json.dumps({entry.field: plain}).encode()


def check_entry(item: bytes) -> None:
    """Raise ``InvalidItemError`` if the types of an encoded entry do not match the schema."""
    try:
        ((field, content),) = msgspec.json.decode(item, type=dict[str, msgspec.Raw]).items()
        _decoders[field].decode(content)
    except (KeyError, ValueError) as error:
        raise InvalidItemError(str(error)) from None


def field_of(item: bytes) -> str:
    return item[2 : item.index(b'"', 2)].decode()


def content_of(item: bytes) -> dict[str, Any]:
    (content,) = json.loads(item).values()
    return dict(content)
