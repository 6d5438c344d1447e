"""Serves the pages under a strict policy, and their files; says what to run where none were built."""

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Match, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from server.dashboard.assets import CHECKED, FOLDER, FOR_EVER, Assets
from server.http.headers import headers_of
from server.http.negotiation import GRAPHQL_JSON, JSON, preferred

HTML = "text/html"
DASHBOARD = "index.html"
EXPLORER = "graphql.html"
READING = ("GET", "HEAD")
NOT_BUILT = """The pages of this Trackstore were not built.

Run `make dashboard` in its checkout and start it again; `make serve` does both. A wheel holds them.
The API is there all the same: POST /graphql
"""
POLICY = {
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
"""Only files of this server run, and they speak with this server only."""
EXPLORER_POLICY = {
    **POLICY,
    "style-src": "'self' 'unsafe-inline'",  # its editor writes rules of its own while it runs
    "font-src": "'self' data:",  # and its fonts stand in its styles
    "worker-src": "'self'",
}
HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Pages:
    """Answers browsers; ``dashboard`` says whether there are pages beside the explorer."""

    def __init__(self, assets: Assets, *, dashboard: bool) -> None:
        self._assets = assets
        self.has_dashboard = dashboard

    async def asset(self, request: Request) -> Response:
        """GET /assets/NAME."""
        found = self._assets.find(f"{FOLDER}/{request.path_params['name']}")
        if found is None:
            raise HTTPException(404)
        return found.answer(request, {**HEADERS, "Cache-Control": FOR_EVER})

    async def page(self, request: Request) -> Response:
        """GET /anything: a page finds out from its address what it shows; files have their names."""
        if not self.has_dashboard:
            raise HTTPException(404)
        name = request.path_params.get("path", "")
        found = self._assets.find(name) if name not in (DASHBOARD, EXPLORER) else None
        if found is not None:
            return found.answer(request, {**HEADERS, "Cache-Control": CHECKED})
        if not wants_page(request.scope):
            raise HTTPException(404)
        return self.document(request, DASHBOARD, POLICY)

    def document(self, request: Request, name: str, policy: dict[str, str]) -> Response:
        """One of the two documents, or what to run to have it."""
        headers = {
            **HEADERS,
            "Cache-Control": CHECKED,
            "Content-Security-Policy": "; ".join(f"{k} {v}" for k, v in policy.items()),
        }
        found = self._assets.find(name)
        if found is None:
            return PlainTextResponse(NOT_BUILT, 503, headers)
        return found.answer(request, headers)


class PageRoute(Route):
    """Only what is read is a page: with another method an unknown address is not found."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Nothing in place of half a match."""
        match, child = super().matches(scope)
        return (Match.NONE, {}) if match is Match.PARTIAL else (match, child)


class Explorer:
    """Stands before the GraphQL route; everything but a browser's visit passes."""

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
    """Whether somebody opened the address in a browser."""
    if scope["method"] not in READING:
        return False
    accept = headers_of(scope).get("accept", "")
    return HTML in accept and preferred(accept, (HTML, JSON, GRAPHQL_JSON)) == HTML
