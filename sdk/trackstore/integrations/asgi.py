"""Middleware for ASGI services (Starlette, FastAPI, Litestar): records every HTTP call."""

import sys
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from trackstore.asgi_lifespan import Lifespan
from trackstore.asgi_routes import is_litestar, origin_of
from trackstore.context import CORRELATION_HEADER
from trackstore.delivery.exits import process_exit
from trackstore.exception_status import (
    SERVER_ERROR_STATUS,
    answer_status,
    describe,
    is_cancelled,
    is_disconnect,
    status_and_error,
)
from trackstore.exchange import Exchange
from trackstore.framework_signals import connect_signals
from trackstore.recorder import Recorder
from trackstore.rules import TrackingRules
from trackstore.served_calls import CallRecorder
from trackstore.web_bodies import BodyBuffer, json_body
from trackstore.web_requests import WATCHED_KEY, from_scope, incoming_context

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

RAW_CORRELATION_HEADER = CORRELATION_HEADER.lower().encode()
STARLETTE_HANDLERS = "starlette.exception_handlers"
"""Key of a scope inside the exception handlers of Starlette or Litestar."""


class TrackingMiddleware:
    """Records each HTTP call when its answer is complete or has failed.

    ``app.add_middleware(TrackingMiddleware, rules=TrackingRules(...))``. The caller's
    ``X-Correlation-ID`` or ``traceparent`` (otherwise a new id) links what is tracked inside, and
    is returned in the response header. Recording puts an item into a queue in memory: it neither
    waits nor raises. Background tasks run after the call is recorded. An exception that leaves the
    application is recorded as ERROR with its text; one that the framework answers is recorded as
    answered. Queued items are flushed when the service has shut down.
    """

    def __init__(
        self,
        app: App,
        tracker: Recorder | None = None,
        rules: TrackingRules | None = None,
        *,
        recorder: CallRecorder | None = None,
    ) -> None:
        self.app = app
        self.recorder = recorder or CallRecorder(tracker, rules)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" and WATCHED_KEY not in scope:
            await self._live(scope, receive, send)
            return
        if scope["type"] != "http" or WATCHED_KEY in scope:
            await self.app(scope, receive, send)  # not a call, or one that is watched already
            return
        connect_signals()
        exchange = _AsgiExchange(self.recorder, scope, receive, send)
        with exchange.inside():
            try:
                await self.app(scope, exchange.receive, exchange.send)
            except BaseException as error:
                exchange.fail(error)
                raise
            finally:
                exchange.finish()
                if process_exit.is_draining:
                    await process_exit.flush_async()

    async def _live(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope[WATCHED_KEY] = True
        lifespan = Lifespan(receive, send)
        try:
            await self.app(scope, lifespan.receive, lifespan.send)
        finally:
            await lifespan.finish()


class _AsgiExchange(Exchange):
    __slots__ = (
        "_body",
        "_handled_before",
        "_is_inside",
        "_receive",
        "_send",
        "is_complete",
        "scope",
    )

    def __init__(self, recorder: CallRecorder, scope: Scope, receive: Receive, send: Send) -> None:
        super().__init__(recorder, incoming_context(scope.get("headers") or ()))
        self.scope = scope
        scope[WATCHED_KEY] = origin_of(scope)
        # Made here, so that copies of the scope share it with the one that is read at the end.
        scope.setdefault("state", {})
        self._is_inside = STARLETTE_HANDLERS in scope or is_litestar(scope)
        self._handled_before = sys.exc_info()[1]
        self._receive, self._send = receive, send
        self._body = BodyBuffer(recorder.rules.body_bytes) if recorder.may_keep_bodies else None
        self.is_complete = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self.is_disconnected = not self.is_complete
        elif self._body is not None:
            self._body.add(message.get("body", b""))
        return message

    async def send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "http.response.start":
            self.status = message["status"]
            if self._is_fault():
                self._take_handled_exception()
            message = self._with_correlation_id(message)
        try:
            await self._send(message)
        except OSError:  # the connection is gone
            self.is_disconnected = not self.is_complete
            raise
        is_last = kind == "http.response.pathsend" or (
            kind == "http.response.body" and not message.get("more_body", False)
        )
        if is_last and not self.is_complete:
            self.is_complete = True
            self.ended = time.perf_counter()
            if not self._is_fault():  # a failed call waits for the exception that says why
                self.finish()

    def fail(self, error: BaseException) -> None:
        """Take over the error of the application, or the disconnect of its caller.

        Outside the framework no exception becomes an answer, whatever its attributes. Inside, the
        exceptions of the framework are answers.
        """
        if is_cancelled(error):
            self.is_disconnected = True
        if self.is_disconnected and is_disconnect(error):
            return
        if self._is_inside and answer_status(error) is not None:
            status, self.error = status_and_error(error)
        else:
            status, self.error = SERVER_ERROR_STATUS, describe(error)
        if self.status is None:
            self.status = status

    def facts(self) -> dict[str, Any]:
        request = from_scope(self.scope)
        facts = request.facts(self.recorder.rules, self.recorded_status())
        if self._body is not None:
            facts["body"] = json_body(self._body, request.headers.get("content-type", ""))
        return facts

    def _is_fault(self) -> bool:
        return self.status is None or self.status >= SERVER_ERROR_STATUS

    def _take_handled_exception(self) -> None:
        handled = sys.exc_info()[1]
        if handled is not None and handled is not self._handled_before:
            self.call.exception = handled

    def _with_correlation_id(self, message: Message) -> Message:
        headers = list(message.get("headers", ()))
        if any(name.lower() == RAW_CORRELATION_HEADER for name, _ in headers):
            return message
        correlation_id = (self.context.correlation_id or "").encode()
        return {**message, "headers": [*headers, (RAW_CORRELATION_HEADER, correlation_id)]}
