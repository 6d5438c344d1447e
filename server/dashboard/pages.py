"""Serve the pages under a strict content security policy, or say how to build them."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from server.dashboard.assets import ASSETS_FOLDER, CACHE_FOREVER, CACHE_REVALIDATED, Assets
from server.http.headers import headers_of
from server.http.negotiation import GRAPHQL_JSON, JSON, preferred

HTML = "text/html"
DASHBOARD = "index.html"
EXPLORER = "graphql.html"
READ_METHODS = ("GET", "HEAD")
NOT_BUILT = """The pages of this Trackstore were not built.

Run `make dashboard` in its checkout and start it again; `make serve` does both. A wheel holds them.
The API is there all the same: POST /graphql
"""
PAGE_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
"""Only scripts of this server run, and they may call only this server."""
EXPLORER_POLICY = {
    **PAGE_POLICY,
    "style-src": "'self' 'unsafe-inline'",  # its editor adds style rules at run time
    "font-src": "'self' data:",  # its fonts are embedded in its styles
    "worker-src": "'self'",
}
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Pages:
    def __init__(self, assets: Assets, *, dashboard: bool) -> None:
        self._assets = assets
        self.has_dashboard = dashboard

    async def asset(self, request: Request) -> Response:
        asset = self._assets.find(f"{ASSETS_FOLDER}/{request.path_params['name']}")
        if asset is None:
            raise HTTPException(404)
        return asset.answer(request, {**HEADERS, "Cache-Control": CACHE_FOREVER})

    async def page(self, request: Request) -> Response:
        """Answer GET on any path: the page reads its address; files are served by their names."""
        if not self.has_dashboard:
            raise HTTPException(404)
        name = request.path_params.get("path", "")
        asset = self._assets.find(name) if name not in (DASHBOARD, EXPLORER) else None
        if asset is not None:
            return asset.answer(request, {**HEADERS, "Cache-Control": CACHE_REVALIDATED})
        if not wants_page(request.scope):
            raise HTTPException(404)
        return self.document(request, DASHBOARD, PAGE_POLICY)

    def document(self, request: Request, name: str, policy: dict[str, str]) -> Response:
        headers = {
            **HEADERS,
            "Cache-Control": CACHE_REVALIDATED,
            "Content-Security-Policy": "; ".join(f"{k} {v}" for k, v in policy.items()),
        }
        asset = self._assets.find(name)
        if asset is None:
            return PlainTextResponse(NOT_BUILT, 503, headers)
        return asset.answer(request, headers)


class PageRoute(Route):
    """Match only GET and HEAD; other methods on an unknown address are not found."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, child = super().matches(scope)
        return (Match.NONE, {}) if match is Match.PARTIAL else (match, child)


class Explorer:
    def __init__(self, app: ASGIApp, pages: Pages) -> None:
        self._app = app
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["query_string"] and wants_page(scope):
            answer = self._pages.document(Request(scope), EXPLORER, EXPLORER_POLICY)
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def wants_page(scope: Scope) -> bool:
    if scope["method"] not in READ_METHODS:
        return False
    accept = headers_of(scope).get("accept", "")
    return HTML in accept and preferred(accept, (HTML, JSON, GRAPHQL_JSON)) == HTML
