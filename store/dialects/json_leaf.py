"""One place in a JSON column as SQL."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, type_coerce

from models.types import JsonNumber

OneOf = Callable[[ColumnElement[Any], Sequence[Any]], ColumnElement[bool]]
"""Makes the condition that a column is one of some values."""


@dataclass(frozen=True, slots=True)
class JsonLeaf:
    """One place in a JSON column as SQL: its kind, and its value in three readings.

    ``kind`` is ``string``, ``number``, ``boolean``, ``null``, ``object``, ``array``, or SQL NULL
    where there is nothing; each reading is NULL unless the kind fits.
    """

    kind: ColumnElement[str]
    text: ColumnElement[str]
    number: ColumnElement[float]
    truth: ColumnElement[bool]

    def one_of(self, values: Iterable[Any], one_of: OneOf) -> list[ColumnElement[bool]]:
        """Return conditions of which one holds for a JSON value (string, number, boolean or null).

        One for each kind of value: a chain of a thousand is more than SQLite takes.
        """
        conditions: list[ColumnElement[bool]] = []
        texts: list[str] = []
        numbers: list[int | float] = []
        for value in dict.fromkeys((type(value), value) for value in values):
            match value[1]:
                case None:
                    conditions.append(self.kind == "null")
                case bool(truth):
                    conditions.append(self.truth == truth)
                case int(number) | float(number):
                    numbers.append(number)
                case text:
                    texts.append(text)
        if texts:
            conditions.append(one_of(self.text, texts))
        if numbers:
            conditions.append(one_of(type_coerce(self.number, JsonNumber()), numbers))
        return conditions
