"""A memory API on FastAPI: a middleware records every call, and adding memories counts.

Run it with ``uvicorn examples.memory_service:app``; the tracker reads the server's address from
TRACKSTORE_URL.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Request
from pydantic import BaseModel

from trackstore import RouteRule, TrackingRules, annotate, get_tracker
from trackstore.integrations.asgi import TrackingMiddleware

RULES = TrackingRules(
    routes=(
        RouteRule("health", track=False),
        RouteRule("v1/memory", methods=["POST"], counts_as="memory_operation"),
        RouteRule(
            "v1/memory/batch",
            methods=["POST"],
            counts_as="memory_operation",
            units="batch_size",
        ),
    ),
)


class Memory(BaseModel):
    text: str


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    get_tracker().flush(timeout=5)


app = FastAPI(lifespan=lifespan)
app.add_middleware(TrackingMiddleware, rules=RULES)
memories: dict[str, str] = {}


def caller(
    request: Request,
    x_user: Annotated[str | None, Header()] = None,
    x_workspace: Annotated[str | None, Header()] = None,
) -> None:
    """Return the caller if known. A real service reads it from its tokens."""
    request.state.user_id = x_user
    request.state.workspace_id = x_workspace


Caller = Depends(caller)


@app.get("/health")
def health() -> dict[str, bool]:
    return {"ok": True}


@app.post("/v1/memory", status_code=201, dependencies=[Caller])
def add(memory: Memory) -> dict[str, str]:
    """Add one memory: the record is POST v1/memory, add_memory."""
    return {"id": _keep(memory)}


@app.post("/v1/memory/batch", status_code=201, dependencies=[Caller])
def add_many(batch: list[Memory]) -> dict[str, list[str]]:
    """Add many; each counts, because the units of the rule are the batch size reported here."""
    annotate(batch_size=len(batch))
    return {"ids": [_keep(memory) for memory in batch]}


@app.get("/v1/memory/{memory_id}", dependencies=[Caller])
def get(memory_id: str) -> dict[str, Any]:
    if memory_id not in memories:
        raise HTTPException(404, "no such memory")
    return {"id": memory_id, "text": memories[memory_id]}


def _keep(memory: Memory) -> str:
    id = f"mem_{len(memories) + 1}"
    memories[id] = memory.text
    annotate(resource_id=id)
    return id
