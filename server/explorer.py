"""A page to try documents, for browsers that open the GraphQL address; it fetches nothing from elsewhere."""

import base64
import hashlib
import re
from pathlib import Path

from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from server.headers import headers_of
from server.negotiation import GRAPHQL_JSON, JSON, preferred

HTML = "text/html"
PAGE = Path(__file__).with_name("explorer.html").read_text(encoding="utf-8")


def digest_of(tag: str) -> str:
    """What a policy says of the one script or style that the page holds."""
    found = re.search(rf"<{tag}>(.*?)</{tag}>", PAGE, re.DOTALL)
    assert found is not None
    return f"'sha256-{base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()}'"


HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; script-src {digest_of('script')}; style-src {digest_of('style')}; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Only what is written in the page runs, and it speaks with this server only."""


class Explorer:
    """Stands before the GraphQL route; everything but a browser's visit passes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if is_visit(scope):
            await HTMLResponse(PAGE, headers=HEADERS)(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def is_visit(scope: Scope) -> bool:
    """Whether somebody opened the address in a browser and asks nothing yet."""
    if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD") or scope["query_string"]:
        return False
    accept = headers_of(scope).get("accept", "")
    return HTML in accept and preferred(accept, (HTML, JSON, GRAPHQL_JSON)) == HTML
