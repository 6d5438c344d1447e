"""Normalizes entries to what the server accepts: an invalid field is left out, its record is kept.

Rules derive from the types of the entries and the limits of the server, so a new field needs no
rule here.
"""

import re
import types
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.structs import astuple

from trackstore.entries import (
    CreateRequest,
    Entry,
    FailRequest,
    FailStage,
    LogEvent,
    Operation,
)
from trackstore.entry_checks import COMPLETIONS
from trackstore.errors import InvalidItemError
from trackstore.instants import instant
from trackstore.json_values import json_object, json_text
from trackstore.values import (
    ACCEPTS,
    LONG_TEXT_CHARS,
    NAME_CHARS,
    TEXT_CHARS,
    Accepts,
    Converter,
    Problems,
    describe_value,
    flag,
    key_of,
    milliseconds,
    number,
    read_number,
    text,
    uuid,
    vocabulary,
    whole_number,
)

MAX_COUNT = 10**15
MAX_ATTEMPTS = 1_000
MAX_WEIGHT = 1e9
MIN_STALL_AFTER, MAX_STALL_AFTER = timedelta(seconds=1), timedelta(days=31)
"""Limits of the server; a test compares them."""
UNKNOWN = "unknown"
MODES = ("full", "overview", "symbol", "references", "semantic", "tri_index")
"""Case-insensitive operation modes; any other mode is stored as passed."""
SEVERITY_BY_LEVEL: Mapping[int, str] = {
    50: "CRITICAL",
    40: "ERROR",
    30: "WARNING",
    20: "INFO",
    0: "DEBUG",
}
"""Severities of the numeric levels of ``logging``."""
WORD_SYNONYMS: Mapping[str, str] = {
    "WARN": "WARNING",
    "FATAL": "CRITICAL",
    "EMERGENCY": "CRITICAL",
    "ALERT": "CRITICAL",
    "ERR": "ERROR",
    "NOTICE": "INFO",
    "INFORMATION": "INFO",
    "TRACE": "DEBUG",
    "SUCCESS": "OK",
    "SUCCEEDED": "OK",
    "FAILURE": "ERROR",
    "FAILED": "ERROR",
    "HALFOPEN": "HALF_OPEN",
}
"""Synonyms that are accepted if the list contains the word they stand for."""

DURATION = re.compile(
    r"P(?=[\dT])(\d{1,6}W)?(\d{1,6}D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,6})?S)?)?"
)


def words_of(literal: Any) -> Mapping[str, str]:
    words = {word.upper(): word for word in get_args(literal)}
    return words | {other: words[word] for other, word in WORD_SYNONYMS.items() if word in words}


def long_text(value: Any, problems: Problems) -> str | None:
    if type(value) is not str and issubclass(type(value), list | tuple | dict):
        value = json_text(value, problems)
    text: str | None = _long_text(value, problems)
    return text


def mode(value: Any, problems: Problems) -> str | None:
    name: str | None = _id(value, problems)
    if name is not None and name.lower() in MODES:
        return name.lower()
    return name


ACCEPTS[mode] = lambda value: type(value) is str and value in MODES


def stall_after_text(value: Any, problems: Problems) -> str | None:
    """Convert text, ``timedelta`` or seconds to an ISO 8601 duration."""
    if type(value) is str and DURATION.fullmatch(value):
        return value
    try:
        if not issubclass(type(value), timedelta):
            value = timedelta(seconds=read_number(value) or 0)
        is_allowed = MIN_STALL_AFTER <= value <= MAX_STALL_AFTER
    except Exception:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
        is_allowed = False
    if is_allowed:
        return f"PT{value.total_seconds():.6f}".rstrip("0").rstrip(".") + "S"
    problems.append(
        ("", f"{describe_value(value)} is not a duration from PT1S to P31D, such as PT5M.")
    )
    return None


_id = text(NAME_CHARS, may_cut=False, may_be_empty=False)
_name = text(NAME_CHARS, may_be_empty=False)
_text = text(TEXT_CHARS)
_long_text = text(LONG_TEXT_CHARS)

