"""A6: an exception is an ERROR with its text, whatever it looks like; an answer is what it says."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, StreamingResponse
from flask import Flask
from flask import Response as FlaskResponse
from starlette.requests import ClientDisconnect
from werkzeug.exceptions import HTTPException as WerkzeugException
from werkzeug.exceptions import abort

from tests.unit.sdk_integrations.services import WHO, caller_of, identify, wsgi_caller_of
from trackstore import (
    TrackingRules,
    annotate,
    bind,
    current,
    track_api_usage,
    track_route_operation,
)
from trackstore.context import EMPTY_CONTEXT
from trackstore.entries import Operation
from trackstore.exception_status import answer_status, status_and_error
from trackstore.integrations.asgi import TrackingMiddleware
from trackstore.integrations.wsgi import TrackingMiddleware as WsgiMiddleware
from trackstore.testing import RecordingTracker

RARELY = TrackingRules(requires=(), sample_rate=0.0)


class LooksLikeAnAnswer(Exception):
    """An error of a client of another service, which carries that service's status."""

    status_code = 404
    code = 404
    status = 404
    detail = "no such model"


class WithoutText(Exception):
    """An error whose text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


class Awkward(Exception):
    """An error whose attributes raise."""

    @property
    def status_code(self) -> int:
        raise RuntimeError("no status")

    code = status = detail = response = status_code


class AnswersByItself(Exception):
    """An error that the service itself turns into an answer."""


FAULTS: list[tuple[BaseException, str]] = [
    (ValueError("no such lesson"), "ValueError: no such lesson"),
    (LooksLikeAnAnswer("gone"), "LooksLikeAnAnswer: gone"),
    (WithoutText(), "WithoutText"),
    (Awkward("odd"), "Awkward: odd"),
    (ValueError(), "ValueError"),
    (ExceptionGroup("tasks", [ValueError("a"), KeyError("b")]),
     "ExceptionGroup: tasks (2 sub-exceptions): ValueError: a; KeyError: 'b'"),
    (BaseExceptionGroup("tasks", [ExceptionGroup("inner", [ValueError("a")])]), "ValueError: a"),
    (httpx.ConnectError("refused"), "ConnectError: refused"),
    (TimeoutError(), "TimeoutError"),
    (ClientDisconnect(), "ClientDisconnect"),
]  # fmt: skip


def facts(operation: Operation) -> tuple[str | None, int | None, str | None]:
    status = operation.api.status_code if operation.api else None
    return operation.outcome, status, operation.error


@pytest.mark.parametrize(("error", "text"), FAULTS, ids=[text for _, text in FAULTS])
async def test_an_exception_is_an_error_with_its_text_and_never_sampled_away(
    error: BaseException, text: str, tracker: RecordingTracker
) -> None:
    for inside in (False, True):
        app = FastAPI()

        @app.get("/x")
        def fails() -> None:
            raise error

        tracker.clear()
        if inside:
            app.add_middleware(TrackingMiddleware, tracker=tracker, rules=RARELY)
        watched: Any = app if inside else TrackingMiddleware(app, tracker, RARELY)
        async with caller_of(watched) as http:
            assert (await http.get("/x")).status_code == 500
        assert [facts(o) for o in tracker.operations] == [("ERROR", 500, text)]

    flask = Flask(__name__)

    @flask.get("/x")
    def breaks() -> str:
        raise error

    tracker.clear()
    with wsgi_caller_of(WsgiMiddleware(flask.wsgi_app, tracker, RARELY)) as client:
        assert client.get("/x").status_code == 500
    assert [facts(o) for o in tracker.operations] == [("ERROR", 500, text)]

    @track_api_usage("x", tracker=tracker, rules=RARELY)
    def decorated() -> None:
        raise error

    tracker.clear()
    with pytest.raises(type(error)):
        decorated()
    assert [(o.outcome, o.error) for o in tracker.operations] == [("ERROR", text)]


async def test_what_the_framework_answers_is_recorded_as_it_is_answered(
    tracker: RecordingTracker,
) -> None:
    app = FastAPI()
    app.add_middleware(TrackingMiddleware, tracker=tracker, rules=TrackingRules(requires=()))

    @app.exception_handler(AnswersByItself)
    async def answer(request: Request, error: AnswersByItself) -> JSONResponse:
        del request
        return JSONResponse(str(error), 422 if "yours" in str(error) else 502)

    @app.get("/{status}")
    def fails(status: int) -> None:
        if status == 1:
            raise AnswersByItself("your input is yours")
        if status == 2:
            raise AnswersByItself("the renderer is away")
        raise HTTPException(status, "told")

    async with caller_of(app) as http:
        for status in ("404", "429", "503", "1", "2", "none"):
            await http.get(f"/{status}")
    assert [facts(o) for o in tracker.operations] == [
        ("OK", 404, None),
        ("OK", 429, None),
        ("ERROR", 503, "HTTPException: 503: told"),
        ("OK", 422, None),
        ("ERROR", 502, "AnswersByItself: the renderer is away"),
        ("OK", 422, None),
    ]


def test_flask_answers(tracker: RecordingTracker) -> None:
    app = Flask(__name__)

    @app.get("/<int:status>")
    def fails(status: int) -> str:
        if status == 1:
            abort(FlaskResponse("own", 409))
        return abort(status)

    with wsgi_caller_of(WsgiMiddleware(app.wsgi_app, tracker, TrackingRules(requires=()))) as http:
        for status in (404, 503, 1):
            http.get(f"/{status}")
    assert [facts(o)[:2] for o in tracker.operations] == [
        ("OK", 404),
        ("ERROR", 503),
        ("OK", 409),
    ]


def test_answers_are_known_by_their_class() -> None:
    assert answer_status(HTTPException(404)) == 404
    assert answer_status(LooksLikeAnAnswer()) is None
    assert status_and_error(HTTPException(403, "no")) == (403, None)
    assert status_and_error(HTTPException(503, "busy")) == (503, "HTTPException: 503: busy")
    with pytest.raises(WerkzeugException) as raised:
        abort(FlaskResponse("own", 409))
    assert answer_status(raised.value) == 409


async def test_an_exception_that_a_middleware_of_the_service_raises_is_what_the_caller_gets(
    tracker: RecordingTracker,
) -> None:
    app = FastAPI()

    @app.middleware("http")
    async def refuse(request: Request, call_next: Any) -> Any:
        del request, call_next
        raise HTTPException(401, "who are you")  # outside what turns it into an answer

    async with caller_of(TrackingMiddleware(app, tracker, RARELY)) as http:
        assert (await http.get("/x")).status_code == 500
    assert [facts(o) for o in tracker.operations] == [
        ("ERROR", 500, "HTTPException: 401: who are you")
    ]


async def test_a_stream_that_breaks_after_the_headers(tracker: RecordingTracker) -> None:
    app = FastAPI()

    @app.get("/x")
    async def stream() -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            yield "a"
            raise LooksLikeAnAnswer("gone")

        return StreamingResponse(parts())

    async with caller_of(TrackingMiddleware(app, tracker, RARELY)) as http:
        await http.get("/x")
    assert [facts(o) for o in tracker.operations] == [("ERROR", 200, "LooksLikeAnAnswer: gone")]


async def test_a_bug_after_the_caller_has_gone_is_an_error_still(
    tracker: RecordingTracker,
) -> None:
    async def service(scope: Any, receive: Any, send: Any) -> None:
        del send
        while (await receive())["type"] != "http.disconnect":
            pass
        if scope["path"] == "/bug":
            raise ValueError("a bug")
        raise ConnectionResetError("the caller has gone")

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        del message

    app = TrackingMiddleware(service, tracker, TrackingRules(requires=()))
    for path in ("/bug", "/reset"):
        with pytest.raises((ValueError, ConnectionResetError)):
            await app({"type": "http", "method": "GET", "path": path}, gone, send)
    assert [facts(o) for o in tracker.operations] == [
        ("ERROR", 500, "ValueError: a bug"),
        ("OK", 499, None),
    ]
    assert [o.attributes for o in tracker.operations] == [{"disconnected": True}] * 2


async def test_a_connection_that_breaks_while_the_answer_is_sent(
    tracker: RecordingTracker,
) -> None:
    async def service(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a", "more_body": True})

    async def nothing(message: Any = None) -> Any:
        if message["type"] == "http.response.body":
            raise OSError("broken pipe")

    app = TrackingMiddleware(service, tracker, TrackingRules(requires=()))
    with pytest.raises(OSError, match="broken pipe"):
        await app({"type": "http", "method": "GET", "path": "/x"}, nothing, nothing)
    (operation,) = tracker.operations
    assert facts(operation) == ("OK", 200, None)
    assert operation.attributes == {"disconnected": True}


async def test_cancelled_work_alone_and_in_a_group(tracker: RecordingTracker) -> None:
    async def nothing(*_: Any) -> Any:
        return {"type": "http.disconnect"}

    async def service(scope: Any, receive: Any, send: Any) -> None:
        del receive, send
        if scope["path"] == "/group":
            raise BaseExceptionGroup("tasks", [asyncio.CancelledError()])
        if scope["path"] == "/exit":
            raise SystemExit(3)
        async with asyncio.timeout(0.001):
            await asyncio.sleep(10)

    app = TrackingMiddleware(service, tracker, TrackingRules(requires=()))
    for path in ("/group", "/exit", "/timeout"):
        with pytest.raises(BaseException):  # noqa: B017, PT011
            await app({"type": "http", "method": "GET", "path": path}, nothing, nothing)
    assert [facts(o) for o in tracker.operations] == [
        ("OK", 499, None),
        ("ERROR", 500, "SystemExit: 3"),
        ("ERROR", 500, "TimeoutError"),
    ]


async def test_a_failure_that_a_handler_tells_is_not_sampled_away(
    tracker: RecordingTracker,
) -> None:
    app = FastAPI()

    @app.get("/{how}")
    def told(how: str) -> str:
        if how == "outcome":
            annotate(outcome="ERROR")
        elif how == "exception":
            annotate(error=WithoutText())
        elif how == "odd":
            annotate(error=17)  # type: ignore[arg-type]
        return how

    async with caller_of(TrackingMiddleware(app, tracker, RARELY)) as http:
        for how in ("outcome", "exception", "odd", "fine"):
            await http.get(f"/{how}")
    assert [facts(o) for o in tracker.operations] == [
        ("ERROR", 200, None),
        ("ERROR", 200, "WithoutText"),
        ("ERROR", 200, "17"),
    ]


async def test_the_helper_takes_any_exception(tracker: RecordingTracker) -> None:
    app = FastAPI()

    @app.get("/x")
    def handler(request: Request) -> None:
        identify(request)
        for error in (LooksLikeAnAnswer("gone"), HTTPException(404), Awkward("odd")):
            track_route_operation(request, tracker=tracker, error=error)

    async with caller_of(app) as http:
        await http.get("/x", headers=WHO)
    assert [facts(o) for o in tracker.operations] == [
        ("ERROR", 500, "LooksLikeAnAnswer: gone"),
        ("OK", 404, None),
        ("ERROR", 500, "Awkward: odd"),
    ]


async def test_dependencies_that_yield(tracker: RecordingTracker) -> None:
    """Sync ones begin and end in threads of their own; only async ones reach the handler's context."""
    seen: list[tuple[str | None, bool]] = []
    app = FastAPI()

    def sync_request() -> Iterator[None]:
        with tracker.request("sync"), bind(stage="dependency"):
            annotate(user_id="u_1", workspace_id="ws_12")
            yield

    async def async_request() -> AsyncIterator[None]:
        with tracker.request("async"):
            yield

    @app.get("/sync", dependencies=[Depends(sync_request)])
    def sync_handler() -> None:
        seen.append((current().correlation_id, current().request_id is None))

    @app.get("/async", dependencies=[Depends(async_request), Depends(sync_request)])
    async def async_handler() -> None:
        seen.append((current().correlation_id, current().request_id is None))

    @app.get("/stream", dependencies=[Depends(sync_request)])
    def stream() -> StreamingResponse:
        def parts() -> Iterator[str]:
            for _ in range(2):
                seen.append((current().correlation_id, current().request_id is None))
                yield "a"

        return StreamingResponse(parts())

    async with caller_of(TrackingMiddleware(app, tracker)) as http:
        paths = ("/sync", "/async", "/stream")
        for path in paths:
            await http.get(path, headers={"X-Correlation-ID": path})
    assert seen == [("/sync", True), (seen[1][0], False), ("/stream", True), ("/stream", True)]
    assert [o.correlation_id for o in tracker.operations] == list(paths)
    assert [o.request_id for o in tracker.operations] == [None] * 3
    assert current() is EMPTY_CONTEXT


async def test_background_tasks_belong_to_the_call_and_fail_without_it(
    tracker: RecordingTracker,
) -> None:
    seen: list[str | None] = []
    app = FastAPI()

    @app.get("/x")
    def handler(tasks: BackgroundTasks) -> None:
        def later() -> None:
            seen.append(current().correlation_id)
            raise ValueError("later")

        tasks.add_task(later)

    async with caller_of(TrackingMiddleware(app, tracker, TrackingRules(requires=()))) as http:
        await http.get("/x", headers={"X-Correlation-ID": "order-7"})
    assert [facts(o) for o in tracker.operations] == [("OK", 200, None)]
    assert seen == ["order-7"]
    assert current() is EMPTY_CONTEXT
