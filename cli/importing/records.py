"""What a reader finds in a source: records to be sent, and lines that are none."""

from dataclasses import dataclass
from typing import Any

Operation = dict[str, Any]
"""One ``OperationInput`` of the GraphQL API, as JSON."""


@dataclass(frozen=True, slots=True)
class Record:
    """An operation, the line it came from (the first of several), and how many bytes it had."""

    line: int
    operation: Operation
    size: int


@dataclass(frozen=True, slots=True)
class Malformed:
    """A line that is not what it should be."""

    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class RepeatedHeader:
    """A header that stands in the middle of a table, as in files that were joined."""

    line: int


Found = Record | Malformed | RepeatedHeader


def merged(operation: Operation, constants: Operation) -> Operation:
    """The operation with the constants added; what the operation says itself goes before."""
    if not constants:
        return operation
    whole = {**constants, **operation}
    for name, part in constants.items():
        if isinstance(part, dict) and name in operation:
            whole[name] = {**part, **operation[name]}
    return whole
