"""Checks values before they reach a database, so that bad input is an answer and never a crash.

A ``Checker`` collects every problem of one item with its path. Text that no PostgreSQL can hold
(NUL, lone surrogates) is repaired and counted; free text and payloads over their limit are cut and
counted; everything else that is wrong refuses the item.
"""

import json
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import msgspec
from pydantic import Field

from models.types import clean_text, session_key
from store.errors import InvalidInputError, Problem
from store.setting_types import KIB, MIB, ByteCount

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
FUTURE = timedelta(hours=24)
"""A record may lie at most this far ahead of the server's clock."""

LONG_MIN, LONG_MAX = -(2**63), 2**63 - 1
INT_MIN, INT_MAX = -(2**31), 2**31 - 1
Path = tuple[str | int, ...]
MAX_PREVIEW_CHARACTERS = 1_000
"""Characters of a payload over its limit that are stored in its place."""
MAX_PROBLEMS = 20
"""Problems reported per item; a malicious one has millions, and nobody fixes more at a time."""


@dataclass(frozen=True, slots=True)
class InputBounds:
    """How large one item may be; each is a setting of the server.

    Lengths count characters; ``json_bytes`` is the size of the encoded JSON.
    """

    batch_items: Annotated[
        int,
        Field(
            validation_alias="max_batch_items",
            ge=1,
            le=1_000_000,
            description="Items of one bulk mutation.",
        ),
    ] = 10_000
    request_stages: Annotated[
        int,
        Field(
            validation_alias="max_request_stages",
            ge=1,
            le=100_000,
            description="Stages of one request, planned (200 at most) or added when they start. Every "
            "command to a request reads its stages.",
        ),
    ] = 1_000
    label_length: Annotated[
        int,
        Field(
            validation_alias="max_label_length",
            ge=1,
            le=2_000,
            description="Characters of a name or label.",
        ),
    ] = 200
    text_length: Annotated[
        int,
        Field(
            validation_alias="max_text_length",
            ge=1,
            le=MIB,
            description="Characters of a message, path or error.",
        ),
    ] = 8_192
    long_text_length: Annotated[
        int,
        Field(
            validation_alias="max_long_text_length",
            ge=1,
            le=64 * MIB,
            description="Characters of a chat message or response.",
        ),
    ] = 262_144
    json_bytes: Annotated[
        ByteCount,
        Field(
            validation_alias="max_json_bytes",
            ge=2,
            le=64 * MIB,
            description="Size of one JSON value.",
        ),
    ] = 64 * KIB
    json_depth: Annotated[
        int,
        Field(
            validation_alias="max_json_depth",
            ge=1,
            le=100,
            description="Levels of nesting inside a JSON value.",
        ),
    ] = 16


