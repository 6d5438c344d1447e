"""Route POST calls of the GraphQL path directly, past the router."""

from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send


class GraphQLShortcutMiddleware:
    """Send POST calls of ``path`` to ``endpoint()`` and WebSockets to ``socket``; the rest passes.

    Must be the innermost middleware. The router would take them to the same place by way of a dozen
    objects and functions.
    """

    def __init__(
        self, app: ASGIApp, path: str, endpoint: Callable[[], ASGIApp], socket: ASGIApp
    ) -> None:
        self._app = app
        self._path = path
        self._endpoint = endpoint
        self._socket = socket

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == self._path and scope["method"] == "POST":
            await self._endpoint()(scope, receive, send)
        elif scope["type"] == "websocket" and scope["path"] == self._path:
            await self._socket(scope, receive, send)
        else:
            await self._app(scope, receive, send)


class StartedApp:
    """Delegate to the application that ``endpoint()`` returns, which exists only after the start."""

    def __init__(self, endpoint: Callable[[], ASGIApp]) -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._endpoint()(scope, receive, send)
