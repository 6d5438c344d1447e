"""The fields of an operation that a column or a constant can fill, and how text becomes their value."""

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
"""Text to JSON value; raises ``ValueError`` with what was expected."""

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
WHOLE = re.compile(r"[+-]?\d{1,25}(\.0*)?", re.ASCII)
TRUE, FALSE = {"true", "t", "yes", "y", "1"}, {"false", "f", "no", "n", "0"}
SIMILAR = 0.6
"""How much of a name must be the same for it to be what was meant."""


def text(value: str) -> str:
    """Any text, as it is."""
    return value


def whole(value: str, low: int = LONG_MIN, high: int = LONG_MAX) -> int:
    """A whole number; 12.0 is one, 12.5 is not."""
    if not WHOLE.fullmatch(value.strip()):
        raise ValueError(f"{shown(value)} is not a whole number")
    number = int(value.strip().partition(".")[0])
    if not low <= number <= high:
        raise ValueError(f"{shown(value)} is not from {low} to {high}")
    return number


def small(value: str) -> int:
    """A whole number of 32 bits, as GraphQL's own are."""
    return whole(value, INT_MIN, INT_MAX)


def number(value: str) -> float:
    """A finite number, with a point before its fraction and nothing between thousands."""
    found = float(value) if NUMBER.fullmatch(value.strip()) else math.nan
    if not math.isfinite(found):
        raise ValueError(f"{shown(value)} is not a number")
    return found


def boolean(value: str) -> bool:
    """Yes or no, in the words that files use."""
    word = value.strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError(f"{shown(value)} is not true or false")
    return word in TRUE


def uuid(value: str) -> str:
    """A UUID."""
    try:
        return str(UUID(value.strip()))
    except ValueError:
        raise ValueError(f"{shown(value)} is not a UUID") from None


def any_json(value: str) -> Any:
    """Any JSON value."""
    try:
        return json.loads(value, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ValueError(f"{shown(value)} is not JSON") from None


def json_object(value: str) -> dict[str, Any]:
    """A JSON object."""
    found = any_json(value)
    if not isinstance(found, dict):
        raise ValueError(f"{shown(value)} is not a JSON object")
    return found


def json_list(value: str) -> list[Any]:
    """A JSON list."""
    found = any_json(value)
    if not isinstance(found, list):
        raise ValueError(f"{shown(value)} is not a JSON list")
    return found


def one_of(words: type[StrEnum]) -> Read:
    """One of these words, however they are cased."""

    def read(value: str) -> str:
        word = value.strip().upper()
        if word not in list(words):
            raise ValueError(f"{shown(value)} is not one of {', '.join(words)}")
        return word

    return read


def time(value: str) -> NoReturn:
    """Stands for the reader of times, which depends on options."""
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
    ValueType.INTEGER: whole,
    ValueType.INT32: small,
    ValueType.OBJECT: json_object,
    ValueType.LIST: json_list,
}
FIELDS: dict[str, Read] = {
    field.import_name: READERS[field.type]
    for field in OPERATION_FIELDS
    if field.part is not Part.DERIVED
}
"""Every field of ``OperationInput``; a test holds the list against the schema."""

FREE = ("attributes.", "tool.parameters.")
"""Below these any name may stand, with ``:number`` and the like for what is not text."""
FREE_TYPES: dict[str, Read] = {
    "text": text,
    "whole": whole,
    "number": number,
    "boolean": boolean,
    "json": any_json,
}
FREE_FORM = f"attributes.NAME (text; or attributes.NAME:{'|'.join(list(FREE_TYPES)[1:])})"


class UnknownFieldError(ValueError):
    """A name that is no field's."""


@dataclass(frozen=True, slots=True)
class Field:
    """A place in an operation, and how a text is read into it."""

    name: str
    path: tuple[str, ...]
    read: Read

    def put(self, operation: Operation, value: str) -> None:
        """Fill the place; raises ``ValueError`` that names it."""
        try:
            found = self.read(value)
        except ValueError as error:
            raise ValueError(f"{self.name}: {error}") from error
        part = operation
        for step in self.path[:-1]:
            part = part.setdefault(step, {})
        part[self.path[-1]] = found


def find_field(name: str, read_time: ReadTime) -> Field:
    """The field of that name; raises ``ValueError`` with those that there are."""
    if name == "occurredAt":
        return Field(name, (name,), lambda value: write_time(read_time(value)))
    if name in FIELDS:
        return Field(name, tuple(name.split(".")), FIELDS[name])
    for prefix in FREE:
        if name.startswith(prefix) and len(name) > len(prefix):
            return _free_field(name, prefix)
    raise UnknownFieldError(f"there is no field {shown(name)}{_meant(name)}")


def listing() -> str:
    """All fields, as a message shows them."""
    return f"The fields are {', '.join(FIELDS)}, {FREE_FORM}."


def shown(value: str) -> str:
    """A value as a message repeats it."""
    return repr(value if len(value) <= 60 else value[:57] + "...")


def _free_field(name: str, prefix: str) -> Field:
    key, colon, kind = name.removeprefix(prefix).rpartition(":")
    if not colon:
        key, kind = kind, "text"
    if kind not in FREE_TYPES or not key:
        raise ValueError(f"{shown(name)} ends in none of :{', :'.join(FREE_TYPES)}")
    return Field(name, (*prefix.rstrip(".").split("."), key), FREE_TYPES[kind])


def _meant(name: str) -> str:
    by_ending = {full.rpartition(".")[2].lower(): full for full in FIELDS}
    last = name.rpartition(".")[2].lower()
    close = difflib.get_close_matches(last, by_ending, n=1, cutoff=SIMILAR)
    return f": did you mean {by_ending[close[0]]}?" if close else ""


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)
