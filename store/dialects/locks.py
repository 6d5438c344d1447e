"""Defines locks that a transaction holds until it ends."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection


class Locks(ABC):
    @abstractmethod
    def lock_rows(self, statement: Select[Any]) -> Select[Any]:
        """Return ``statement`` with locks on its rows until the transaction ends."""

    async def share_locks(self, connection: AsyncConnection, names: Sequence[str]) -> None:
        """Hold named locks until the transaction ends, beside others that share them.

        Nothing to do where there is one writer.
        """
        del connection, names

    async def exclusive_lock(self, connection: AsyncConnection, name: str) -> None:
        """Hold a named lock alone until the transaction ends; waits for those that share it."""
        del connection, name
