"""ASGI services that track what they serve: by the middleware, by the decorator, by plain calls."""

import asyncio
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from trackstore import TrackingRules, annotate, get_tracker, track_api_usage
from trackstore.integrations.asgi import TrackingMiddleware

SLOW_SECONDS = 0.5
RULES = TrackingRules(requires=())


def label(request: Request) -> None:
    annotate(workspace_id=request.headers["x-run"], correlation_id=request.headers["x-item"])


async def quick(request: Request) -> Response:
    label(request)
    return PlainTextResponse("done")


async def slow(request: Request) -> Response:
    label(request)
    await asyncio.sleep(SLOW_SECONDS)
    return PlainTextResponse("done")


def in_thread(request: Request) -> Response:
    serve_in_thread(request.headers["x-run"], request.headers["x-item"])
    return PlainTextResponse("done")


@track_api_usage("in_thread", rules=RULES)
def serve_in_thread(run: str, item: str) -> None:
    annotate(workspace_id=run, correlation_id=item)


async def direct(request: Request) -> Response:
    get_tracker().track_api_operation(
        route="direct",
        method="GET",
        workspace_id=request.headers["x-run"],
        correlation_id=request.headers["x-item"],
    )
    return PlainTextResponse("done")


watched = Starlette(routes=[Route("/", quick), Route("/slow", slow)])
watched.add_middleware(TrackingMiddleware, rules=RULES)

unwatched = Starlette(routes=[Route("/", direct), Route("/thread", in_thread)])


async def _without_lifespan(scope: Any, receive: Any, send: Any) -> None:
    """Serve HTTP only, as Django does."""
    if scope["type"] != "http":
        raise ValueError(f"only HTTP connections, not {scope['type']}")
    await quick_service(scope, receive, send)


quick_service = Starlette(routes=[Route("/", quick), Route("/slow", slow)])
without_lifespan = TrackingMiddleware(_without_lifespan, rules=RULES)
