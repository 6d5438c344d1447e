"""Define the reference that database cases are compared with: a plain driver, used with care."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol
from uuid import UUID

from benchmarks.load import Sender
from benchmarks.workload import Call


class Reference(Protocol):
    """Write prepared values into the server's tables with a plain driver."""

    bulk_name: str
    consume_name: str

    async def empty(self) -> None: ...

    def rows(self, calls: Sequence[Call]) -> list[tuple[Any, ...]]:
        """Return the calls as driver values, in the order of ``COLUMNS``."""

    async def stored(self, ids: Sequence[UUID]) -> list[dict[str, Any]]: ...

    def bulk(self, clients: int) -> AbstractAsyncContextManager[list[Sender]]: ...

    def consume(self, clients: int) -> AbstractAsyncContextManager[list[Sender]]: ...

    async def make_limits(self, count: int) -> list[Any]: ...

    def uses(self, limits: Sequence[Any], count: int) -> list[Any]: ...
