"""Answer only to the server's own names, which prevents DNS rebinding."""

from collections.abc import Callable, Collection, Sequence

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from server.http.headers import headers_of

ANY = "*"
MISDIRECTED = 421


def name_in(host: str) -> str:
    """Return the name in a Host header without its port; IPv6 addresses keep their brackets."""
    if host.startswith("["):
        return host[: host.find("]") + 1].lower()
    return host.rsplit(":", 1)[0].lower().rstrip(".") if ":" in host else host.lower().rstrip(".")


def matches_host(name: str, allowed: Sequence[str]) -> bool:
    """Return whether ``name`` is allowed; ``*.example.com`` covers all names below it."""
    return any(
        pattern in (ANY, name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))
        for pattern in allowed
    )


class HostMiddleware:
    """Refuse requests and WebSockets that call the server by another name.

    ``exempt`` paths answer to any name: load balancers call them by address, and they reveal nothing.
    Calls of browsers reach the application through ``browsers``.
    """

    def __init__(
        self,
        app: ASGIApp,
        allowed: Sequence[str],
        exempt: Collection[str] = (),
        browsers: Callable[[ASGIApp], ASGIApp] | None = None,
    ) -> None:
        self._app = app
        self._browsers = browsers(app) if browsers is not None else app
        self._exempt = frozenset(exempt)
        self._allowed = [pattern.lower() for pattern in allowed]
        self._allows_any = ANY in self._allowed
        self._last_host = ""  # the last accepted Host header, which nearly all calls repeat

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_call = scope["type"] in ("http", "websocket") and scope["path"] not in self._exempt
        if not is_call:
            await self._app(scope, receive, send)
            return
        headers = headers_of(scope)
        host = headers.get("host", "")
        if (
            self._allows_any
            or (host and host == self._last_host)
            or matches_host(name_in(host), self._allowed)
        ):
            self._last_host = host
            by_browser = "origin" in headers or "sec-fetch-site" in headers
            await (self._browsers if by_browser else self._app)(scope, receive, send)
            return
        message = (
            f"This server does not answer to {name_in(host)[:100]!r}. "
            "Add the name to TRACKSTORE_ALLOWED_HOSTS."
        )
        error = {"message": message, "extensions": {"code": "FORBIDDEN"}}
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "unknown host"})
            return
        await JSONResponse({"errors": [error]}, MISDIRECTED)(scope, receive, send)
