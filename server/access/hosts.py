"""Answers only to its own names, so that no page of a stranger can call it by another one."""

from collections.abc import Callable, Collection, Sequence

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from server.http.headers import headers_of

ANY = "*"
MISDIRECTED = 421


def name_in(host: str) -> str:
    """The name in a Host header, without its port; IPv6 addresses keep their brackets."""
    if host.startswith("["):
        return host[: host.find("]") + 1].lower()
    return host.rsplit(":", 1)[0].lower().rstrip(".") if ":" in host else host.lower().rstrip(".")


def answers_to(name: str, allowed: Sequence[str]) -> bool:
    """Whether ``name`` is one of ours; ``*.example.com`` stands for all names below it."""
    return any(
        pattern in (ANY, name) or (pattern.startswith("*.") and name.endswith(pattern[1:]))
        for pattern in allowed
    )


class HostMiddleware:
    """Refuses requests and websockets that call the server by a name that is not its own.

    ``exempt`` paths answer to any name: load balancers ask them by address, and they tell nothing.
    What a browser sends goes to the application by way of ``browsers``.
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
        self._any = ANY in self._allowed
        self._last = ""  # the last Host header that was fine: nearly all calls send the same one

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_call = scope["type"] in ("http", "websocket") and scope["path"] not in self._exempt
        if not is_call:
            await self._app(scope, receive, send)
            return
        headers = headers_of(scope)
        host = headers.get("host", "")
        if self._any or (host and host == self._last) or answers_to(name_in(host), self._allowed):
            self._last = host
            by_browser = "origin" in headers or "sec-fetch-site" in headers
            await (self._browsers if by_browser else self._app)(scope, receive, send)
            return
        message = (
            f"this server does not answer to {name_in(host)[:100]!r}: "
            "add the name to TRACKSTORE_ALLOWED_HOSTS"
        )
        error = {"message": message, "extensions": {"code": "FORBIDDEN"}}
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": "unknown host"})
            return
        await JSONResponse({"errors": [error]}, MISDIRECTED)(scope, receive, send)
