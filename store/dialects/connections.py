"""Defines the connections of a database: engines by their use, and how they end."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from store.dialects.pools import ConnectionCapacity


class Connections(ABC):
    @property
    @abstractmethod
    def read_engine(self) -> AsyncEngine: ...

    @property
    def aggregation_engine(self) -> AsyncEngine:
        return self.read_engine

    @property
    @abstractmethod
    def write_engine(self) -> AsyncEngine: ...

    @property
    @abstractmethod
    def snapshot_engine(self) -> AsyncEngine:
        """Return the engine of transactions that see one snapshot in all statements."""

    @property
    @abstractmethod
    def places(self) -> ConnectionCapacity:
        """Return how many connections callers may read over at once; the server keeps the rest."""

    @abstractmethod
    def limit_unit(self, connection: AsyncConnection, seconds: float | None) -> None: ...

    @property
    def is_log_long(self) -> bool:
        return False

    async def shorten_log(self) -> bool:
        return True

    @abstractmethod
    def reopen(self) -> None:
        """Replace every connection that is open now before its next use."""

    @property
    def engines(self) -> Sequence[AsyncEngine]:
        engines = (self.read_engine, self.aggregation_engine, self.write_engine)
        return tuple(dict.fromkeys(engines))

    async def dispose(self) -> None:
        for engine in self.engines:
            await engine.dispose()
