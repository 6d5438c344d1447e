"""Results of reading a source: records, and lines that are not records."""

from dataclasses import dataclass
from typing import Any

Operation = dict[str, Any]
"""One ``OperationInput`` of the GraphQL API, as JSON."""


@dataclass(frozen=True, slots=True)
class Record:
    """An operation, its (first) line, and its size in bytes."""

    line: int
    operation: Operation
    size: int


@dataclass(frozen=True, slots=True)
class Malformed:
    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class RepeatedHeader:
    """A header within a table, as in concatenated files."""

    line: int


ReadItem = Record | Malformed | RepeatedHeader


def merged(operation: Operation, constants: Operation) -> Operation:
    """Add constants to an operation, whose own values take precedence."""
    if not constants:
        return operation
    combined = {**constants, **operation}
    for name, part in constants.items():
        if isinstance(part, dict) and name in operation:
            combined[name] = {**part, **operation[name]}
    return combined
