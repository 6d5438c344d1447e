"""Defines how a database writes records as JSON objects."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Column


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a JSON object: a column's value, or ``constant`` where there is no column.

    ``names`` are the only texts that the member may show. Whole numbers are divided by ``divisor``.
    A required member is never null.
    """

    name: str
    column: str | None = None
    constant: str = ""
    names: tuple[str, ...] | None = None
    divisor: int | None = None
    is_required: bool = False


class JsonObjects(ABC):
    @abstractmethod
    def write(
        self, members: Sequence[Member], columns: Sequence[Column[object] | None]
    ) -> str | None:
        """Return SQL for the text of an object, over columns of these names; None if it cannot write it.

        The text is, byte for byte, what the server writes. SQL gives null for an object with a value
        that the database would write otherwise.
        """


class NoJsonObjects(JsonObjects):
    """The server writes all objects."""

    def write(
        self, members: Sequence[Member], columns: Sequence[Column[object] | None]
    ) -> str | None:
        del members, columns
        return None
