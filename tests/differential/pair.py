"""Two servers over equal databases, one with the fast path and one without, that are asked the same.

Both have one fixed clock and draw the same ids and secrets, so that their answers must be equal to
the byte. The plain server is plain in everything that was made for speed: Strawberry's own inputs
without hooks, every column of a page, every operation looked at value by value.
"""

import asyncio
import itertools
import json
import os
import re
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import Table, select
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.types.base import get_object_definition

from models import Operation, OperationText, RollupFold, table_of
from models.base import Base
from models.feeds import FEED_POSITION
from server.fast_path.pipeline import COMPILED_INPUTS
from store.ids import VERSION_AND_VARIANT, IdMaker
from store.operations.prepare import OperationEntry, OperationPreparer
from store.rollups.folding import Folding
from store.rollups.maintenance import Maintenance
from tests.support.api import Api, running_api
from tests.support.databases import Databases

NOW = datetime(2026, 11, 21, 12, 0, 0, 250_000, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
OPERATION_TABLES = (table_of(OperationText), table_of(Operation))
COMPARED_TABLES = [t for t in Base.metadata.sorted_tables if t is not table_of(RollupFold)]
"""All but the table of feed positions: each database numbers its commits itself."""
LARGEST_BATCH = 500
MAX_CACHED_DOCUMENTS = 1_000
SETTINGS = {
    "max_batch_items": LARGEST_BATCH,
    "sqlite_synchronous": "NORMAL",
    "writer_delay_ms": 0,
}
Rows = dict[str, list[str]]
Json = dict[str, Any]


class Sides:
    """Which of the two servers is at work, and what each has drawn so far."""

    def __init__(self) -> None:
        self.on_fast_path = False
        self._drawn: dict[bool, Iterator[int]] = {}
        self._next = 0
        self.restart()

    def restart(self) -> None:
        """Let both draw alike, also where one has drawn more than the other: all that is new."""
        self._next += 1_000_000
        self._drawn = {side: itertools.count(self._next) for side in (True, False)}

    def make_id(self) -> UUID:
        """The next UUIDv7 of this server: the other one draws the same."""
        return own_id(next(self._drawn[self.on_fast_path]))

    def make_secret(self, _bytes: int | None = None) -> str:
        """The next secret of this server."""
        return f"secret-{next(self._drawn[self.on_fast_path]):036}"

    @contextmanager
    def plain(self) -> Iterator[None]:
        """The plain server's turn: inputs have no hook, as if there were no fast path."""
        definitions = [get_object_definition(t, strict=True) for t in COMPILED_INPUTS]
        hooks = [definition.from_input for definition in definitions]
        self.on_fast_path = True
        for definition in definitions:
            definition.from_input = None
        try:
            yield
        finally:
            self.on_fast_path = False
            for definition, hook in zip(definitions, hooks, strict=True):
                definition.from_input = hook


def own_id(number: int, series: int = 0) -> UUID:
    """A UUIDv7 of the fixed time; ``series`` 0 is what servers draw, others are for callers."""
    return UUID(int=(NOW_MS << 80) | VERSION_AND_VARIANT | series << 32 | number)


PLACES = re.compile(r'(?<=:)"WyJmZWVkX3Bvc2l0aW9u[\w-]+"')
"""Cursors of feeds: each database numbers its commits itself."""


class Pair:
    """The fast server and the plain one."""

    def __init__(self, fast: Api, plain: Api, sides: Sides) -> None:
        self.fast = fast
        self.plain = plain
        self._sides = sides

    async def ask(self, body: Any, **how: Any) -> tuple[httpx.Response, httpx.Response]:
        """The answers of both; ``how`` is that of ``Api.raw``."""
        fast = await self.fast.raw(body, **how)
        with self._sides.plain():
            return fast, await self.plain.raw(body, **how)

    async def same(self, body: Any, note: str = "", **how: Any) -> httpx.Response:
        """Ask both and compare everything that a caller can see."""
        fast, plain = await self.ask(body, **how)
        seen = [
            (a.status_code, a.headers["content-type"], PLACES.sub("", a.text))
            for a in (fast, plain)
        ]
        if seen[0] != seen[1]:
            self._sides.restart()
            zipped = zip(fast.text, plain.text, strict=False)
            same = next((n for n, (a, b) in enumerate(zipped) if a != b), 0)
            parts = [
                f"{a.status_code} ...{a.text[max(same - 80, 0) :][:400]}" for a in (fast, plain)
            ]
            pytest.fail("\n".join((note, "fast:", parts[0], "plain:", parts[1], str(body)[:2_000])))
        return fast

    async def same_twice(self, body: Any, note: str = "", **how: Any) -> httpx.Response:
        """The same of a document that is new and of one that is known; the last answer."""
        await self.same(body, f"{note} (first)", **how)
        return await self.same(body, f"{note} (again)", **how)

    async def call(self, document: str, variables: Json | None = None, note: str = "") -> Json:
        """Ask both for something that must succeed; the data."""
        answer = (await self.same({"query": document, "variables": variables}, note)).json()
        assert "errors" not in answer, f"{note} {answer}"
        data: Json = answer["data"]
        return data

    async def same_rows(self, tables: tuple[Table, ...] | None = None) -> Rows:
        """Compare every column of every row that the two have stored."""
        if tables is None:
            for api in (self.fast, self.plain):
                await api.server.store.rollups.folding.run_once()
        fast = await rows_of(self.fast, tables)
        plain = await rows_of(self.plain, tables)
        for name, rows in fast.items():
            assert rows == plain[name], name
        return fast

    async def same_operations(self) -> list[str]:
        """Compare the stored operations with their texts, and delete them."""
        rows = await self.same_rows(OPERATION_TABLES)
        await self.forget_operations()
        return rows[table_of(Operation).name]

    async def forget_operations(self) -> None:
        """Delete the operations of both, and let both draw the same ids from now on."""
        self._sides.restart()
        for api in (self.fast, self.plain):
            async with api.server.store.database.write() as connection:
                for table in OPERATION_TABLES:
                    await connection.execute(table.delete())


async def rows_of(api: Api, tables: tuple[Table, ...] | None) -> Rows:
    """Every row of the tables as text that tells 1 from 1.0 and from true."""
    found = {}
    async with api.server.store.database.read() as connection:
        for table in tables or COMPARED_TABLES:
            columns = [column for column in table.columns if column.name != FEED_POSITION]
            read = await connection.execute(select(*columns))
            found[table.name] = sorted(repr([plain_value(v) for v in row]) for row in read)
    return found


def plain_value(value: Any) -> Any:
    """A value whose text does not depend on which class a driver uses for it."""
    if isinstance(value, UUID):
        return str(value)
    return json.dumps(value) if isinstance(value, dict | list) else value


def slow_down(patch: pytest.MonkeyPatch, sides: Sides) -> None:
    """Make the plain server plain in what no setting switches off, and both of them predictable."""
    patch.setattr(IdMaker, "__call__", lambda _self: sides.make_id())
    patch.setattr(secrets, "token_urlsafe", sides.make_secret)
    patch.setattr(Maintenance, "run_once", rest)  # merges and folds come when they come
    patch.setattr(Folding, "_work", rest)
    prepare = OperationPreparer.prepare

    def prepare_plainly(self: OperationPreparer, draft: Any) -> OperationEntry:
        return self.validate(draft) if sides.on_fast_path else prepare(self, draft)

    patch.setattr(OperationPreparer, "prepare", prepare_plainly)
    for name, module in list(sys.modules.items()):
        if name.startswith("resolvers.") and hasattr(module, "columns_needed"):
            patch.setattr(module, "columns_needed", all_columns(sides, module.columns_needed))


async def rest(_work: Maintenance | Folding) -> None:
    """Do nothing until the end."""
    await asyncio.Event().wait()


def all_columns(sides: Sides, needed: Callable[..., Any]) -> Callable[..., Any]:
    """What reads every column for the plain server."""
    return lambda *args: None if sides.on_fast_path else needed(*args)


@asynccontextmanager
async def running_pair(databases: Databases, **settings: Any) -> AsyncIterator[Pair]:
    """A pair over two fresh databases."""
    sides = Sides()
    settings = {**SETTINGS, **settings}
    with (
        pytest.MonkeyPatch.context() as patch,
        databases.migrated() as fast_url,
        databases.migrated() as plain_url,
    ):
        for name in os.environ:
            if name == "DATABASE_URL" or name.startswith("TRACKSTORE_"):
                patch.delenv(name)
        slow_down(patch, sides)

        def start(url: str, fast: bool) -> Any:
            return running_api(lambda: NOW, database_url=url, fast_path=fast, **settings)

        async with start(fast_url, True) as fast, start(plain_url, False) as plain:
            # Stock Strawberry as well, and half the time: the same documents come again and again.
            # The limits come after them: their refusal stands for whatever validation says.
            plain.server.schema.extensions = (
                ParserCache(maxsize=MAX_CACHED_DOCUMENTS),
                ValidationCache(maxsize=MAX_CACHED_DOCUMENTS),
                *plain.server.schema.extensions,
            )
            yield Pair(fast, plain, sides)
