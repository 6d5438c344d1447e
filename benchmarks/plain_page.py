"""Serve the reference for pages: one SQL statement, its rows as JSON, and one route.

Run by uvicorn in a separate process; ``BENCH_DSN`` and ``BENCH_ROWS`` configure it.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.workload import ORGANIZATIONS

DSN, ROWS = "BENCH_DSN", "BENCH_ROWS"
CONNECTIONS = 4
PATH = "/operations"
ORGANIZATION = ORGANIZATIONS[1]
FIELDS = {
    "uuid": "id::text",
    "occurredAt": "occurred_at",
    "kind": "kind",
    "name": "name",
    "outcome": "outcome",
    "durationMs": "duration_ms",
    "userId": "user_id",
    "workspaceId": "workspace_id",
    "toolName": "tool_name",
    "operationMode": "operation_mode",
    "tokensOriginal": "tokens_original",
    "tokensActual": "tokens_actual",
}
"""The twelve fields of a page, with their columns."""
SELECTED = ", ".join(f'{column} AS "{name}"' for name, column in FIELDS.items())
SQL = (
    f"SELECT {SELECTED} "  # noqa: S608  # our own names
    f"FROM operations WHERE organization_id = '{ORGANIZATION}' "
    "ORDER BY occurred_at DESC, id DESC LIMIT $1"
)
EXPECTED = b'{"data":{"operations":{"nodes":[{'


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    async with asyncpg.create_pool(
        os.environ[DSN], min_size=CONNECTIONS, max_size=CONNECTIONS
    ) as pool:
        app.state.pool = pool
        yield


async def operations(request: Request) -> Response:
    rows = await request.app.state.pool.fetch(SQL, int(os.environ[ROWS]))
    body = msgspec.json.encode({"data": {"operations": {"nodes": [dict(row) for row in rows]}}})
    return Response(body, media_type="application/json")


app = Starlette(routes=[Route(PATH, operations)], lifespan=lifespan)
