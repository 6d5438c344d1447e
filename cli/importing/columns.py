"""Mapping of table columns to fields: checked before anything is sent, then applied to each row."""

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from cli.importing.fields import (
    MIN_SIMILARITY,
    Field,
    UnknownFieldError,
    field_list,
    field_of,
    quoted,
)
from cli.importing.records import Operation, merged
from cli.importing.times import ReadTime

REQUIRED = {
    "occurredAt": "the time of the operation: without it a second import cannot recognize the record",
    "kind": "API, TOOL or LLM: such as --set kind=API",
    "name": "the name to group by: such as --set name=chat",
}
PARTS = {"api": "API", "tool": "TOOL", "llm": "LLM"}
"""Parts of an operation by the kind that may have them."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    field: str
    value: str


def read_maps(texts: Sequence[str]) -> list[ColumnMapping]:
    """Parse ``COLUMN=FIELD``. The name of a column may contain an equals sign."""
    return [
        ColumnMapping(field, column)
        for column, field in _pairs(texts, "--map", "COLUMN=FIELD", True)
    ]


def read_sets(texts: Sequence[str]) -> list[ColumnMapping]:
    """Parse ``FIELD=VALUE``. The value may contain an equals sign."""
    return [
        ColumnMapping(field, value) for field, value in _pairs(texts, "--set", "FIELD=VALUE", False)
    ]


def _pairs(texts: Sequence[str], option: str, form: str, from_end: bool) -> list[tuple[str, str]]:
    pairs = []
    for pair in texts:
        left, sign, right = pair.rpartition("=") if from_end else pair.partition("=")
        if not (sign and left and right):
            raise typer.BadParameter(f"{quoted(pair)} is not {form}", param_hint=option)
        pairs.append((left, right.strip() if from_end else right))
    return pairs


class ColumnMappingError(Exception):
    """All problems of a mapping, with hints."""

    def __init__(self, problems: Sequence[str], hints: Sequence[str] = ()) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)
        self.hints = tuple(hints)


def constants(mappings: Sequence[ColumnMapping], read_time: ReadTime) -> Operation:
    """Return the fields that all operations share; raise ``ColumnMappingError``."""
    operation: Operation = {}
    problems, hints = [], set()
    for mapping in mappings:
        try:
            field_of(mapping.field, read_time).put(operation, mapping.value)
        except ValueError as error:
            problems.append(str(error))
            hints |= {field_list()} if isinstance(error, UnknownFieldError) else set()
    if problems:
        raise ColumnMappingError(problems, sorted(hints))
    return operation


@dataclass(frozen=True, slots=True)
class Columns:
    count: int
    fields: tuple[tuple[int, Field], ...]
    constants: Operation

    def operation(self, row: Sequence[str]) -> Operation:
        """Return the operation of a row; empty cells are omitted. Raises ``ValueError``."""
        if len(row) != self.count:
            raise ValueError(f"{len(row)} cells, where the header has {self.count}")
        operation: Operation = {}
        for index, field in self.fields:
            if cell := row[index]:
                field.put(operation, cell)
        complete = merged(operation, self.constants)
        for name in REQUIRED:
            if name not in complete and not (name == "occurredAt" and "id" in complete):
                raise ValueError(f"{name}: the cell is empty")
        return complete


def plan_columns(
    header: Sequence[str],
    maps: Sequence[ColumnMapping],
    sets: Sequence[ColumnMapping],
    read_time: ReadTime,
) -> Columns:
    """Resolve the mappings against a header; raise ``ColumnMappingError``."""
    problems, hints = _header_problems(header), set()
    fixed: Operation = {}
    try:
        fixed = constants(sets, read_time)
    except ColumnMappingError as mistakes:
        problems += mistakes.problems
        hints |= set(mistakes.hints)
    fields = []
    for mapping in maps:
        if mapping.value not in header:
            problems.append(
                f"there is no column {quoted(mapping.value)}{_suggestion(mapping.value, header)}"
            )
            hints.add(f"The columns are {', '.join(map(quoted, header))}.")
        try:
            field = field_of(mapping.field, read_time)
        except UnknownFieldError as error:
            problems.append(str(error))
            hints.add(field_list())
        except ValueError as error:
            problems.append(str(error))
        else:
            fields.append((mapping.value, field))
    problems += _combination_problems([w.field for w in maps], [w.field for w in sets], fixed)
    if problems:
        raise ColumnMappingError(problems, sorted(hints))
    return Columns(
        len(header), tuple((header.index(column), field) for column, field in fields), fixed
    )


def _header_problems(header: Sequence[str]) -> list[str]:
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        return [f"columns of the same name ({', '.join(twice)}): name all of them with --columns"]
    return []


def _suggestion(name: str, header: Sequence[str]) -> str:
    lower = {column.lower(): column for column in header}
    close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=MIN_SIMILARITY)
    return f": did you mean {lower[close[0]]}?" if close else ""


def _combination_problems(
    mapped: Sequence[str], constant: Sequence[str], fixed: Operation
) -> list[str]:
    named = Counter((*mapped, *constant))
    problems = [f"{name} is filled twice" for name, count in named.items() if count > 1]
    problems += [
        f"nothing is mapped to {name}, {why}"
        for name, why in REQUIRED.items()
        if name not in named and not (name == "occurredAt" and "id" in named)
    ]
    if kind := fixed.get("kind"):
        problems += [
            f"{name} belongs to kind {PARTS[part]}, not {kind}"
            for name in named
            if (part := name.partition(".")[0]) in PARTS and PARTS[part] != kind
        ]
    if "interaction.units" in named and "interaction.type" not in named:
        problems.append("interaction.units needs interaction.type beside it")
    return problems
