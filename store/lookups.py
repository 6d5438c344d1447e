"""Reads rows by their ids for all callers that ask at the same time, with one statement."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select

from store.database import Database, Row

MAX_IDS_PER_STATEMENT = 500
"""Below the number of parameters that any database takes."""


class RowLookup:
    """Looks up the credentials that callers present.

    One statement runs at a time and answers all ids that were asked for meanwhile, so that callers
    with invalid credentials occupy one connection at most and delay others by one statement.
    """

    def __init__(
        self, database: Database, statement: Callable[[Sequence[UUID]], Select[Any]]
    ) -> None:
        self._database = database
        self._statement = statement
        self._pending: dict[UUID, asyncio.Future[list[Row]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def rows(self, id: UUID) -> list[Row]:
        """Return the rows with that id; raises what the database raises."""
        future = self._pending.get(id)
        if future is None:
            future = self._pending[id] = asyncio.get_running_loop().create_future()
            if self._task is None:
                self._task = asyncio.create_task(self._run(), name="credential-lookup")
        return await asyncio.shield(future)

    async def _run(self) -> None:
        try:
            while self._pending:
                ids = list(self._pending)[:MAX_IDS_PER_STATEMENT]
                await self._read({id: self._pending.pop(id) for id in ids})
        finally:
            self._task = None
            for future in self._pending.values():
                future.cancel()
            self._pending.clear()

    async def _read(self, futures: dict[UUID, asyncio.Future[list[Row]]]) -> None:
        try:
            async with self._database.read() as connection:
                rows = (await connection.execute(self._statement(list(futures)))).mappings().all()
        except BaseException as error:
            for future in futures.values():
                if isinstance(error, asyncio.CancelledError):
                    future.cancel()
                elif not future.done():
                    future.set_exception(error)
                    future.exception()  # nobody may be waiting any more
            if not isinstance(error, Exception):
                raise
            return
        by_id: dict[UUID, list[Row]] = {id: [] for id in futures}
        for row in rows:
            by_id[row["id"]].append(row)
        for id, future in futures.items():
            if not future.done():
                future.set_result(by_id[id])
