"""Decide which web pages may call the server from a browser: its own, and allowed origins (CORS).

Browsers name the calling page in Origin, and in Sec-Fetch-Site whether it is of another site, even
without Origin: for an image, a script or a link. Other programs send neither header.
"""

from collections.abc import Collection, Mapping, Sequence
from urllib.parse import urlsplit

from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.headers import headers_of

ANY = "*"
FORBIDDEN = 403
POLICY_VIOLATION = 1008
OTHER_SITES = ("cross-site", "same-site")
DEFAULT_PORTS = {"http": ":80", "https": ":443"}
MAX_REQUESTED_HEADER_CHARS = 1_000
PREFLIGHT_SECONDS = 600
EXPOSED_HEADERS = "Retry-After, X-Correlation-ID, Trackstore-Truncated, Trackstore-Row-Limit"

Pairs = list[tuple[bytes, bytes]]


class OriginCheck:
    """Refuse calls of foreign pages, and answer the preflights of allowed ones.

    On ``guarded`` paths a page of another site is refused even without an Origin header.
    """

    def __init__(
        self, app: ASGIApp, allowed: Sequence[str] = (), guarded: Collection[str] = ()
    ) -> None:
        self._app = app
        self._allowed = frozenset(allowed)
        self._guarded = frozenset(guarded)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        origin = headers.get("origin")
        if origin is None:
            if headers.get("sec-fetch-site") in OTHER_SITES and self._is_forged(scope):
                await refuse("A page of another site", scope, receive, send)
                return
            await self._app(scope, receive, send)
        elif is_own(origin, headers):
            await self._app(scope, receive, send)
        elif not self._is_allowed(origin):
            await refuse(f"{origin[:100]!r}", scope, receive, send)
        elif scope.get("method") == "OPTIONS" and "access-control-request-method" in headers:
            await preflight(origin, headers)(scope, receive, send)
        else:
            await self._app(scope, receive, readable_by(origin, send))

    def _is_allowed(self, origin: str) -> bool:
        return ANY in self._allowed or origin.lower() in self._allowed

    def _is_forged(self, scope: Scope) -> bool:
        return scope["path"] in self._guarded and bool(scope.get("query_string"))


def is_own(origin: str, headers: Mapping[str, str]) -> bool:
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return False
    host = headers.get("host", "").lower()
    port = DEFAULT_PORTS.get(parts.scheme, "")
    return bool(parts.netloc) and parts.netloc.removesuffix(port) == host.removesuffix(port)


def readable_by(origin: str, send: Send) -> Send:
    cors_headers: Pairs = [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", EXPOSED_HEADERS.encode()),
        (b"vary", b"Origin"),
    ]

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *cors_headers]
        await send(message)

    return answer


def preflight(origin: str, headers: Mapping[str, str]) -> Response:
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": headers.get("access-control-request-headers", "")[
                :MAX_REQUESTED_HEADER_CHARS
            ],
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
            "Vary": "Origin, Access-Control-Request-Headers",
        },
    )


async def refuse(caller: str, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        close = {"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "unknown origin"}
        await send(close)
        return
    message = f"{caller} may not call this server. Add its origin to TRACKSTORE_ALLOWED_ORIGINS."
    error = {"message": message, "extensions": {"code": "FORBIDDEN"}}
    headers = {"Cache-Control": "no-store", "Vary": "Origin"}
    await JSONResponse({"errors": [error]}, FORBIDDEN, headers)(scope, receive, send)
