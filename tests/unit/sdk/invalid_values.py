"""Values that callers pass and no field expects: of other libraries, of mistakes, of broken classes."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from fractions import Fraction
from http import HTTPStatus
from pathlib import Path
from typing import Any, NoReturn


class Unreadable:
    """An object of which every look raises."""

    def __str__(self) -> NoReturn:
        raise RuntimeError("no text")

    def __repr__(self) -> NoReturn:
        raise RuntimeError("no text")

    def __bool__(self) -> NoReturn:
        raise RuntimeError("no truth")

    def __eq__(self, other: object) -> NoReturn:
        raise RuntimeError("not comparable")

    def __hash__(self) -> NoReturn:
        raise RuntimeError("no hash")

    def __len__(self) -> NoReturn:
        raise RuntimeError("no length")

    def __iter__(self) -> NoReturn:
        raise RuntimeError("no members")

    @property  # type: ignore[misc]
    def __class__(self) -> NoReturn:  # type: ignore[override]
        raise RuntimeError("no class")


class UnreadableError(Exception):
    """An exception without a text."""

    def __str__(self) -> NoReturn:
        raise RuntimeError("no text")


class Scalar:
    """A number of another library, such as ``numpy.int64``."""

    dtype = "int64"
    shape: tuple[int, ...] = ()
    size = 1

    def __init__(self, value: Any) -> None:
        self._value = value

    def item(self) -> Any:
        return self._value


class BrokenScalar(Scalar):
    """One that cannot be read."""

    def item(self) -> NoReturn:
        raise ValueError("only one element arrays can be converted")


class Array(Scalar):
    """An array of another library."""

    shape: tuple[int, ...] = (2,)
    size = 2

    def tolist(self) -> Any:
        return self._value

    def item(self) -> NoReturn:
        raise ValueError("only one element arrays can be converted")


class Colour(Enum):
    """An enum."""

    RED = "red"
    NUMBER = 7


class Level(IntEnum):
    """A numeric enum."""

    INFO = 20


class Text(str):
    """A text of another library."""

    __slots__ = ()


@dataclass
class Lesson:
    """A record of the caller's."""

    topic: str
    parts: list[Any]


def cyclic() -> dict[str, Any]:
    """Return an object that holds itself."""
    node: dict[str, Any] = {"n": 1}
    node["self"] = node
    return node


def shared() -> dict[str, Any]:
    """Return an object that is small in memory, and without an end as JSON."""
    tree: Any = "leaf"
    for _ in range(14):
        tree = {str(name): tree for name in range(10)}
    assert isinstance(tree, dict)
    return tree


def deep() -> Any:
    """Return a list in a list in a list, further than Python would follow."""
    nested: Any = []
    for _ in range(5_000):
        nested = [nested]
    return nested


ODD: dict[str, Callable[[], Any]] = {
    "unreadable": Unreadable,
    "an unreadable error": UnreadableError,
    "an error": lambda: ValueError("no such lesson"),
    "a bare object": object,
    "a class": lambda: Unreadable,
    "a function": lambda: cyclic,
    "a whole number of a library": lambda: Scalar(7),
    "a float of a library": lambda: Scalar(7.5),
    "a truth of a library": lambda: Scalar(True),
    "a broken number of a library": lambda: BrokenScalar(7),
    "an array": lambda: Array([1, 2]),
    "a decimal": lambda: Decimal("12.50"),
    "a decimal that is no number": lambda: Decimal("sNaN"),
    "a huge decimal": lambda: Decimal("1e400"),
    "a fraction": lambda: Fraction(1, 3),
    "a complex number": lambda: 1 + 2j,
    "not a number": lambda: float("nan"),
    "infinite": lambda: float("inf"),
    "minus infinite": lambda: float("-inf"),
    "negative": lambda: -5,
    "a negative float": lambda: -0.5,
    "zero": lambda: 0,
    "a whole float": lambda: 200.0,
    "a large number": lambda: 2**63,
    "an endless number": lambda: 10**5_000,
    "true": lambda: True,
    "false": lambda: False,
    "an empty text": str,
    "a number as text": lambda: " 201 ",
    "a float as text": lambda: "12.5",
    "a word": lambda: "fast",
    "a lone surrogate": lambda: "a\ud800b",
    "a NUL": lambda: "a\0b",
    "a text of a library": lambda: Text("text"),
    "a long text": lambda: "x" * 300,
    "a longer text": lambda: "\N{SNOWMAN}" * 10_000,
    "a very long text": lambda: "x" * 300_000,
    "bytes": lambda: b"bytes",
    "bytes that are no text": lambda: b"\xff\xfe\x00",
    "a bytearray": lambda: bytearray(b"bytes"),
    "an enum": lambda: Colour.RED,
    "an enum of a number": lambda: Colour.NUMBER,
    "a numeric enum": lambda: Level.INFO,
    "a status": lambda: HTTPStatus.CREATED,
    "a UUID": uuid.uuid4,
    "a UUID as text": lambda: str(uuid.uuid4()),
    "a UUID as digits": lambda: uuid.uuid4().hex,
    "a naive datetime": lambda: datetime(2026, 3, 1, 12),  # noqa: DTZ001 - that is the mistake
    "an aware datetime": lambda: datetime(2026, 3, 1, 12, tzinfo=UTC),
    "an early datetime": lambda: datetime(1969, 1, 1, tzinfo=UTC),
    "a late datetime": lambda: datetime(9999, 12, 31, tzinfo=UTC),
    "a date": lambda: date(2026, 3, 1),
    "a timestamp": lambda: 1_772_366_400.25,
    "a timestamp in milliseconds": lambda: 1_772_366_400_250,
    "a timedelta": lambda: timedelta(seconds=1.5),
    "a negative timedelta": lambda: timedelta(seconds=-1.5),
    "a set": lambda: {"b", "a"},
    "a tuple": lambda: ("a", 1),
    "a list": lambda: ["a", {"b": 1}],
    "a dict": lambda: {"a": 1},
    "a dict of other keys": lambda: {1: "a", None: "b", (1, 2): "c", b"k": "d", Colour.RED: "e"},
    "a dict of colliding keys": lambda: {1: "a", "1": "b", "a\0": 1, "a\ufffd": 2},
    "a dict of odd members": lambda: {"a": Unreadable(), "b": Scalar(1), "c": {1}, "d": b"\xff"},
    "a dict with an unreadable key": lambda: {UnreadableError(): 1, "b": 2},
    "a large dict": lambda: {"large": "x" * 100_000, "small": 1},
    "a wide dict": lambda: {f"name {number}": number for number in range(30_000)},
    "a cyclic dict": cyclic,
    "a shared dict": shared,
    "a deep list": deep,
    "a record": lambda: Lesson("fractions", [1, Lesson("more", [])]),
    "a path": lambda: Path("server/app.py"),
    "an iterator": lambda: iter([1]),
}
"""Makers of odd values, by what they are."""
