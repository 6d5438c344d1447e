"""The memory API on Litestar: a router with a controller, static files, streams and a websocket."""

import time
from collections.abc import AsyncIterator
from typing import Any

from litestar import Controller, Litestar, Request, Router, delete, get, post, put, websocket
from litestar.background_tasks import BackgroundTask
from litestar.connection import WebSocket
from litestar.exceptions import HTTPException, NotFoundException
from litestar.response import Response, Stream
from litestar.static_files import create_static_files_router

from tests.unit.sdk_integrations.frameworks.service_setup import (
    RULES,
    STATIC,
    RemoteError,
    in_tasks,
    in_threads,
    start_tracker,
)
from trackstore import annotate, track_api_usage, track_route_operation
from trackstore.integrations.asgi import TrackingMiddleware

start_tracker()


async def who(request: Request[Any, Any, Any]) -> None:
    request.state.user_id = request.headers.get("x-user")


class MemoryController(Controller):
    """Memories."""

    path = "/memory"

    @post("/")
    async def add(self) -> dict[str, str]:
        return {"id": "51"}

    @post("/batch", status_code=200)
    async def add_batch(self, data: list[str]) -> int:
        annotate(batch_size=len(data))
        return len(data)

    @post("/search", status_code=200)
    async def search(self) -> list[str]:
        return []

    @delete("/all", status_code=200)
    async def delete_all(self) -> None: ...

    @put("/{memory_id:str}")
    async def update(self, memory_id: str) -> str:
        return memory_id

    @delete("/{memory_id:str}", status_code=200)
    async def remove(self, memory_id: str) -> str:
        return memory_id

    @get("/{memory_id:str}", sync_to_thread=True)
    def read(self, memory_id: str) -> str:
        if memory_id == "none":
            raise NotFoundException(detail="no such memory")
        return memory_id


@get("/fails")
async def fails() -> None:
    raise RemoteError


@get("/rare")
async def rare() -> None: ...


@get("/rare-fails")
@track_api_usage("rare")
async def rare_fails() -> None:
    raise RemoteError


@get("/busy")
async def busy() -> None:
    raise HTTPException(status_code=503, detail="busy")


@get("/stream")
async def stream() -> Stream:
    return Stream((part for part in ("a", "b")), media_type="text/plain")


@get("/stream-fails")
async def stream_fails() -> Stream:
    async def parts() -> AsyncIterator[str]:
        yield "a"
        raise RemoteError

    return Stream(parts(), media_type="text/plain")


async def later() -> None:
    raise RemoteError


@get("/background")
async def background() -> Response[str]:
    return Response("soon", background=BackgroundTask(later))


@get("/context")
async def context() -> dict[str, Any]:
    return await in_tasks()


@get("/context-sync", sync_to_thread=True)
def context_sync() -> dict[str, Any]:
    return in_threads()


@post("/helper/{memory_id:str}")
async def helper(memory_id: str, request: Request[Any, Any, Any]) -> str:
    begun = time.perf_counter()
    track_route_operation(request, rules=RULES, started_at=begun, counts=True, batch_size=2)
    return memory_id


@get("/orgs/{org:str}/teams/{team:str}")
async def get_team(org: str, team: str) -> str:
    return org + team


@websocket("/ws")
async def socket(socket: WebSocket[Any, Any, Any]) -> None:
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()


v1 = Router(
    "/v1",
    before_request=who,
    route_handlers=[
        MemoryController, fails, rare, rare_fails, busy, stream, stream_fails, background, context,
        context_sync, get_team, helper,
    ],
)  # fmt: skip
static = create_static_files_router(path="/static", directories=[STATIC])
app = TrackingMiddleware(Litestar([v1, static, socket]), rules=RULES)
