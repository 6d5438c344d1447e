"""Which web pages may call the server from a browser: its own, and those that were named (CORS).

A browser says in Origin which page made it call, and in Sec-Fetch-Site whether that page is of
another site, also where it sends no Origin: for an image, a script or a link. Programs that are no
browsers send neither, and are not concerned.
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
LONGEST_REQUESTED = 1_000
PREFLIGHT_SECONDS = 600
EXPOSED = "Retry-After, X-Correlation-ID, Trackstore-Truncated, Trackstore-Row-Limit"

Pairs = list[tuple[bytes, bytes]]


class OriginCheck:
    """Refuses calls that pages of strangers make, and answers the questions of allowed ones.

    ``guarded`` are the paths that a page of another site may not even ask without an Origin.
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
                await refuse("a page of another site", scope, receive, send)
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
        """Whether a page of another site asks something; a link to a page of ours does not."""
        return scope["path"] in self._guarded and bool(scope.get("query_string"))


def is_own(origin: str, headers: Mapping[str, str]) -> bool:
    """Whether the page is one that this server itself has served, by the name it was called."""
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return False
    host = headers.get("host", "").lower()
    port = DEFAULT_PORTS.get(parts.scheme, "")
    return bool(parts.netloc) and parts.netloc.removesuffix(port) == host.removesuffix(port)


def readable_by(origin: str, send: Send) -> Send:
    """Sends answers with the permission for this page to read them."""
    given: Pairs = [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", EXPOSED.encode()),
        (b"vary", b"Origin"),
    ]

    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *given]
        await send(message)

    return answer


def preflight(origin: str, headers: Mapping[str, str]) -> Response:
    """What a browser asks before it calls for an allowed page: yes, with any headers."""
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": headers.get("access-control-request-headers", "")[
                :LONGEST_REQUESTED
            ],
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
            "Vary": "Origin, Access-Control-Request-Headers",
        },
    )


async def refuse(who: str, scope: Scope, receive: Receive, send: Send) -> None:
    """The answer to a call that a page of a stranger made."""
    if scope["type"] == "websocket":
        close = {"type": "websocket.close", "code": POLICY_VIOLATION, "reason": "unknown origin"}
        await send(close)
        return
    message = f"{who} may not call this server: add its origin to TRACKSTORE_ALLOWED_ORIGINS"
    error = {"message": message, "extensions": {"code": "FORBIDDEN"}}
    headers = {"Cache-Control": "no-store", "Vary": "Origin"}
    await JSONResponse({"errors": [error]}, FORBIDDEN, headers)(scope, receive, send)
