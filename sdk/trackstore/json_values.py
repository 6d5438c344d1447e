"""Converts values to JSON objects, bounded in depth and size."""

import dataclasses
import json
import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from datetime import time as day_time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

import msgspec

from trackstore.values import (
    ELLIPSIS,
    LONG_MAX,
    Problems,
    clean,
    describe_value,
    read_text,
    unwrapped,
)

MAX_DEPTH = 16
MAX_BYTES = 65_536
"""Nesting depth and bytes of one JSON object, the defaults of the server."""
MAX_VALUES = 20_000
"""Values of one object that are read; more cannot usefully fit into ``MAX_BYTES``."""
MAX_STRING_CHARS = MAX_BYTES
MAX_KEY_CHARS = 500
BYTES_OF_A_VALUE = 32
"""Upper bound of a number or word with its comma, so that small objects are not measured."""
BYTES_OF_A_CHAR = 6
PREVIEW_CHARS = 200
MAX_CUT_MEMBERS = 100


def json_object(value: Any, problems: Problems) -> dict[str, Any] | None:
    """Convert to a JSON object that the server accepts; return None for other values."""
    try:
        normalizer = _JsonNormalizer(problems)
        normalized = normalizer.normalize(value, 1)
        if type(normalized) is not dict:
            problems.append(("", f"{describe_value(value)} is not an object. Pass a dict."))
            return None
        return _small_enough(normalized, problems) if normalizer.bytes > MAX_BYTES else normalized
    except Exception as error:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
        problems.append(("", f"A {type(value).__name__} cannot be read ({type(error).__name__})."))
        return None


def json_text(value: Any, problems: Problems) -> str | None:
    normalizer = _JsonNormalizer(problems)
    return json.dumps(normalizer.normalize(value, 1), ensure_ascii=False)


