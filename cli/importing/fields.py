"""Fields of an operation that a column or constant can fill, and the parsers of their values."""

import difflib
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn
from uuid import UUID

from cli.importing.records import Operation
from cli.importing.times import ReadTime, write_time
from models.enums import OperationKind, Outcome
from models.field_declarations import Part, ValueType
from models.operation_fields import OPERATION_FIELDS
from store.validation import INT_MAX, INT_MIN, LONG_MAX, LONG_MIN

Read = Callable[[str], Any]
"""Parser of a text; raises ``ValueError`` with the expected form."""

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
WHOLE = re.compile(r"[+-]?\d{1,25}(\.0*)?", re.ASCII)
TRUE, FALSE = {"true", "t", "yes", "y", "1"}, {"false", "f", "no", "n", "0"}
MIN_SIMILARITY = 0.6
"""Similarity from which a name is suggested."""


def text(value: str) -> str:
    return value


def integer(value: str, low: int = LONG_MIN, high: int = LONG_MAX) -> int:
    if not WHOLE.fullmatch(value.strip()):
        raise ValueError(f"must be an integer (got {quoted(value)})")
    number = int(value.strip().partition(".")[0])
    if not low <= number <= high:
        raise ValueError(f"must be from {low} to {high} (got {quoted(value)})")
    return number


def int32(value: str) -> int:
    return integer(value, INT_MIN, INT_MAX)


def number(value: str) -> float:
    """Parse a finite number, without thousands separators."""
    parsed = float(value) if NUMBER.fullmatch(value.strip()) else math.nan
    if not math.isfinite(parsed):
        raise ValueError(f"must be a number (got {quoted(value)})")
    return parsed


def boolean(value: str) -> bool:
    word = value.strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError(f"must be true or false (got {quoted(value)})")
    return word in TRUE


def uuid(value: str) -> str:
    try:
        return str(UUID(value.strip()))
    except ValueError:
        raise ValueError(f"must be a UUID (got {quoted(value)})") from None


def any_json(value: str) -> Any:
    try:
        return json.loads(value, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ValueError(f"must be valid JSON (got {quoted(value)})") from None


def json_object(value: str) -> dict[str, Any]:
    parsed = any_json(value)
    if not isinstance(parsed, dict):
        raise ValueError(f"must be a JSON object (got {quoted(value)})")
    return parsed


def json_list(value: str) -> list[Any]:
    parsed = any_json(value)
    if not isinstance(parsed, list):
        raise ValueError(f"must be a JSON list (got {quoted(value)})")
    return parsed


def one_of(words: type[StrEnum]) -> Read:

    def read(value: str) -> str:
        word = value.strip().upper()
        if word not in list(words):
            raise ValueError(f"must be one of {', '.join(words)} (got {quoted(value)})")
        return word

    return read


def time(value: str) -> NoReturn:
    """Stand for the time parser, which depends on options."""
    raise AssertionError(value)


READERS: dict[ValueType, Read] = {
    ValueType.TEXT: text,
    ValueType.ID: text,
    ValueType.SESSION_ID: text,
    ValueType.KIND: one_of(OperationKind),
    ValueType.OUTCOME: one_of(Outcome),
    ValueType.UUID: uuid,
    ValueType.INSTANT: time,
    ValueType.BOOLEAN: boolean,
    ValueType.MILLISECONDS: number,
    ValueType.INTEGER: integer,
    ValueType.INT32: int32,
    ValueType.OBJECT: json_object,
    ValueType.LIST: json_list,
}
FIELDS: dict[str, Read] = {
    field.import_name: READERS[field.type]
    for field in OPERATION_FIELDS
    if field.part is not Part.DERIVED
}
"""Every field of ``OperationInput``; a test compares them with the schema."""

CUSTOM_PREFIXES = ("attributes.", "tool.parameters.")
"""Prefixes of custom fields. Suffixes such as ``:number`` set types other than text."""
CUSTOM_TYPES: dict[str, Read] = {
    "text": text,
    "whole": integer,
    "number": number,
    "boolean": boolean,
    "json": any_json,
}
CUSTOM_FORM = f"attributes.NAME (text; or attributes.NAME:{'|'.join(list(CUSTOM_TYPES)[1:])})"


class UnknownFieldError(ValueError):
    """The field does not exist."""


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    path: tuple[str, ...]
    read: Read

    def put(self, operation: Operation, value: str) -> None:
        """Set the field; raise ``ValueError`` that names it."""
        try:
            parsed = self.read(value)
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from error
        part = operation
        for step in self.path[:-1]:
            part = part.setdefault(step, {})
        part[self.path[-1]] = parsed


def field_of(name: str, read_time: ReadTime) -> Field:
    """Return the field with this name; raise ``ValueError`` with similar names."""
    if name == "occurredAt":
        return Field(name, (name,), lambda value: write_time(read_time(value)))
    if name in FIELDS:
        return Field(name, tuple(name.split(".")), FIELDS[name])
    for prefix in CUSTOM_PREFIXES:
        if name.startswith(prefix) and len(name) > len(prefix):
            return _custom_field(name, prefix)
    raise UnknownFieldError(f"there is no field {quoted(name)}{_suggestion(name)}")


def field_list() -> str:
    return f"The fields are {', '.join(FIELDS)}, {CUSTOM_FORM}."


def quoted(value: str) -> str:
    return repr(value if len(value) <= 60 else value[:57] + "...")


def _custom_field(name: str, prefix: str) -> Field:
    key, colon, kind = name.removeprefix(prefix).rpartition(":")
    if not colon:
        key, kind = kind, "text"
    if kind not in CUSTOM_TYPES or not key:
        raise ValueError(f"{quoted(name)} must end in one of :{', :'.join(CUSTOM_TYPES)}")
    return Field(name, (*prefix.rstrip(".").split("."), key), CUSTOM_TYPES[kind])


def _suggestion(name: str) -> str:
    by_ending = {full.rpartition(".")[2].lower(): full for full in FIELDS}
    last = name.rpartition(".")[2].lower()
    close = difflib.get_close_matches(last, by_ending, n=1, cutoff=MIN_SIMILARITY)
    return f": did you mean {by_ending[close[0]]}?" if close else ""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