CONVERTERS_BY_NAME: Mapping[str, Converter] = {
    "name": _name,
    "type": _name,
    "operation_type": _name,
    "interaction_type": _name,
    "stage": _name,
    "client": _name,
    "operation_mode": mode,
    "reason": _text,
    "title": _text,
    "message": _text,
    # region generated: converters
    "error": _text,
    "duration_ms": milliseconds(1_000_000_000_000),
    "route": _text,
    "status_code": whole_number(100, 599),
    "user_agent": _text,
    "batch_size": whole_number(0, 1_000_000_000),
    "file_path": _text,
    "tokens_prevented": whole_number(-1_000_000_000_000_000, 1_000_000_000_000_000),
    "units": whole_number(1, 1_000_000_000),
    # endregion
    "attempt": whole_number(1, MAX_ATTEMPTS),
    "max_attempts": whole_number(1, MAX_ATTEMPTS),
    "total": whole_number(0, MAX_COUNT),
    "fraction": number(0, 1),
    "weight": number(0, MAX_WEIGHT),
    "stall_after": stall_after_text,
}
"""Fields whose converter does not follow from their type."""
CONVERTERS_BY_FIELD: Mapping[tuple[str, str], Converter] = {
    ("LlmCall", "message"): long_text,
    ("LlmCall", "response"): long_text,
}
REQUIRED_FALLBACKS: Mapping[tuple[type, str], Any] = {
    (Operation, "name"): UNKNOWN,
    (CreateRequest, "type"): UNKNOWN,
    (LogEvent, "type"): UNKNOWN,
    (FailRequest, "message"): "",
    (FailStage, "message"): "",
}
"""Replace unreadable required fields; records without any other field are rejected."""

Rule = tuple[str, Accepts, Converter]
Rules = tuple[Rule, ...]
Fallbacks = tuple[tuple[str, Any], ...]


@lru_cache(None)
def rules_of(kind: type[Struct]) -> tuple[Rules, Fallbacks]:
    """Return name, test and converter of each field of a struct, and defaults of required ones."""
    hints = get_type_hints(kind)
    rules, fallbacks = [], []
    for field in msgspec.structs.fields(kind):
        name, hint = field.name, hints[field.name]
        convert = (
            CONVERTERS_BY_FIELD.get((kind.__name__, name))
            or CONVERTERS_BY_NAME.get(name)
            or _by_type(hint)
        )
        rules.append((name, ACCEPTS.get(convert, _never), convert))
        if type(None) not in get_args(hint) and field.default is not NODEFAULT:
            fallbacks.append((name, field.default))
    return tuple(rules), tuple(fallbacks)


@lru_cache(None)
def required_of(kind: type[Struct]) -> tuple[str, ...]:
    hints = get_type_hints(kind)
    return tuple(
        field.name
        for field in msgspec.structs.fields(kind)
        if field.default is NODEFAULT and type(None) not in get_args(hints[field.name])
    )


def _by_type(hint: Any) -> Converter:
    parts = [part for part in get_args(hint) if part is not type(None)]
    if get_origin(hint) in (Union, types.UnionType):
        return _id if str in parts else _by_type(parts[0])
    if get_origin(hint) is Literal:
        words = words_of(hint)
        return vocabulary(words, SEVERITY_BY_LEVEL if "DEBUG" in words else None)
    if get_origin(hint) is list:
        return _list_of(parts[0])
    if get_origin(hint) is dict:
        return json_object
    if isinstance(hint, type) and issubclass(hint, Struct):
        return nested(hint)
    scalars: Mapping[Any, Converter] = {
        str: _id, int: whole_number(0, MAX_COUNT), float: number(0, float("inf")),
        bool: flag, datetime: instant, UUID: uuid,
    }  # fmt: skip
    return scalars.get(hint, _unchanged)


def _never(value: Any) -> bool:
    del value
    return False


def _unchanged(value: Any, problems: Problems) -> Any:
    del problems
    return value


