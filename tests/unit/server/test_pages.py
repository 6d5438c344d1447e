"""The pages: who gets them, under which policy, and how their files are sent."""

import gzip
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from server.app import front_page
from server.dashboard.assets import Assets
from server.dashboard.pages import EXPLORER_POLICY, PAGE_POLICY, Pages
from server.http.negotiation import preferred_coding
from server.routes.home import not_served
from tests.support.api import Api

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
SCRIPT = b"export {};" * 200


@pytest.fixture
async def built(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """Pages that were built into a folder, and served."""
    files = {
        "index.html": b"<!doctype html><title>pages</title>",
        "graphql.html": b"<!doctype html><title>explorer</title>",
        "robots.txt": b"User-agent: *\n",
        "assets/a-1f.js": SCRIPT,
        "assets/a-1f.js.gz": gzip.compress(SCRIPT),
        "assets/a-1f.js.br": b"as brotli",
    }
    for name, content in files.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(content)
    (tmp_path.parent / "secret.txt").write_text("secret")
    pages = Pages(Assets(tmp_path), dashboard=True)
    routes = [
        Route("/assets/{name:path}", pages.asset),
        Route("/", partial(front_page, pages)),
        Route("/{path:path}", pages.page),
    ]
    app = Starlette(routes=routes, exception_handlers={404: not_served, 405: not_served})
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        yield http


@pytest.mark.parametrize("path", ["/", "/requests/01a1?tab=log", "/explore?source=operations"])
async def test_browsers_get_the_page_at_any_address(built: httpx.AsyncClient, path: str) -> None:
    answer = await built.get(path, headers=BROWSER)
    assert "<title>pages</title>" in answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    again = await built.get(path, headers={**BROWSER, "If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["content-security-policy"] == policy


async def test_programs_do_not(built: httpx.AsyncClient) -> None:
    assert (await built.get("/")).text.startswith("Trackstore")
    for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json, text/html"}):
        answer = await built.get("/requests/01a1", headers=headers)
        assert answer.status_code == 404
        assert answer.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert (await built.post("/requests", headers=BROWSER)).status_code == 405


async def test_files_are_kept_for_ever_and_sent_compressed(built: httpx.AsyncClient) -> None:
    plain = await built.get("/assets/a-1f.js", headers={"Accept-Encoding": "identity"})
    assert plain.content == SCRIPT
    assert plain.headers["content-type"] == "text/javascript; charset=utf-8"
    assert plain.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert plain.headers["vary"] == "Accept-Encoding"
    zipped = await built.get("/assets/a-1f.js", headers={"Accept-Encoding": "gzip, deflate"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert zipped.content == SCRIPT
    assert zipped.headers["etag"] == plain.headers["etag"]
    async with built.stream(
        "GET", "/assets/a-1f.js", headers={"Accept-Encoding": "gzip, br"}
    ) as best:
        assert best.headers["content-encoding"] == "br"
        assert b"".join([chunk async for chunk in best.aiter_raw()]) == b"as brotli"
    head = await built.head("/assets/a-1f.js", headers={"Accept-Encoding": "identity"})
    assert head.headers["content-length"] == str(len(SCRIPT))


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/assets/a-1f.js.gz",
        "/assets/../index.html",
        "/assets/%2e%2e/index.html",
        "/assets/..%2f..%2fsecret.txt",
        "/assets//etc/passwd",
        "/..%2fsecret.txt",
    ],
)
async def test_nothing_else_is_served(built: httpx.AsyncClient, path: str) -> None:
    answer = await built.get(path)
    assert answer.status_code == 404
    assert "secret" not in answer.text


async def test_files_beside_the_page_have_their_names(built: httpx.AsyncClient) -> None:
    assert (await built.get("/robots.txt", headers=BROWSER)).text == "User-agent: *\n"
    assert "<title>pages</title>" in (await built.get("/graphql.html", headers=BROWSER)).text


async def test_without_them_it_says_what_to_run(tmp_path: Path) -> None:
    pages = Pages(Assets(tmp_path / "none"), dashboard=True)
    app = Starlette(routes=[Route("/{path:path}", pages.page)])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        answer = await http.get("/requests", headers=BROWSER)
    assert answer.status_code == 503
    assert "make dashboard" in answer.text


def test_policies_let_nothing_leave() -> None:
    for policy in (PAGE_POLICY, EXPLORER_POLICY):
        assert policy["connect-src"] == policy["script-src"] == "'self'"
        assert not [words for words in policy.values() if "http" in words or "*" in words]
    wider = {name for name in EXPLORER_POLICY if EXPLORER_POLICY[name] != PAGE_POLICY.get(name)}
    assert wider == {"style-src", "font-src", "worker-src"}


@pytest.mark.parametrize(
    ("accepted", "chosen"),
    [
        ("", ""),
        ("gzip", "gzip"),
        ("gzip, br", "br"),
        ("br;q=0, gzip", "gzip"),
        ("*", "br"),
        ("*;q=0", ""),
        ("identity", ""),
        ("GZIP;q=0.5", "gzip"),
        ("br;q=x", ""),
    ],
)
def test_codings(accepted: str, chosen: str) -> None:
    assert preferred_coding(accepted, ("br", "gzip")) == chosen


async def test_the_explorer_is_for_browsers_that_ask_nothing_yet(api: Api) -> None:
    visit = await api.http.get("/graphql", headers=BROWSER)
    assert "style-src 'self' 'unsafe-inline'" in visit.headers["content-security-policy"]
    for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json, text/html"}):
        answer = await api.http.get("/graphql", headers=headers)
        assert (answer.status_code, list(answer.json())) == (400, ["errors"])
    asked = await api.raw(method="GET", params={"query": "{ viewer { name } }"}, headers=BROWSER)
    assert asked.json() == {"data": {"viewer": {"name": "open"}}}
    posted = await api.raw({"query": "{ viewer { name } }"}, headers=BROWSER)
    assert posted.json() == {"data": {"viewer": {"name": "open"}}}


@pytest.mark.parametrize("server_settings", [{"explorer": "no"}])
async def test_the_explorer_can_be_switched_off(api: Api) -> None:
    assert (await api.http.get("/graphql", headers=BROWSER)).status_code == 400
    assert (await api.http.get("/sign-in")).status_code == 200


@pytest.mark.parametrize("server_settings", [{"dashboard": False}])
async def test_the_pages_can_be_switched_off(api: Api) -> None:
    assert (await api.http.get("/", headers=BROWSER)).text.startswith("Trackstore")
    assert (await api.http.get("/requests", headers=BROWSER)).status_code == 404
    assert (await api.http.get("/sign-in")).status_code == 200


@pytest.mark.parametrize("server_settings", [{"dashboard": False, "explorer": "no"}])
async def test_without_either_nobody_signs_in(api: Api) -> None:
    assert (await api.http.get("/sign-in")).status_code == 404
    assert (await api.http.post("/sign-in", json={"key": "x"})).status_code in (404, 405)
