"""Report a failed start with a known reason in one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send

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
    """Report a known startup problem to uvicorn in place of a traceback."""

    def __init__(self, startup: Startup, **settings: Any) -> None:
        super().__init__(**settings)
        self._startup = startup

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await super().__call__(scope, receive, send)
            return

        async def tell(message: Message) -> None:
            if message["type"] == "lifespan.startup.failed" and self._startup.problem:
                message = {**message, "message": self._startup.problem}
            await send(message)

        await super().__call__(scope, receive, tell)
