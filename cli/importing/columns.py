"""What becomes of the columns of a table: checked before anything is sent, then applied row by row."""

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import typer

from cli.importing.fields import SIMILAR, Field, UnknownFieldError, find_field, listing, shown
from cli.importing.records import Operation, merged
from cli.importing.times import ReadTime

REQUIRED = {
    "occurredAt": "when it happened: without it a second import could not know what is there",
    "kind": "API, TOOL or LLM: such as --set kind=API",
    "name": "by which people will group it: such as --set name=chat",
}
PARTS = {"api": "API", "tool": "TOOL", "llm": "LLM"}
"""The part of an operation that only one kind may have."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What a person asked for with ``--map COLUMN=FIELD`` or ``--set FIELD=VALUE``."""

    field: str
    value: str


def read_maps(texts: Sequence[str]) -> list[ColumnMapping]:
    """``COLUMN=FIELD``; a column's name may hold an equals sign itself, a field's never does."""
    return [
        ColumnMapping(field, column)
        for column, field in _pairs(texts, "--map", "COLUMN=FIELD", True)
    ]


def read_sets(texts: Sequence[str]) -> list[ColumnMapping]:
    """``FIELD=VALUE``; the value may hold an equals sign."""
    return [
        ColumnMapping(field, value) for field, value in _pairs(texts, "--set", "FIELD=VALUE", False)
    ]


def _pairs(texts: Sequence[str], option: str, form: str, from_end: bool) -> list[tuple[str, str]]:
    pairs = []
    for pair in texts:
        left, sign, right = pair.rpartition("=") if from_end else pair.partition("=")
        if not (sign and left and right):
            raise typer.BadParameter(f"{shown(pair)} is not {form}", param_hint=option)
        pairs.append((left, right.strip() if from_end else right))
    return pairs


class ColumnMappingError(Exception):
    """Everything that is wrong with what was asked for, and what would have been possible."""

    def __init__(self, problems: Sequence[str], hints: Sequence[str] = ()) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)
        self.hints = tuple(hints)


def constants(wishes: Sequence[ColumnMapping], read_time: ReadTime) -> Operation:
    """The part of every operation that is the same; raises ``ColumnMappingError``."""
    operation: Operation = {}
    problems, hints = [], set()
    for wish in wishes:
        try:
            find_field(wish.field, read_time).put(operation, wish.value)
        except ValueError as error:
            problems.append(str(error))
            hints |= {listing()} if isinstance(error, UnknownFieldError) else set()
    if problems:
        raise ColumnMappingError(problems, sorted(hints))
    return operation


@dataclass(frozen=True, slots=True)
class Columns:
    """How a row becomes an operation."""

    count: int
    fields: tuple[tuple[int, Field], ...]
    constants: Operation

    def operation(self, row: Sequence[str]) -> Operation:
        """The operation of one row; an empty cell is no value. Raises ``ValueError``."""
        if len(row) != self.count:
            raise ValueError(f"{len(row)} cells, where the header has {self.count}")
        operation: Operation = {}
        for index, field in self.fields:
            if cell := row[index]:
                field.put(operation, cell)
        whole = merged(operation, self.constants)
        for name in REQUIRED:
            if name not in whole and not (name == "occurredAt" and "id" in whole):
                raise ValueError(f"{name}: the cell is empty")
        return whole


def plan(
    header: Sequence[str],
    maps: Sequence[ColumnMapping],
    sets: Sequence[ColumnMapping],
    read_time: ReadTime,
) -> Columns:
    """The plan for a table with these columns; raises ``ColumnMappingError``."""
    problems, hints = _header_problems(header), set()
    fixed: Operation = {}
    try:
        fixed = constants(sets, read_time)
    except ColumnMappingError as mistakes:
        problems += mistakes.problems
        hints |= set(mistakes.hints)
    fields = []
    for wish in maps:
        if wish.value not in header:
            problems.append(f"there is no column {shown(wish.value)}{_meant(wish.value, header)}")
            hints.add(f"The columns are {', '.join(map(shown, header))}.")
        try:
            field = find_field(wish.field, read_time)
        except UnknownFieldError as error:
            problems.append(str(error))
            hints.add(listing())
        except ValueError as error:
            problems.append(str(error))
        else:
            fields.append((wish.value, field))
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


def _meant(name: str, header: Sequence[str]) -> str:
    lower = {column.lower(): column for column in header}
    close = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=SIMILAR)
    return f": did you mean {lower[close[0]]}?" if close else ""


def _combination_problems(
    mapped: Sequence[str], constant: Sequence[str], fixed: Operation
) -> list[str]:
    """Fields that are missing, filled twice, or of another kind than the operations are."""
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
