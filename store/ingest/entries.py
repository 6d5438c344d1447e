"""What the ingest writer takes: checked entries that wait for their result."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Any, Protocol, TypeAlias
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from store.dialects import DatabaseDialect
from store.errors import ConflictError, StoreError
from store.ingest.usage import UsageRecord

RecordId: TypeAlias = UUID | str
"""The own id of a record: sessions have a text, all others a UUID."""


class ItemStatus(StrEnum):
    ACCEPTED = "ACCEPTED"
    DUPLICATE = "DUPLICATE"
    REJECTED = "REJECTED"


class Lane(IntEnum):
    """What may have to wait for the same rows; entries of different lanes do not wait for each other.

    A call with entries of several lanes goes by the last of them.
    """

    OPERATIONS = 1
    """Rows of their own, which nobody else locks."""
    RECORDS = 2
    """Requests, sessions and circuit breakers: rows that others may change at the same time."""
    LIMITS = 3
    """Counters and limits, which many share."""


@dataclass(frozen=True, slots=True)
class ItemResult:
    """The answer to one item. ``detail`` is what its kind has to say beyond the status."""

    status: ItemStatus
    id: RecordId | None = None
    error: StoreError | None = None
    detail: Any = None

    @classmethod
    def accepted(cls, id: RecordId | None, detail: Any = None) -> "ItemResult":
        return cls(ItemStatus.ACCEPTED, id, None, detail)

    @classmethod
    def duplicate(cls, id: RecordId | None, detail: Any = None) -> "ItemResult":
        return cls(ItemStatus.DUPLICATE, id, None, detail)

    @classmethod
    def taken(cls, id: RecordId | None) -> "ItemResult":
        error = ConflictError(
            f"Id {id} belongs to a record outside the bounds of this key. Send a new id.", ("id",)
        )
        return cls(ItemStatus.REJECTED, id, error)

    @classmethod
    def rejected(cls, id: RecordId | None, error: StoreError, detail: Any = None) -> "ItemResult":
        return cls(ItemStatus.REJECTED, id, error, detail)


class Entry:
    """Base of everything that goes through the writer; an applier sets ``result``."""

    __slots__ = ("repaired", "result", "truncated")
    result: ItemResult | None
    repaired: int
    truncated: int

    @property
    def count(self) -> int:
        return 1

    @property
    def lane(self) -> Lane:
        return Lane.RECORDS

    def __init__(self) -> None:
        self.result = None
        self.repaired = 0  # texts whose NUL or lone surrogates were replaced
        self.truncated = 0  # texts and payloads that were over their limit

    def clear(self) -> None:
        """Forget what a try that wrote nothing has said."""
        self.result = None

    def partitions(self) -> Iterable[tuple[Table, int]]:
        """Return the (table, month) pairs that must exist before this entry can be written."""
        return ()


@dataclass(slots=True)
class Flush:
    """One transaction of the writer, handed from applier to applier.

    ``uses`` is what the appliers so far found to be counted, for those that count.
    ``notices`` are called after the commit, never before.
    """

    connection: AsyncConnection
    dialect: DatabaseDialect
    now: datetime
    uses: list[UsageRecord] = field(default_factory=list)
    notices: list[Callable[[], None]] = field(default_factory=list)


class Applier(Protocol):
    @property
    def kinds(self) -> tuple[type[Entry], ...]: ...

    async def apply(self, flush: Flush, entries: list[Any]) -> None: ...
