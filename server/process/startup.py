"""Report a failed start with a known reason in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from store.database import DatabaseFailureError
from store.errors import StoreError
from store.maintenance.readiness import reason_of


class Startup:
    def __init__(self) -> None:
        self.problem: str | None = None

    @contextmanager
    def watched(self) -> Iterator[None]:
        try:
            yield
        except (StoreError, DatabaseFailureError) as error:
            self.problem = f"The server cannot start: {reason_of(error)}."
            raise


class Application(Starlette):
    """Report a known startup problem to uvicorn in place of a traceback.

    The first middleware must answer unexpected errors: Starlette's own, which would be around it, is
    left out, because each layer delays every call.
    """

    def __init__(self, startup: Startup, **settings: Any) -> None:
        super().__init__(**settings)
        self._startup = startup

    def build_middleware_stack(self) -> ASGIApp:
        app: ASGIApp = ExceptionMiddleware(self.router, self.exception_handlers, self.debug)
        for middleware, arguments, options in reversed(self.user_middleware):
            app = middleware(app, *arguments, **options)
        return app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and self.middleware_stack is not None:
            scope["app"] = self
            await self.middleware_stack(scope, receive, send)
            return

        async def tell(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and self._startup.problem:
                message = {**message, "message": self._startup.problem}
            await send(message)

        await super().__call__(scope, receive, tell)
