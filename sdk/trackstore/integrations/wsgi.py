"""Middleware for WSGI services (Flask, Django and others): records every call."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from trackstore.asgi_routes import NO_ROUTER
from trackstore.context import CORRELATION_HEADER
from trackstore.exception_status import SERVER_ERROR_STATUS, describe
from trackstore.exchange import Exchange
from trackstore.framework_signals import connect_signals
from trackstore.recorder import Recorder
from trackstore.rules import TrackingRules
from trackstore.served_calls import CallRecorder
from trackstore.web_bodies import BodyTee, json_body
from trackstore.web_requests import (
    WATCHED_KEY,
    WSGI_STATE,
    Environ,
    environ_context,
    environ_route,
    from_environ,
)

Headers = list[tuple[str, str]]
StartResponse = Callable[..., Callable[[bytes], object]]
App = Callable[[Environ, StartResponse], Iterable[bytes]]


class TrackingMiddleware:
    """Records each call when its answer is complete or has failed.

    ``app.wsgi_app = TrackingMiddleware(app.wsgi_app, rules=TrackingRules(...))`` for Flask,
    ``application = TrackingMiddleware(get_wsgi_application())`` for Django. A handler sets labels
    by ``annotate(user_id=..., workspace_id=...)``, or puts a mapping or an object with these names
    into ``environ["trackstore.state"]``. A streamed answer is recorded when the server closes it.
    Recording puts an item into a queue in memory: it neither waits nor raises.
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

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if WATCHED_KEY in environ:  # by an outer middleware
            return self.app(environ, start_response)
        connect_signals()
        exchange = _WsgiExchange(self.recorder, environ, start_response)
        with exchange.inside():
            try:
                body = self.app(environ, exchange.start_response)
            except BaseException as error:
                exchange.fail(error)
                exchange.finish()
                raise
        if isinstance(body, list | tuple) or _is_file(environ, body):
            exchange.finish()  # complete, and the server may treat it in a way of its own
            return body
        return _Watched(body, exchange)


class _WsgiExchange(Exchange):
    __slots__ = ("_body", "_matched", "_start_response", "environ")

    def __init__(
        self, recorder: CallRecorder, environ: Environ, start_response: StartResponse
    ) -> None:
        super().__init__(recorder, environ_context(environ))
        self.environ = environ
        environ[WATCHED_KEY] = True
        environ.setdefault(WSGI_STATE, {})
        self._body: BodyTee | None = None
        if recorder.may_keep_bodies and "wsgi.input" in environ:
            self._body = BodyTee(environ["wsgi.input"], recorder.rules.body_bytes)
            environ["wsgi.input"] = self._body
        self._start_response = start_response
        self._matched = NO_ROUTER

    def start_response(self, status: str, headers: Headers, *error: Any) -> Any:
        self.status = int(status[:3]) if status[:3].isdecimal() else SERVER_ERROR_STATUS
        self._matched = environ_route(self.environ)
        known = {name.lower() for name, _ in headers}
        if CORRELATION_HEADER.lower() not in known and self.context.correlation_id:
            headers = [*headers, (CORRELATION_HEADER, self.context.correlation_id)]
        return self._start_response(status, headers, *error)

    def fail(self, error: BaseException) -> None:
        self.error = describe(error)
        if self.status is None:
            self.status = SERVER_ERROR_STATUS

    def facts(self) -> dict[str, Any]:
        request = from_environ(self.environ)
        if request.matched == NO_ROUTER:
            request.matched = self._matched
        facts = request.facts(self.recorder.rules, self.recorded_status())
        if self._body is not None:
            facts["body"] = json_body(self._body.buffer, self.environ.get("CONTENT_TYPE", ""))
        return facts


class _Watched:
    """Streamed answer that is recorded when it is exhausted, fails or is closed."""

    def __init__(self, body: Iterable[bytes], exchange: _WsgiExchange) -> None:
        self._body, self._exchange = body, exchange
        self._parts: Iterator[bytes] | None = None
        self._is_exhausted = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        with self._exchange.inside():
            try:
                if self._parts is None:
                    self._parts = iter(self._body)
                return next(self._parts)
            except StopIteration:
                self._is_exhausted = True
                raise
            except BaseException as error:
                self._exchange.fail(error)
                raise

    def close(self) -> None:
        """Close the answer of the service, then record the call."""
        exchange = self._exchange
        is_cut = self._parts is not None and not self._is_exhausted
        exchange.is_disconnected = is_cut and exchange.error is None
        try:
            with exchange.inside():
                close = getattr(self._body, "close", None)
                if close is not None:
                    close()
        except BaseException as error:
            exchange.fail(error)
            raise
        finally:
            exchange.finish()


def _is_file(environ: Environ, body: Iterable[bytes]) -> bool:
    wrapper = environ.get("wsgi.file_wrapper")
    return isinstance(wrapper, type) and isinstance(body, wrapper)
