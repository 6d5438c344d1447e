"""Values that no column should hold, for the fields of operations that a list shows."""

import math
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from models.enums import OperationKind, Outcome

MISSING = object()
"""Stands for an attribute that is not there at all."""


class OtherText(str):
    """Text of a class of its own, as drivers make them."""

    __slots__ = ()


class OtherUuid(UUID):
    """A UUID of a class of its own, as drivers make them."""

    def __init__(self, text: str = "019aa5d2-7c1a-7e43-9c35-6f2b6c0d1e2f") -> None:
        super().__init__(text)


class ShownUuid(OtherUuid):
    """A UUID that says something else of itself."""

    def __str__(self) -> str:
        return "not what it is"


class OtherInstant(datetime):
    """An instant of a class of its own."""


class Count(IntEnum):
    """A whole number of a class of its own."""

    SEVEN = 7


class Silent:
    """An object that cannot even be shown."""

    def __repr__(self) -> str:
        raise ValueError("nothing to show")


INSTANT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ODD: tuple[Any, ...] = (
    None,
    MISSING,
    True,
    7,
    -1.5,
    "text",
    "",
    b"bytes",
    [],
    {},
    object(),
    ValueError("a value"),
)
NUMBERS = (
    math.nan, math.inf, -math.inf, -0.0, 1e308, 5e-324, 0, 2**53 + 1, 2**63, 2**70, -(2**70), Count.SEVEN,
    Decimal("1.5"), "1.5", " 7 ", "7",
)  # fmt: skip

SPOILED: dict[str, tuple[Any, ...]] = {
    "name": (*ODD, OtherText("text"), Outcome.OK, "\x00", "\ud800", "\u2028", Decimal("1.0")),
    "client": (*ODD, OtherText("text")),
    "user_id": (*ODD, OtherText("text"), 2**70, 7.0, 7.5, math.nan, UUID(int=7)),
    "duration_ms": (*ODD, *NUMBERS),
    "status_code": (*ODD, *NUMBERS),
    "cache_hit": (*ODD, 0, 1, 2, 0.0, math.nan, "true"),
    "uuid": (*ODD, OtherUuid(), ShownUuid(), str(UUID(int=7)), UUID(int=0)),
    "session_id": (*ODD, OtherText("text"), OtherUuid(), UUID(int=7), 2**70, 7.0, 7.5),
    "request_id": (*ODD, OtherUuid(), ShownUuid(), UUID(int=2**128 - 1)),
    "occurred_at": (
        *ODD, datetime(2026, 11, 21, 9, 30), date(2026, 11, 21), "2026-11-21T09:30:00Z",  # noqa: DTZ001
        INSTANT.astimezone(timezone(timedelta(hours=1))), INSTANT.astimezone(timezone(timedelta(0))),
        INSTANT.astimezone(ZoneInfo("UTC")), INSTANT.astimezone(ZoneInfo("Pacific/Auckland")),
        INSTANT.replace(microsecond=1), INSTANT.replace(microsecond=100_000), INSTANT.replace(fold=1),
        INSTANT.replace(year=1), INSTANT.replace(year=999), datetime.max.replace(tzinfo=UTC),
        datetime.min.replace(tzinfo=UTC), datetime.min.replace(tzinfo=timezone(timedelta(hours=1))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-1))),
        INSTANT.astimezone(timezone(timedelta(seconds=1))), OtherInstant(2026, 1, 1, tzinfo=UTC),
    ),
    "kind": (*ODD, "NONE", "api", OtherText("API"), OperationKind.API, Outcome.OK, " API"),
    "price_status": (*ODD, "PRICED", "priced"),
    "attributes": (
        *ODD, (1, 2), {"a": math.nan}, {"a": (1,)}, {1: 2}, {"a": INSTANT}, {"a": 2**64}, [2**70],
        {"a": {1, 2}}, {"a": UUID(int=7)}, {"a": Decimal("1.50")}, OtherText("text"), Count.SEVEN,
        math.inf, {"a": "\ud800"}, {"a": object()},
    ),
}  # fmt: skip
"""By attribute of an operation, the values that one of many gets."""
