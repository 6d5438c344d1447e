"""Defines writes that take place only where a row still is what the writer has seen."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import JSON, Column, Table

from store.dialects.attempts import TransactionAttempt
from store.dialects.insert_plans import Convert, encode_json


@dataclass(frozen=True, slots=True)
class Absence:
    """A condition: no row of ``table`` equals the values, has another ``unlike`` and one of ``among``."""

    table: Table
    equal: tuple[str, ...]
    unlike: str | None = None
    among: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.equal, *(name for name in (self.unlike, self.among) if name is not None))


@dataclass(frozen=True, slots=True)
class ChildRows:
    """Rows that are written with the guarded one: inserted, or replaced by their primary key."""

    table: Table
    names: tuple[str, ...]
    replaces: bool = False


@dataclass(frozen=True, eq=False)
class GuardedPlan:
    """The shape of a guarded write; built once, and compiled once by each dialect.

    With ``expected`` columns the row with ``key`` is updated where it has their values. Without any
    it is inserted where its key is new.
    """

    table: Table
    key: tuple[str, ...]
    expected: tuple[str, ...]
    changed: tuple[str, ...]
    absences: tuple[Absence, ...] = ()
    children: tuple[ChildRows, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.key, *self.expected, *self.changed)


class GuardedChange(NamedTuple):
    """The values of one write, in the order of its plan's names; rows for each kind of children."""

    values: Sequence[Any]
    absences: Sequence[Sequence[Any]]
    children: Sequence[Sequence[Sequence[Any]]]


class GuardedWriter(ABC):
    @abstractmethod
    async def write(
        self,
        plan: GuardedPlan,
        changes: Sequence[GuardedChange],
        attempt: TransactionAttempt,
        seconds: float,
    ) -> bool:
        """Write all changes in a transaction of their own, or nothing where a guard fails: False.

        The changes stand in the order of their keys, so that two writers do not block each other.
        """


def json_text(value: Any) -> str | None:
    return None if value is None else encode_json(value)


def converters_of(
    table: Table, names: Sequence[str], convert: Callable[[Column[Any]], Convert | None]
) -> tuple[Convert | None, ...]:
    """Return the converter of each column's values; JSON, which is encoded here, may be None."""
    columns = [table.c[name] for name in names]
    return tuple(json_text if isinstance(c.type, JSON) else convert(c) for c in columns)
