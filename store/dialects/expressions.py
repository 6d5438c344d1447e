"""Defines functions of JSON, text, numbers and time that databases spell differently."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, func

from store.dialects.json_leaf import JsonLeaf


class Expressions(ABC):
    @abstractmethod
    def json_leaf(self, column: ColumnElement[Any], path: Sequence[str]) -> JsonLeaf:
        """Return the value at ``path`` (object keys only) inside a JSON column."""

    @abstractmethod
    def contains(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        """Return whether the text column contains ``text``, case-sensitive, without wildcards."""

    @abstractmethod
    def starts_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        """Return whether the text column starts with ``text``, case-sensitive, without wildcards."""

    @abstractmethod
    def ends_with(self, column: ColumnElement[Any], text: str) -> ColumnElement[bool]:
        """Return whether the text column ends with ``text``, case-sensitive, without wildcards."""

    @abstractmethod
    def fold_ascii_case(self, column: ColumnElement[Any]) -> ColumnElement[str]:
        """Return the text column with A to Z in lower case, and any other letter unchanged."""

    @abstractmethod
    def one_of(self, column: ColumnElement[Any], values: Sequence[Any]) -> ColumnElement[bool]:
        """Return whether the column is one of any number of values, as a single parameter."""

    @abstractmethod
    def by_code_point(self, column: ColumnElement[str]) -> ColumnElement[str]:
        """Order text by code points, the same on every database."""

    @abstractmethod
    def bin(
        self, column: ColumnElement[Any], step: timedelta, origin: datetime
    ) -> ColumnElement[datetime]:
        """Return the last instant at or before ``column`` that is whole steps after ``origin``.

        ``column`` never lies before ``origin``.
        """

    @abstractmethod
    def milliseconds(
        self, start: ColumnElement[Any], end: ColumnElement[Any]
    ) -> ColumnElement[float]: ...

    @abstractmethod
    def wide(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        """Return a number that may exceed the range of its type; slower or less exact."""

    def exact_sum(self, value: ColumnElement[Any]) -> ColumnElement[Any]:
        return func.sum(self.wide(value))
