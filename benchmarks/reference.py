"""What every case on a database is held against: its plain driver, in the hands of somebody careful."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol
from uuid import UUID

from benchmarks.load import Sender
from benchmarks.workload import Call


class Reference(Protocol):
    """Plain writes into the server's own tables, of values made ready beforehand."""

    bulk_name: str
    consume_name: str

    async def empty(self) -> None:
        """Remove all operations."""

    def rows(self, calls: Sequence[Call]) -> list[tuple[Any, ...]]:
        """The calls as the driver takes them, in the order of ``COLUMNS``."""

    async def stored(self, ids: Sequence[UUID]) -> list[dict[str, Any]]:
        """The operations with these ids as the driver returns them, in the order of the ids."""

    def bulk(self, clients: int) -> AbstractAsyncContextManager[list[Sender]]:
        """Senders that write the rows of a batch in one transaction."""

    def consume(self, clients: int) -> AbstractAsyncContextManager[list[Sender]]:
        """Senders that claim an id and use one unit of a limit, in one transaction."""

    async def make_limits(self, count: int) -> list[Any]:
        """So many limits, by what ``uses`` calls them."""

    def uses(self, limits: Sequence[Any], count: int) -> list[Any]:
        """Items for the senders of ``consume``, going around the limits."""