def nested(kind: type[Struct]) -> Converter:
    required = required_of(kind)
    rules, fallbacks = rules_of(kind)
    never_none = (*required, *(name for name, _ in fallbacks))
    tests = tuple(accepts for _, accepts, _ in rules)

    def accepts(value: Any) -> bool:
        if type(value) is not kind:
            return False
        for test, member in zip(tests, astuple(value), strict=True):
            if member is not None and not test(member):
                return False
        return not never_none or all(getattr(value, name) is not None for name in never_none)

    def convert(value: Any, problems: Problems) -> Any:
        if type(value) is not kind:
            if not issubclass(type(value), Mapping):
                problems.append(
                    ("", f"{describe_value(value)} is not a {kind.__name__}. Pass one, or a dict.")
                )
                return None
            value = part_of(kind, value, problems)
        part = normalize_struct(value, problems)
        for name in required:
            if getattr(part, name) is None:
                return None
        return part

    ACCEPTS[convert] = accepts
    return convert


def part_of(kind: type[Struct], names: Mapping[Any, Any], problems: Problems) -> Struct:
    known: dict[str, Any] = {}
    for key, value in list(names.items()):
        name = key_of(key)
        if name in kind.__struct_fields__:
            known[name] = value
        else:
            problems.append((name, "The name is unknown."))
    for name in required_of(kind):
        known.setdefault(name, None)
    return kind(**known)


def _list_of(kind: type[Struct]) -> Converter:
    convert_one = nested(kind)

    def convert(value: Any, problems: Problems) -> Any:
        members = []
        for member in value:
            before = len(problems)
            normalized = convert_one(member, problems)
            if normalized is not None:
                members.append(normalized)
            elif len(problems) == before:
                problems.append(("", f"A {kind.__name__} without a name is left out."))
        return members

    return convert


def normalize_struct(entry: Struct, problems: Problems, *, in_place: bool = False) -> Struct:
    """Return the struct with every field converted; itself if nothing changes or ``in_place``."""
    changes: dict[str, Any] | None = None
    rules, fallbacks = rules_of(type(entry))
    for (name, accepts, convert), value in zip(rules, astuple(entry), strict=True):
        if value is None or accepts(value):
            continue
        before = len(problems)
        normalized = convert(value, problems)
        if len(problems) > before:
            _prefix(name, problems, before)
        if normalized is not value:
            changes = changes or {}
            changes[name] = normalized
    for name, default in fallbacks:
        value = getattr(entry, name) if changes is None else changes.get(name, getattr(entry, name))
        if value is None:
            changes = changes or {}
            changes[name] = default
    if not changes:
        return entry
    if not in_place:
        return msgspec.structs.replace(entry, **changes)
    for name, value in changes.items():
        setattr(entry, name, value)
    return entry


def _prefix(name: str, problems: Problems, first: int) -> None:
    for place in range(first, len(problems)):
        path, problem = problems[place]
        problems[place] = (f"{name}.{path}" if path else name, problem)


def normalize(entry: Entry, *, in_place: bool = False) -> tuple[Entry, Problems]:
    """Return the entry as the server accepts it, and the problems that were fixed.

    ``in_place`` changes the entry itself. Raises ``InvalidItemError`` if required fields are
    missing, such as the request of a command.
    """
    problems: Problems = []
    kind = type(entry)
    had_name = kind is Operation and getattr(entry, "name", None) is not None
    normalized = normalize_struct(entry, problems, in_place=in_place)
    complete = COMPLETIONS.get(kind)
    if complete is not None:
        normalized = complete(normalized, had_name, problems)
    for name in required_of(kind):
        if getattr(normalized, name) is None:
            if (kind, name) not in REQUIRED_FALLBACKS:
                reason = next((f": {p}" for path, p in problems if path == name), "")
                raise InvalidItemError(f"{entry.field}: {name} is missing{reason}")
            problems.append(
                (name, f"It is required, and becomes {REQUIRED_FALLBACKS[kind, name]!r}.")
            )
            normalized = msgspec.structs.replace(
                normalized, **{name: REQUIRED_FALLBACKS[kind, name]}
            )
    assert isinstance(normalized, Entry)
    return normalized, problems
