"""One place in a JSON column as SQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, literal

from models.types import JsonNumber


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

    def one_of(self, values: Iterable[Any]) -> list[ColumnElement[bool]]:
        """A condition per JSON value (string, number, boolean or null)."""
        found: list[ColumnElement[bool]] = []
        for value in values:
            if value is None:
                found.append(self.kind == "null")
            elif isinstance(value, bool):
                found.append(self.truth == value)
            elif isinstance(value, int | float):
                found.append(self.number == literal(value, JsonNumber()))
            else:
                found.append(self.text == value)
        return found
