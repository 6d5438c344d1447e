"""The memory API on FastAPI: included routers, dependencies that yield, streams, a mounted service."""

import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import aiohttp
import httpx
import requests
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException, Request, WebSocket
from fastapi.responses import StreamingResponse
from starlette.staticfiles import StaticFiles

from tests.unit.sdk_integrations.frameworks.service_setup import (
    RULES,
    STATIC,
    RemoteError,
    in_tasks,
    in_threads,
    start_tracker,
)
from trackstore import annotate, bind, track_api_usage, track_route_operation
from trackstore.integrations.aiohttp import trace_config
from trackstore.integrations.asgi import TrackingMiddleware
from trackstore.integrations.httpx import propagate
from trackstore.integrations.requests import propagate as propagate_session

start_tracker()


def who(request: Request) -> Iterator[None]:
    """Tell whose call it is, in a thread of its own, as dependencies do that hold a session open."""
    request.state.user_id = request.headers.get("x-user")
    with bind(stage="dependency"):
        yield


memory = APIRouter(prefix="/memory")


@memory.post("", status_code=201)
def add() -> dict[str, str]:
    return {"id": "51"}


@memory.post("/batch")
def add_batch(items: list[str]) -> int:
    annotate(batch_size=len(items))
    return len(items)


@memory.post("/search")
async def search() -> list[str]:
    return []


@memory.delete("/all")
def delete_all() -> None: ...


@memory.put("/{memory_id}")
def update(memory_id: str) -> str:
    return memory_id


@memory.delete("/{memory_id}")
def delete(memory_id: str) -> str:
    return memory_id


@memory.get("/{memory_id}")
async def get(memory_id: str) -> str:
    if memory_id == "none":
        raise HTTPException(404, "no such memory")
    return memory_id


v1 = APIRouter()
v1.include_router(memory)


@v1.get("/fails")
def fails() -> None:
    raise RemoteError


@v1.get("/rare")
def rare() -> None: ...


@v1.get("/rare-fails")
@track_api_usage("rare")
async def rare_fails() -> None:
    raise RemoteError


@v1.get("/busy")
def busy() -> None:
    raise HTTPException(503, "busy")


@v1.get("/stream")
def stream() -> StreamingResponse:
    return StreamingResponse(parts for parts in ("a", "b"))


@v1.get("/stream-fails")
async def stream_fails() -> StreamingResponse:
    async def parts() -> AsyncIterator[str]:
        yield "a"
        raise RemoteError

    return StreamingResponse(parts())


@v1.get("/background")
def background(tasks: BackgroundTasks) -> None:
    def later() -> None:
        raise RemoteError

    tasks.add_task(later)


@v1.get("/context")
async def context() -> dict[str, Any]:
    return await in_tasks()


@v1.get("/context-sync")
def context_sync() -> dict[str, Any]:
    return in_threads()


@v1.get("/echo")
async def echo(request: Request) -> dict[str, str]:
    return dict(request.headers)


@v1.get("/outgoing/{client}")
async def outgoing(client: str, request: Request) -> Any:
    url = str(request.url_for("echo"))
    if client == "httpx":
        async with propagate(httpx.AsyncClient(trust_env=False)) as http:
            return (await http.get(url)).json()
    async with (
        aiohttp.ClientSession(trace_configs=[trace_config()]) as session,
        session.get(url) as answer,
    ):
        return await answer.json()


@v1.get("/outgoing-sync")
def outgoing_sync(request: Request) -> Any:
    with propagate_session(requests.Session()) as session:
        session.trust_env = False
        return session.get(str(request.url_for("echo"))).json()


@v1.post("/helper/{memory_id}")
def helper(memory_id: str, request: Request) -> str:
    begun = time.perf_counter()
    track_route_operation(request, rules=RULES, started_at=begun, counts=True, batch_size=2)
    return memory_id


teams = APIRouter(prefix="/orgs/{org}")


@teams.get("/teams/{team}")
def get_team(org: str, team: str) -> str:
    return org + team


v1.include_router(teams)
inner = FastAPI()
inner.include_router(teams, prefix="/v9")

app = FastAPI()
app.include_router(v1, prefix="/v1", dependencies=[Depends(who)])
app.mount("/static", StaticFiles(directory=STATIC))
app.mount("/plans/{plan}", inner)
app.add_middleware(TrackingMiddleware, rules=RULES)
app.add_middleware(TrackingMiddleware, rules=RULES)


@app.websocket("/ws")
async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text(await websocket.receive_text())
    await websocket.close()