class Checker:
    __slots__ = ("bounds", "now", "prefix", "problems", "repaired", "truncated")

    def __init__(self, bounds: InputBounds, now: datetime, prefix: Path = ()) -> None:
        self.bounds = bounds
        self.now = now
        self.prefix = prefix
        self.problems: list[Problem] = []
        self.repaired = 0
        self.truncated = 0

    def refuse(self, message: str, *path: str | int, code: str = "BAD_USER_INPUT") -> None:
        """Note a problem at ``path``, as long as there are not too many."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(code, message, (*self.prefix, *path)))

    def raise_if_any(self) -> None:
        if self.problems:
            raise InvalidInputError(self.problems)

    def clean(self, value: str) -> str:
        if value.isascii() and "\0" not in value:
            return value
        cleaned = clean_text(value)
        if cleaned is not value:
            self.repaired += 1
        return cleaned

    def name(self, value: str | None, *path: str | int) -> str | None:
        return self._text(value, self.bounds.label_length, path, allow_empty=False)

    def required_name(self, value: str, *path: str | int) -> str:
        return self.name(value, *path) or ""

    def session_id(self, value: str | None, *path: str | int) -> str | None:
        name = self.name(value, *path)
        return None if name is None else session_key(name)

    def text(self, value: str | None, *path: str | int) -> str | None:
        return self._text(value, self.bounds.text_length, path, allow_empty=True)

    def cut_text(self, value: str | None) -> str | None:
        return self._cut(value, self.bounds.text_length)

    def cut_long_text(self, value: str | None) -> str | None:
        return self._cut(value, self.bounds.long_text_length)

    def _cut(self, value: str | None, limit: int) -> str | None:
        if value is None:
            return None
        if len(value) > limit:
            self.truncated += 1
            value = cut(value, limit)
        return self.clean(value)

    def _text(self, value: str | None, limit: int, path: Path, allow_empty: bool) -> str | None:
        if value is None:
            return None
        if len(value) > limit:
            self.refuse(f"{len(value):,} characters, at most {limit:,}: shorten it", *path)
            return None
        if not value and not allow_empty:
            self.refuse("is empty: give at least one character", *path)
            return None
        return self.clean(value)

    def integer(
        self,
        value: int | None,
        *path: str | int,
        minimum: int = 0,
        maximum: int = LONG_MAX,
    ) -> int | None:
        if value is not None and not minimum <= value <= maximum:
            self.refuse(f"{value} is not from {minimum} to {maximum}", *path)
            return None
        return value

    def number(
        self, value: float | None, *path: str | int, minimum: float = 0, maximum: float = math.inf
    ) -> float | None:
        """Return a finite number of at least ``minimum`` (0) and at most ``maximum``."""
        if value is None:
            return None
        try:
            value = float(value)
        except OverflowError:  # a whole number beyond every float
            value = math.inf
        if not math.isfinite(value) or not minimum <= value <= maximum:
            upper = "" if maximum == math.inf else f" and at most {maximum:,.0f}"
            self.refuse(f"{value} is not a finite number of at least {minimum:g}{upper}", *path)
            return None
        return value

    def instant(self, value: datetime | None, *path: str | int) -> datetime | None:
        """Return an instant within [2000-01-01, now + 24 h], in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            self.refuse("has no time zone. Add Z or an offset such as +01:00.", *path)
            return None
        if not EARLIEST <= value <= self.now + FUTURE:
            latest = (self.now + FUTURE).isoformat(timespec="seconds")
            self.refuse(f"{to_utc(value).isoformat()} is not within 2000-01-01 and {latest}", *path)
            return None
        return to_utc(value)

    def json_object(self, value: Any, *path: str | int) -> dict[str, Any] | None:
        if value is None:
            return None
        if not isinstance(value, dict):
            self.refuse(f"must be a JSON object, not {json_kind(value)}", *path)
            return None
        before = len(self.problems)
        cleaned = self._json(value, path, 1)
        if len(self.problems) == before and not self._is_small(cleaned):
            size = len(json.dumps(cleaned, ensure_ascii=False, separators=(",", ":")).encode())
            if size > self.bounds.json_bytes:
                limit = self.bounds.json_bytes
                self.refuse(f"{size:,} bytes of JSON, at most {limit:,}: send less", *path)
        return cleaned if isinstance(cleaned, dict) else None

    def _is_small(self, value: Any) -> bool:
        """Return whether JSON is well below the limit, so that its exact size does not matter."""
        return 2 * len(msgspec.json.encode(value)) <= self.bounds.json_bytes

    def payload(self, value: Any, *path: str | int) -> dict[str, Any] | None:
        """Return a JSON object that comes with a command, such as a result or the details of an error.

        One that cannot be stored as it is (too large, too deep, a number beyond 64 bits) is
        replaced by one that says so: ``{"truncated": true, "bytes": ..., "preview": ...}``.
        """
        if value is None or not isinstance(value, dict):
            return self.json_object(value, *path)
        trial = Checker(self.bounds, self.now)
        stored = trial.json_object(value)
        if trial.problems:
            self.truncated += 1
            return self._preview(value)
        self.repaired += trial.repaired
        return stored

    def _preview(self, value: dict[str, Any]) -> dict[str, Any]:
        try:
            text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
        except (RecursionError, ValueError):
            text = str(list(value))
        size = len(text.encode("utf-8", "surrogatepass"))
        limit = min(MAX_PREVIEW_CHARACTERS, self.bounds.json_bytes // 8)
        return {"truncated": True, "bytes": size, "preview": clean_text(text[:limit])}

    def _json(self, value: Any, path: Path, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self.clean(value)
        if isinstance(value, int):
            if not LONG_MIN <= value <= LONG_MAX:
                self.refuse("is an integer beyond 64 bits. Send it as text.", *path)
            return value
        if isinstance(value, float):
            if not math.isfinite(value):
                self.refuse(f"{value} is not a valid JSON number", *path)
            return value
        if depth > self.bounds.json_depth:
            self.refuse(f"is nested deeper than {self.bounds.json_depth} levels", *path)
            return None
        if isinstance(value, dict):
            return self._json_members(value, path, depth)
        if isinstance(value, list):
            return [self._json(v, (*path, i), depth + 1) for i, v in enumerate(value)]
        self.refuse(f"{type(value).__name__} is not a JSON value", *path)
        return None

    def _json_members(self, value: dict[Any, Any], path: Path, depth: int) -> dict[str, Any]:
        cleaned: dict[str, Any] = {}
        for name, member in value.items():
            key = self.clean(str(name))
            if key in cleaned:
                self.refuse("is duplicated after its text was repaired: rename one", *path, key)
            cleaned[key] = self._json(member, (*path, key), depth + 1)
        return cleaned


def cut(text: str, limit: int) -> str:
    mark = f"… [truncated: {len(text):,} characters]"
    return text[: limit - len(mark)] + mark if limit > len(mark) else text[:limit]


def to_utc(value: datetime) -> datetime:
    """Convert an instant to UTC, clamped to the range of datetime."""
    try:
        return value.astimezone(UTC)
    except OverflowError:
        return FIRST if value.year == 1 else LAST


def json_kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    kinds = {str: "a string", int: "a number", float: "a number", list: "a list"}
    return kinds.get(type(value), "something else")


def check_batch_size(count: int, bounds: InputBounds, path: str) -> None:
    """Refuse a batch that is larger than one answer and one transaction should be."""
    if count > bounds.batch_items:
        raise InvalidInputError(
            f"A call must not exceed {bounds.batch_items:,} items (got {count:,}). "
            "Split it into several calls.",
            (path,),
        )
