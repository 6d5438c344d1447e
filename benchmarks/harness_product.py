"""Adapts the independent harness to the present API: ``PERF_PRODUCT=benchmarks/harness_product.py``.

The harness is a program of its own and not part of this tree. Its adapter of this product knows an
earlier schema; this one reads columns of the type ``json`` back.
"""

import importlib
import json
from typing import Any
from uuid import UUID

asyncpg: Any = importlib.import_module("asyncpg")
environment: Any = importlib.import_module("perflib.env")
original: Any = importlib.import_module("peers.product")
MOVED = {"route": "route", "method": "method", "status_code": "statusCode"}
"""Columns of the reference that a tool's operation carries as attributes."""


class _Adapted:
    """Overrides what changed since the harness was written; mixed into each of its peers."""

    database: dict[str, str]

    async def stored_operation(self, id: UUID) -> dict[str, Any]:
        connection = await asyncpg.connect(environment.dsn(self.database["write"]))
        try:
            record = await connection.fetchrow("SELECT * FROM operations WHERE id = $1", id)
        finally:
            await connection.close()
        if record is None:
            raise original.Failure(f"operation {id} was acknowledged and is not stored")
        row = dict(record)
        attributes = json.loads(row["attributes"])
        moved = {column: attributes.pop(name) for column, name in MOVED.items()}
        return {
            **{column: row[column] for column in environment.COLUMNS if column in row},
            **moved,
            "kind": row["kind"].lower(),
            "mode": row["operation_mode"],
            "tool_id": row["client"],
            "cost_saved": row["cost_saved"] / 1e9,
            "metadata": attributes,
        }


PEERS: list[Any] = [
    type(type(peer).__name__, (_Adapted, type(peer)), {})() for peer in original.PEERS
]
