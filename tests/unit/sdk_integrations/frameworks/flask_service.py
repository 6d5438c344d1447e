"""The memory API on Flask: nested blueprints, streams, and errors that Flask answers by itself."""

import time
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Flask, Response, abort, request

from tests.unit.sdk_integrations.frameworks.service_setup import (
    RULES,
    STATIC,
    RemoteError,
    in_threads,
    start_tracker,
)
from trackstore import annotate, track_api_usage, track_route_operation
from trackstore.integrations.wsgi import TrackingMiddleware

start_tracker()
app = Flask(__name__, static_folder=str(STATIC))
v1 = Blueprint("v1", __name__, url_prefix="/v1")
memory = Blueprint("memory", __name__, url_prefix="/memory")


@v1.before_request
def who() -> None:
    annotate(user_id=request.headers.get("x-user"))


@memory.post("")
def add() -> tuple[dict[str, str], int]:
    return {"id": "51"}, 201


@memory.post("/batch")
def add_batch() -> str:
    annotate(batch_size=len(request.get_json()))
    return "added"


@memory.post("/search")
def search() -> str:
    return "found"


@memory.delete("/all")
def delete_all() -> str:
    return "deleted"


@memory.put("/<memory_id>")
@memory.delete("/<memory_id>")
@memory.get("/<memory_id>")
def one(memory_id: str) -> str:
    if memory_id == "none":
        abort(404)
    return memory_id


@v1.get("/fails")
def fails() -> str:
    raise RemoteError


@v1.get("/rare")
def rare() -> str:
    return "rare"


@v1.get("/rare-fails")
@track_api_usage("rare")
def rare_fails() -> str:
    raise RemoteError


@v1.get("/busy")
def busy() -> str:
    return abort(503)


@v1.get("/stream")
def stream() -> Response:
    return Response(parts for parts in ("a", "b"))


@v1.get("/stream-fails")
def stream_fails() -> Response:
    def parts() -> Iterator[str]:
        yield "a"
        raise RemoteError

    return Response(parts())


@v1.get("/context-sync")
def context_sync() -> dict[str, Any]:
    return in_threads()


@v1.get("/context")
async def context() -> dict[str, Any]:
    return in_threads()


@v1.post("/helper/<memory_id>")
def helper(memory_id: str) -> str:
    begun = time.perf_counter()
    track_route_operation(request, rules=RULES, started_at=begun, counts=True, batch_size=2)
    return memory_id


@v1.get("/orgs/<org>/teams/<path:team>")
def get_team(org: str, team: str) -> str:
    return org + team


v1.register_blueprint(memory)
app.register_blueprint(v1)
app.wsgi_app = TrackingMiddleware(app.wsgi_app, rules=RULES)  # type: ignore[method-assign]
