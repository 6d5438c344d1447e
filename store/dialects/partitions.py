"""Defines the partitions of a database."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """The half-open range [start, end) of instants; None where it is open."""

    start: datetime | None
    end: datetime | None

    def holds(self, instant: datetime) -> bool:
        return (self.start is None or self.start <= instant) and (
            self.end is None or instant < self.end
        )


class Partitioning(ABC):
    @abstractmethod
    async def ensure_partition(
        self, table: Table, month: TimeSpan, shared_before: datetime
    ) -> TimeSpan:
        """Make the partition of ``table`` that holds ``month`` unless it exists; return its span."""

    @abstractmethod
    def is_partition_missing(self, error: BaseException | None) -> bool: ...
