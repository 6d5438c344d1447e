"""A4: the route of a call is the whole template, however the service puts it together."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Host, Mount, Route, Router
from starlette.staticfiles import StaticFiles

from tests.unit.sdk_integrations.services import WHO, caller_of
from trackstore import RouteRule, TrackingRules
from trackstore.asgi_routes import matched_route, origin_of
from trackstore.client_addresses import address_of
from trackstore.integrations.asgi import TrackingMiddleware
from trackstore.integrations.wsgi import TrackingMiddleware as WsgiMiddleware
from trackstore.testing import RecordingTracker

ANYONE = TrackingRules(requires=())


async def routes_of(
    app: Any, calls: Iterable[str], *, base: str = "http://service", **scope: Any
) -> list[tuple[str, str | None, int | None]]:
    """Call ``METHOD path`` one after the other; gives name, resource and status of each record."""
    tracker = RecordingTracker()
    watched = TrackingMiddleware(app, tracker, ANYONE)
    transport = httpx.ASGITransport(watched, raise_app_exceptions=False, **scope)
    async with httpx.AsyncClient(transport=transport, base_url=base) as http:
        for call in calls:
            await http.request(*call.split(" ", 1))
    return [(o.name, o.api.resource_id, o.api.status_code) for o in tracker.operations if o.api]


def memory_service() -> FastAPI:
    # A memory API whose routers are included in each other, with and without prefixes.
    memories = APIRouter()

    @memories.post("/memory", status_code=201)
    def add() -> dict[str, str]:
        return {"id": "mem_51"}

    @memories.get("/memory/{memory_id}")
    def get(memory_id: str) -> str:
        return memory_id

    async def plain(request: Request) -> Response:
        return PlainTextResponse(str(request.path_params))

    memories.add_route("/plain/{name}", plain)
    tenants = APIRouter(prefix="/tenants/{tenant}")
    tenants.include_router(memories)
    tenants.mount("/files", Router(routes=[Route("/{file:path}", plain)]))
    app = FastAPI()
    app.include_router(memories, prefix="/v1")
    app.include_router(memories, prefix="/v2")
    nested = APIRouter()
    nested.include_router(tenants, prefix="/orgs/{org}")
    app.include_router(nested, prefix="/v3")
    return app


async def test_a_prefix_of_include_router_is_part_of_the_route() -> None:
    calls = ["POST /v1/memory", "GET /v1/memory/51", "GET /v2/memory/51", "GET /v1/plain/x"]
    assert await routes_of(memory_service(), calls) == [
        ("POST v1/memory", None, 201),
        ("GET v1/memory/{memory_id}", "51", 200),
        ("GET v2/memory/{memory_id}", "51", 200),
        ("GET v1/plain/{name}", "x", 200),
    ]


async def test_a_call_to_an_included_route_counts_by_its_rule(tracker: RecordingTracker) -> None:
    app = memory_service()
    rule = RouteRule("/v1/memory", methods=["POST"], counts_as="memory_operation")
    app.add_middleware(
        TrackingMiddleware, tracker=tracker, rules=TrackingRules(routes=(rule,), requires=())
    )
    async with caller_of(app) as http:
        assert (await http.post("/v1/memory")).status_code == 201
    (operation,) = tracker.operations
    assert (operation.name, operation.operation_type) == ("POST v1/memory", "add_memory")
    assert operation.interaction is not None
    assert operation.interaction.type == "memory_operation"


async def test_routers_in_routers_with_parameters_in_their_prefixes() -> None:
    calls = [
        "POST /v3/orgs/o1/tenants/t1/memory",
        "GET /v3/orgs/o1/tenants/t1/memory/51",
        "GET /v3/orgs/o1/tenants/t1/plain/x",
        "GET /v3/orgs/o1/files/a/b",
        "DELETE /v3/orgs/o1/tenants/t1/memory/51",
    ]
    tenant = "v3/orgs/{org}/tenants/{tenant}"
    assert await routes_of(memory_service(), calls) == [
        (f"POST {tenant}/memory", None, 201),
        (f"GET {tenant}/memory/{{memory_id}}", "51", 200),
        (f"GET {tenant}/plain/{{name}}", "x", 200),
        ("GET v3/orgs/{org}/files/{file}", "a/b", 200),
        (f"DELETE {tenant}/memory/{{memory_id}}", "51", 405),
    ]


@pytest.mark.parametrize(
    ("path", "template"),
    [
        ("/v1/memory/51", "/v1/memory/{memory_id}"),
        ("/v3/orgs/o1/tenants/t1/memory/51", "/v3/orgs/{org}/tenants/{tenant}/memory/{memory_id}"),
        ("/api/v2/memory/51", "/v2/memory/{memory_id}"),
    ],
)
async def test_a_version_that_does_not_tell_the_prefix_is_completed_from_the_path(
    path: str, template: str
) -> None:
    async def nothing(*_: Any) -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    root = "/api" if path.startswith("/api") else ""
    scope: dict[str, Any] = {
        "type": "http", "method": "GET", "path": path, "root_path": root, "headers": [],
        "query_string": b"",
    }  # fmt: skip
    origin = origin_of(scope)
    await memory_service()(scope, nothing, nothing)
    assert matched_route(scope, origin).template == template
    del scope["fastapi"]
    assert matched_route(scope, origin).template == template


async def test_mounted_applications_with_parameters_and_files(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")
    inner = FastAPI()

    @inner.get("/items/{item_id}")
    def item(item_id: int) -> int:
        return item_id

    app = FastAPI()
    app.mount("/static", StaticFiles(directory=tmp_path))
    app.mount("/teams/{team}", inner)
    app.mount("/deep", Starlette(routes=[Mount("/{level}", app=inner)]))
    calls = [
        "GET /static/a.txt",
        "GET /static/none.txt",
        "GET /teams/red/items/7",
        "GET /teams/red/none",
        "GET /deep/3/items/7",
        "GET /none",
    ]
    expected = [
        ("GET static/{path}", "a.txt", 200),
        ("GET static/{path}", "none.txt", 404),
        ("GET teams/{team}/items/{item_id}", "7", 200),
        ("GET teams/{team}/{path}", "none", 404),
        ("GET deep/{level}/items/{item_id}", "7", 200),
        ("GET (unmatched)", None, 404),
    ]
    assert await routes_of(app, calls) == expected
    plain = Starlette(
        routes=[
            Mount("/static", StaticFiles(directory=tmp_path)),
            Mount("/teams/{team}", inner),
            Mount("/deep", routes=[Mount("/{level}", app=inner)]),
        ]
    )
    assert await routes_of(plain, calls) == expected


async def test_an_application_that_is_mounted_for_one_path() -> None:
    async def graphql(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse("{}")(scope, receive, send)

    app = FastAPI()
    app.mount("/graphql", graphql)
    calls = ["POST /graphql/", "GET /graphql/ide"]
    assert await routes_of(app, calls) == [
        ("POST graphql", None, 200),
        ("GET graphql/{path}", "ide", 200),
    ]


async def test_the_files_of_a_frontend_are_one_route(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("hello")
    (tmp_path / "app-1a2b.js").write_text("1")
    app = memory_service()
    app.frontend("/ui", directory=tmp_path)
    calls = ["GET /ui/app-1a2b.js", "GET /ui/some/page", "GET /v1/memory/51"]
    assert [name for name, _, _ in await routes_of(app, calls)] == [
        "GET ui/{path}",
        "GET ui/{path}",
        "GET v1/memory/{memory_id}",
    ]


async def test_hosts_with_routes_of_their_own() -> None:
    async def answer(_: Request) -> Response:
        return PlainTextResponse("ok")

    api = Router(routes=[Route("/v1/memory/{memory_id}", answer)])
    app = Starlette(routes=[Host("{tenant}.example.org", app=api), Route("/other", answer)])
    calls = ["GET /v1/memory/5", "GET /other"]
    assert await routes_of(app, calls, base="http://acme.example.org") == [
        ("GET v1/memory/{memory_id}", "5", 200),
        ("GET (unmatched)", None, 404),
    ]
    assert await routes_of(app, calls) == [
        ("GET (unmatched)", None, 404),
        ("GET other", None, 200),
    ]


async def test_the_prefix_of_the_server_is_no_part_of_the_route() -> None:
    calls = ["POST /api/v1/memory", "GET /api/v1/memory/51", "GET /api/none"]
    assert await routes_of(memory_service(), calls, root_path="/api") == [
        ("POST v1/memory", None, 201),
        ("GET v1/memory/{memory_id}", "51", 200),
        ("GET (unmatched)", None, 404),
    ]


async def test_wrong_methods_redirects_and_other_methods() -> None:
    calls = [
        "DELETE /v1/memory",
        "POST /v1/memory/",
        "GET /v1/memory/51/",
        "HEAD /v1/plain/x",
        "OPTIONS /v1/memory",
    ]
    assert await routes_of(memory_service(), calls) == [
        ("DELETE v1/memory", None, 405),
        ("POST v1/memory", None, 307),
        ("GET v1/memory/{id}", None, 307),
        ("HEAD v1/plain/{name}", "x", 200),
    ]


async def test_a_middleware_of_the_service_in_between() -> None:
    class Between(BaseHTTPMiddleware):
        async def dispatch(self, request: Request, call_next: Any) -> Response:
            answer: Response = await call_next(request)
            return answer

    app = memory_service()
    app.add_middleware(Between)
    assert await routes_of(app, ["GET /v1/memory/51"]) == [("GET v1/memory/{memory_id}", "51", 200)]


ODD_PATHS = pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/v1/memory/%E2%82%AC%20/51", "GET v1/memory/€ /{id}"),
        ("/v1/%FF%FE/51", "GET v1/\ufffd\ufffd/{id}"),
        ("/v1/" + "long/" * 400, ("GET v1/" + "long/" * 400)[:164]),
        ("/a%3Fb=51/c", "GET a%3Fb=51/c"),
        ("/a%00b%0a", "GET a\ufffdb\ufffd"),
        ("//", "GET /"),
    ],
)


@ODD_PATHS
async def test_odd_paths_are_names_that_can_be_stored(path: str, name: str) -> None:
    async def answer(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body"})

    assert await routes_of(answer, [f"GET {path}"]) == [(name, None, 200)]


@ODD_PATHS
def test_odd_paths_of_wsgi_services(path: str, name: str, tracker: RecordingTracker) -> None:
    def service(environ: Any, start_response: Any) -> list[bytes]:
        del environ
        start_response("200 OK", [])
        return [b""]

    transport = httpx.WSGITransport(WsgiMiddleware(service, tracker, ANYONE))
    with httpx.Client(transport=transport, base_url="http://service") as http:
        http.get(path)
    assert [o.name for o in tracker.operations] == [name]


async def test_a_scope_with_only_what_must_be_there(tracker: RecordingTracker) -> None:
    async def answer(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    async def nothing(*_: Any) -> Any:
        return {"type": "http.disconnect"}

    app = TrackingMiddleware(answer, tracker, ANYONE)
    for client in (None, ("", 0), ["/run/service.sock", None], ("2001:db8::1", 5)):
        scope = {"type": "http", "method": "GET", "path": "/x", "client": client}
        await app(scope, nothing, nothing)
    addresses = [o.api and o.api.ip_address for o in tracker.operations]
    assert addresses == [None, None, "/run/service.sock", "2001:db8::1"]


@pytest.mark.parametrize(
    ("forwarded", "proxies", "address"),
    [
        ("203.0.113.7", 0, "10.0.0.1"),
        ("203.0.113.7", 1, "203.0.113.7"),
        ("1.2.3.4, 203.0.113.7", 1, "203.0.113.7"),
        ("1.2.3.4, 203.0.113.7, 10.0.0.2", 2, "203.0.113.7"),
        ("203.0.113.7", 3, "203.0.113.7"),
        ("203.0.113.7:4711", 1, "203.0.113.7"),
        ("[2001:db8::1]:443", 1, "2001:db8::1"),
        ('"[2001:DB8::1]"', 1, "2001:db8::1"),
        ("unknown", 1, "10.0.0.1"),
        ("203.0.113.7,", 1, "10.0.0.1"),
        (None, 1, "10.0.0.1"),
    ],
)
def test_the_address_that_a_trusted_proxy_has_seen(
    forwarded: str | None, proxies: int, address: str
) -> None:
    assert address_of("10.0.0.1", forwarded, proxies) == address


async def test_a_caller_cannot_put_its_own_line_before_that_of_the_proxy(
    tracker: RecordingTracker,
) -> None:
    app = TrackingMiddleware(
        memory_service(), tracker, TrackingRules(requires=(), trusted_proxies=1)
    )
    lines = [("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", "203.0.113.7")]
    async with caller_of(app) as http:
        await http.get("/v1/memory/51", headers=[*lines, *WHO.items()])
    (operation,) = tracker.operations
    assert operation.api is not None
    assert operation.api.ip_address == "203.0.113.7"
