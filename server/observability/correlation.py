"""Correlate everything about one call: correlation id, trace id, access log."""

import logging
import re
import time
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.http.headers import headers_of
from server.observability.access_log import log, preformatted, quoted_path
from store.ids import new_id

HEADER = "X-Correlation-ID"
NAME = HEADER.lower()
HEADER_BYTES = NAME.encode()
CORRELATION_ID = re.compile(r"[\w.:/+=@-]{1,128}", re.ASCII)
TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-.*")
"""W3C Trace Context level 1: version, trace id, parent id, flags; later versions may add fields."""

QUIET_PATHS = {"/livez", "/readyz", "/metrics"}
"""Polled every few seconds; logged at debug as long as they succeed."""
SERVER_ERROR = 500
CLOSED_BY_CALLER = 499
"""Logged for a request whose caller disconnected before the response."""


@dataclass(frozen=True, slots=True)
class Correlation:
    correlation_id: str
    trace_id: str | None = None


_current: ContextVar[Correlation | None] = ContextVar("correlation", default=None)


def current_correlation() -> Correlation | None:
    return _current.get()


def add_correlation(
    logger: Any, method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    del logger, method
    call = _current.get()
    if call is not None:
        event.setdefault("correlation_id", call.correlation_id)
        if call.trace_id is not None:
            event.setdefault("trace_id", call.trace_id)
    return event


def correlation_of(headers: Mapping[str, str]) -> Correlation:
    """Return the ids a caller sent; otherwise use its trace id, or a new id."""
    parent, sent_id = headers.get("traceparent"), headers.get(NAME)
    trace = TRACEPARENT.fullmatch(parent.strip().lower()) if parent else None
    trace_id = trace[1] if trace else None
    if sent_id and CORRELATION_ID.fullmatch(sent_id := sent_id.strip()):
        return Correlation(sent_id, trace_id)
    return Correlation(trace_id or str(new_id()), trace_id)


@dataclass(slots=True)
class _Call:
    method: str
    path: str
    ids: Correlation
    started: float = field(default_factory=time.perf_counter)
    status: int | None = None

    def write(self) -> None:
        """Write one line; only failures of the server itself have level error."""
        level = logging.INFO
        if self.status is not None and self.status > SERVER_ERROR:
            level = logging.WARNING  # 503: busy, stopping or not ready, which is logged elsewhere
        elif self.status == SERVER_ERROR:
            level = logging.ERROR
        elif self.path in QUIET_PATHS:
            level = logging.DEBUG
        if not log.isEnabledFor(level):
            return
        seconds, status = time.perf_counter() - self.started, self.status or CLOSED_BY_CALLER
        path = quoted_path(self.path)
        if level == logging.INFO and preformatted.write(
            self.method, path, status, seconds, (self.ids.correlation_id, self.ids.trace_id)
        ):
            return
        fields = {
            "method": self.method,
            "path": path,
            "status": status,
            "ms": round(seconds * 1000, 1),
        }
        log.log(level, "request", extra=fields)


class CorrelationMiddleware:
    """Assign ids to every call, return them, log the call, and mask unexpected errors.

    Must be the outermost middleware. Query strings are not logged, because a GET carries its document
    there.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        correlation = correlation_of(headers_of(scope))
        token = _current.set(correlation)
        try:
            await self._serve(scope, receive, send, correlation)
        finally:
            _current.reset(token)

    async def _serve(
        self, scope: Scope, receive: Receive, send: Send, correlation: Correlation
    ) -> None:
        id = correlation.correlation_id
        call = _Call(scope.get("method", "WEBSOCKET"), scope["path"], correlation)
        header = HEADER_BYTES, id.encode("latin-1")

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                call.status = message["status"]
                message["headers"] = [*message.get("headers", ()), header]
            elif message["type"] == "websocket.accept":
                call.status = 101
            elif message["type"] == "websocket.close" and call.status is None:
                call.status = 403
            await send(message)

        try:
            await self._app(scope, receive, answer)
        except ClientDisconnect:
            pass  # the caller has disconnected, as the access log shows
        except Exception:
            if scope["type"] != "http" or call.status is not None:
                raise  # too late to respond: uvicorn logs it and closes the connection
            log.exception("unhandled error in a request")
            await _failed(id)(scope, receive, answer)
        finally:
            call.write()


def _failed(id: str) -> JSONResponse:
    message = f"Internal server error. The server's log has details under {id}."
    error = {"message": message, "extensions": {"code": "INTERNAL", "correlationId": id}}
    return JSONResponse({"errors": [error]}, status_code=SERVER_ERROR)
