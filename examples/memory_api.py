"""A memory API on FastAPI that reports its calls by hand, with the helper and with the middleware.

Run it with ``uvicorn examples.memory_api:app``; the tracker reads the server's address from
TRACKSTORE_URL.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request, Response
from pydantic import BaseModel

from trackstore import RouteRule, TrackingRules, get_tracker, track_route_operation
from trackstore.integrations.asgi import TrackingMiddleware

USERS = {"Bearer ana-token": ("dev_key_owner", "ana"), "Bearer bob-token": ("dev_key_owner", "bob")}
WRITES = ("PUT", "DELETE")
RULES = TrackingRules(
    routes=(
        RouteRule("v1/memory", methods=["POST"], track=False),  # reports itself
        RouteRule("v1/memory/*", methods=WRITES, counts_as="api_operation"),
    )
)
memories: dict[str, str] = {}


class AddMemoryRequest(BaseModel):
    content: str


def authenticate(request: Request, authorization: Annotated[str, Header()]) -> None:
    if authorization not in USERS:
        raise HTTPException(401, "Unknown token")
    request.state.user_id, request.state.end_user_id = USERS[authorization]
    request.state.workspace_id = "ws_12"
    request.state.organization_id = "org_7"
    request.state.developer_id = "dev_9"


def remember(content: str) -> str:
    if not content:
        raise ValueError("content is empty " + "." * 300)
    memory_id = f"mem_{uuid4().hex[:8]}"
    memories[memory_id] = content
    return memory_id


router = APIRouter(dependencies=[Depends(authenticate)])


@router.post("/memory")
async def add_memory_v1(
    request: Request, memory_request: AddMemoryRequest, response: Response
) -> dict[str, Any]:
    """Add one memory; the call is reported by hand, with all its fields."""
    start_time, memory_id, error = time.time(), None, None
    try:
        memory_id = remember(memory_request.content)
        response.status_code = 200
    except ValueError as problem:
        error = str(problem)
        response.status_code = 500
    await get_tracker().track_operation(
        user_id=request.state.end_user_id,
        workspace_id=request.state.workspace_id,
        route="v1/memory",
        method="POST",
        is_memory_operation=True,
        organization_id=request.state.organization_id,
        developer_id=request.state.developer_id,
        operation_type="add_memory",
        memory_id=memory_id,
        latency_ms=(time.time() - start_time) * 1000,
        status_code=response.status_code,
        api_key=request.headers.get("X-API-Key"),
        client_type=request.headers.get("X-Client-Type"),
        ip_address=request.client.host if request.client else None,
        user_agent=request.headers.get("User-Agent"),
        metadata={"error": error[:200]} if error else None,
    )
    return {"code": response.status_code, "memoryId": memory_id, "error": error}


@router.post("/memory/batch")
async def add_memory_batch_v1(request: Request, batch: list[AddMemoryRequest]) -> dict[str, Any]:
    start_time = time.time()
    call: dict[str, Any] = {
        "route": "v1/memory/batch",
        "method": "POST",
        "request": request,
        "start_time": start_time,
        "is_memory_operation": True,
        "batch_size": len(batch),
    }
    try:
        ids = [remember(memory.content) for memory in batch]
    except ValueError as error:
        await track_route_operation(status_code=500, error=str(error), **call)
        raise
    await track_route_operation(status_code=200, memory_id=ids[0] if ids else None, **call)
    return {"memoryIds": ids}


@router.get("/memory/{memory_id}")
@router.put("/memory/{memory_id}")
@router.delete("/memory/{memory_id}")
async def one_memory_v1(request: Request, memory_id: str) -> dict[str, str]:
    if memory_id not in memories:
        raise HTTPException(404, "No such memory")
    content = memories.pop(memory_id) if request.method == "DELETE" else memories[memory_id]
    return {"memoryId": memory_id, "content": content}


@router.post("/memory/search")
async def search_v1(query: AddMemoryRequest) -> dict[str, list[str]]:
    return {"memoryIds": [id for id, text in memories.items() if query.content in text]}


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Send what is still queued when the service stops."""
    yield
    get_tracker().flush(timeout=5)


app = FastAPI(lifespan=lifespan)
app.include_router(router, prefix="/v1")
app.add_middleware(TrackingMiddleware, rules=RULES)