class _JsonNormalizer:
    """One walk through a value; ``bytes`` is an upper bound of its size as JSON."""

    __slots__ = ("_problems", "_values", "bytes")

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._values = 0
        self.bytes = 0

    def normalize(self, value: Any, depth: int) -> Any:
        kind = type(value)
        self.bytes += BYTES_OF_A_VALUE
        if kind is str:
            return self._string(value)
        if value is None or kind is bool:
            return value
        if kind is int:
            return value if -LONG_MAX - 1 <= value <= LONG_MAX else self._long(value)
        if kind is float:
            return value if math.isfinite(value) else self._not_finite(value)
        if kind is dict:
            return self._object(value, depth)
        if kind is list or kind is tuple:
            return self._list(value, depth)
        return self._other(value, kind, depth)

    def _note(self, problem: str) -> None:
        if ("", problem) not in self._problems[-3:]:
            self._problems.append(("", problem))

    def _string(self, value: str) -> str:
        cleaned = clean(value)
        if cleaned is not value:
            self._note("NUL characters and lone surrogates are replaced by U+FFFD.")
        if len(cleaned) > MAX_STRING_CHARS:
            self._note(f"A text of {len(cleaned):,} characters is cut.")
            cleaned = cleaned[: MAX_STRING_CHARS - 1] + ELLIPSIS
        self.bytes += BYTES_OF_A_CHAR * len(cleaned)
        return cleaned

    def _long(self, value: int) -> str | None:
        self._note("An integer beyond 64 bits is stored as text.")
        return read_text(value, self._problems)

    def _not_finite(self, value: float) -> None:
        self._note(f"{value} is not a number that JSON knows and becomes null.")

    def _is_within(self, depth: int) -> bool:
        if depth > MAX_DEPTH:
            self._note(f"Values nested deeper than {MAX_DEPTH} levels are left out.")
            return False
        return True

    def _is_room(self) -> bool:
        self._values += 1
        if self._values > MAX_VALUES:
            self._note(f"Values beyond the first {MAX_VALUES:,} are left out.")
            return False
        return True

    def _object(self, value: Mapping[Any, Any], depth: int) -> dict[str, Any] | None:
        if not self._is_within(depth):
            return None
        members: dict[str, Any] = {}
        for name, member in list(value.items()):
            if not self._is_room():
                break
            key = name if type(name) is str and name.isascii() and "\0" not in name else None
            key = self._key(name) if key is None else key
            if key is None:
                continue
            if key in members:
                self._note(f"The key {describe_value(key)} occurs twice; the first is kept.")
                continue
            self.bytes += BYTES_OF_A_CHAR * len(key)
            members[key] = self.normalize(member, depth + 1)
        return members

    def _key(self, name: Any) -> str | None:
        key = read_text(name if type(name) is not tuple else str(name), self._problems)
        return None if key is None else key[:MAX_KEY_CHARS]

    def _list(self, value: Any, depth: int) -> list[Any] | None:
        if not self._is_within(depth):
            return None
        members = []
        for member in value:
            if not self._is_room():
                break
            members.append(self.normalize(member, depth + 1))
        return members

    def _other(self, value: Any, kind: type, depth: int) -> Any:
        try:
            if issubclass(kind, Enum) or (hasattr(kind, "item") and hasattr(kind, "dtype")):
                return self._array(value, depth)
            if issubclass(kind, str | int | float):
                base = next(plain for plain in (str, int, float) if issubclass(kind, plain))
                return self.normalize(base.__str__(value) if base is str else base(value), depth)
            if issubclass(kind, bytes | bytearray | memoryview):
                return self._string(bytes(value).decode("utf-8", "surrogateescape"))
            if issubclass(kind, datetime | date | day_time | timedelta | UUID | Decimal):
                return self._plain(value, kind)
            if dataclasses.is_dataclass(kind) or issubclass(kind, msgspec.Struct):
                return self._object(_members_of(value), depth)
            if issubclass(kind, Mapping):
                return self._object(value, depth)
            if issubclass(kind, set | frozenset):
                return self._list(sorted(value, key=str), depth)
            if issubclass(kind, list | tuple):
                return self._list(value, depth)
        except Exception as error:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
            self._note(
                f"A {kind.__name__} cannot be read ({type(error).__name__}) and becomes null."
            )
            return None
        text = read_text(value, self._problems)
        return None if text is None else self._string(text)

    def _array(self, value: Any, depth: int) -> Any:
        if issubclass(type(value), Enum) or (getattr(value, "size", 1) == 1 and not value.shape):
            return self.normalize(unwrapped(value), depth)
        if value.size > MAX_VALUES:
            self._note(f"An array of {value.size:,} values is left out.")
            return None
        return self.normalize(value.tolist(), depth)

    def _plain(self, value: Any, kind: type) -> str:
        if kind in (datetime, date, day_time, timedelta, UUID, Decimal):
            return str(msgspec.to_builtins(value))
        text = value.isoformat() if hasattr(value, "isoformat") else str(value)
        return self._string(str.__str__(text))


def _members_of(value: Any) -> dict[str, Any]:
    fields = (
        [field.name for field in dataclasses.fields(value)]
        if dataclasses.is_dataclass(value)
        else list(value.__struct_fields__)
    )
    return {name: getattr(value, name) for name in fields}


def size_of(value: Any) -> int:
    """Return the bytes of a JSON value, as the server counts them."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def _mark(value: Any, size: int) -> dict[str, Any]:
    preview = json.dumps(value, ensure_ascii=False)[:PREVIEW_CHARS]
    return {"truncated": True, "bytes": size, "preview": preview}


def _small_enough(value: dict[str, Any], problems: Problems) -> dict[str, Any]:
    """Replace the largest members of an object by a marker until it fits."""
    sizes = {name: size_of(member) for name, member in value.items()}
    total_bytes = size_of(value)
    if total_bytes <= MAX_BYTES:
        return value
    cut_down, remaining_bytes = dict(value), total_bytes
    for name in sorted(sizes, key=lambda known: sizes[known], reverse=True)[:MAX_CUT_MEMBERS]:
        cut_down[name] = _mark(value[name], sizes[name])
        remaining_bytes += size_of(cut_down[name]) - sizes[name]
        if remaining_bytes <= MAX_BYTES:
            break
    else:  # too many members, not too large ones
        cut_down = _mark(value, total_bytes)
    problems.append(
        (
            "",
            f"{total_bytes:,} bytes of JSON exceed the limit of {MAX_BYTES:,}. The largest members are cut.",
        )
    )
    return cut_down
