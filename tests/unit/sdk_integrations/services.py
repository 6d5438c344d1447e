"""The services that the tests watch, and what was recorded of them as plain values."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import msgspec
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from trackstore import RouteRule, TrackingRules
from trackstore.entries import Operation

WHO = {"x-user": "u_1", "x-workspace": "ws_12"}
RULES = TrackingRules(
    routes=(
        RouteRule("health", track=False),
        RouteRule("v1/memory", methods=["POST"], counts_as="memory_operation"),
    ),
    keep_headers=("x-plan", "authorization"),
    keep_query=True,
    keep_body=True,
)


def identify(request: Request) -> None:
    """Put into the request's state what the service knows of its caller."""
    for name, header in (
        ("user_id", "x-user"),
        ("end_user_id", "x-end-user"),
        ("workspace_id", "x-workspace"),
        ("organization_id", "x-organization"),
        ("developer_id", "x-developer"),
    ):
        setattr(request.state, name, request.headers.get(header))


async def add(request: Request) -> Response:
    identify(request)
    await request.body()
    return JSONResponse({"id": "mem_51"}, 201)


async def get(request: Request) -> Response:
    identify(request)
    if request.path_params["memory_id"] == "none":
        raise HTTPException(404, "no such memory")
    return JSONResponse({"id": request.path_params["memory_id"]})


async def broken(request: Request) -> Response:
    identify(request)
    raise RuntimeError("the index was behind " + "x" * 400)


async def stream(request: Request) -> Response:
    identify(request)

    async def parts() -> AsyncIterator[str]:
        for number in range(3):
            await asyncio.sleep(0.01)
            yield f"{number} "
            if "break" in request.query_params:
                raise RuntimeError("the stream broke")

    return StreamingResponse(parts())


async def background(request: Request) -> Response:
    identify(request)

    async def later() -> None:
        await asyncio.sleep(0.3)
        if "break" in request.query_params:
            raise RuntimeError("the task broke")

    status = int(request.query_params.get("status", 200))
    return PlainTextResponse("soon", status, background=BackgroundTask(later))


async def health(_: Request) -> Response:
    return PlainTextResponse("ok")


def memory_app() -> Starlette:
    # A memory API on Starlette, not watched by anything.
    return Starlette(
        routes=[
            Route("/v1/memory", add, methods=["POST"]),
            Route("/v1/memory/{memory_id}", get),
            Route("/v1/broken", broken),
            Route("/v1/stream", stream),
            Route("/v1/background", background),
            Route("/health", health),
            Mount("/admin", routes=[Route("/memories/{memory_id:int}", get)]),
        ]
    )


def caller_of(app: Any, *, raises: bool = False) -> httpx.AsyncClient:
    # A client of an ASGI service in this process; errors of the service are answers of 500.
    transport = httpx.ASGITransport(app, raise_app_exceptions=raises, client=("203.0.113.9", 5000))
    return httpx.AsyncClient(transport=transport, base_url="http://service")


def wsgi_caller_of(app: Any) -> httpx.Client:
    # A client of a WSGI service in this process.
    transport = httpx.WSGITransport(app, raise_app_exceptions=False, remote_addr="203.0.113.9")
    return httpx.Client(transport=transport, base_url="http://service")


def plain(operation: Operation) -> dict[str, Any]:
    # The facts of an operation, without what is another one on each run.
    fields: dict[str, Any] = msgspec.to_builtins(operation)
    for name in ("id", "durationMs", "correlationId", "traceId"):
        fields.pop(name, None)
    return fields


def parts_of(text: str) -> Iterator[bytes]:
    # A streamed body.
    yield from (part.encode() for part in text.split())
