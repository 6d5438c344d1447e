"""A1, A2, A4 and A6: the WSGI middleware records every call by the rules, and breaks none."""

import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.util import FileWrapper
from wsgiref.validate import validator

import httpx
import pytest
from flask import Flask, Response, abort, jsonify, request

from tests.unit.sdk_integrations.services import RULES, WHO, plain, wsgi_caller_of
from trackstore import CallRecorder, TrackingRules, annotate, current
from trackstore.integrations.wsgi import TrackingMiddleware
from trackstore.testing import NullTracker, RecordingTracker

HEADERS = {"x-correlation-id": "corr-1", "user-agent": "memory-client/1.4"}


class Abrupt(Exception):
    """The service fails without an answer."""


def flask_app() -> Flask:
    app = Flask(__name__)

    @app.before_request
    def who() -> None:
        annotate(user_id=request.headers.get("x-user"))
        request.environ["trackstore.state"]["workspace_id"] = request.headers.get("x-workspace")

    @app.post("/v1/memory")
    def add() -> tuple[Response, int]:
        assert request.get_json()["password"] == "p"
        return jsonify(id="mem_51", correlation_id=current().correlation_id), 201

    @app.get("/v1/memory/<memory_id>")
    def get(memory_id: str) -> Response:
        if memory_id == "none":
            abort(404)
        return jsonify(id=memory_id)

    @app.get("/v1/broken")
    def broken() -> Response:
        raise RuntimeError("the index was behind")

    @app.get("/v1/stream")
    def stream() -> Response:
        breaks = "break" in request.args

        def parts() -> Iterator[str]:
            for number in range(3):
                assert current().correlation_id == "corr-1"
                annotate(attributes={"sent": number})
                yield f"{number} "
                if breaks:
                    raise RuntimeError("the stream broke")

        return Response(parts())

    return app


def watched(app: Flask, tracker: RecordingTracker, rules: TrackingRules = RULES) -> Any:
    return TrackingMiddleware(app.wsgi_app, tracker, rules)


def test_a2_a4_a_flask_call_is_recorded_with_everything_known_of_it(
    tracker: RecordingTracker,
) -> None:
    with wsgi_caller_of(watched(flask_app(), tracker)) as http:
        headers = WHO | HEADERS | {"x-client-type": "sdk", "x-plan": "pro"}
        body = {"text": "t", "password": "p"}
        answer = http.post("/v1/memory?token=secret&a=1", json=body, headers=headers)
    assert (answer.status_code, answer.headers["x-correlation-id"]) == (201, "corr-1")
    assert answer.json()["correlation_id"] == "corr-1"
    (operation,) = tracker.operations
    assert operation.correlation_id == "corr-1"
    assert 0 < (operation.duration_ms or 0) < 1_000
    assert plain(operation) == {
        "kind": "API",
        "name": "POST v1/memory",
        "operationType": "add_memory",
        "client": "sdk",
        "labels": {"userId": "u_1", "workspaceId": "ws_12"},
        "api": {
            "route": "v1/memory",
            "method": "POST",
            "statusCode": 201,
            "ipAddress": "203.0.113.9",
            "userAgent": "memory-client/1.4",
        },
        "interaction": {"type": "memory_operation"},
        "attributes": {
            "headers": {"x-plan": "pro"},
            "query": {"token": "[redacted]", "a": "1"},
            "body": {"text": "t", "password": "[redacted]"},
        },
    }


def test_a4_routes_are_flasks_rules(tracker: RecordingTracker) -> None:
    rules = TrackingRules(requires=())
    with wsgi_caller_of(watched(flask_app(), tracker, rules)) as http:
        for path in ("/v1/memory/mem_51", "/v1/memory/none", "/wp-login.php", "/v1/broken"):
            http.get(path, headers=WHO)
    assert [(o.name, o.api and o.api.status_code, o.outcome) for o in tracker.operations] == [
        ("GET v1/memory/{memory_id}", 200, "OK"),
        ("GET v1/memory/{memory_id}", 404, "OK"),
        ("GET (unmatched)", 404, "OK"),
        ("GET v1/broken", 500, "ERROR"),
    ]
    assert [o.api and o.api.resource_id for o in tracker.operations] == [
        "mem_51",
        "none",
        None,
        None,
    ]


def test_a2_nothing_is_recorded_where_user_or_workspace_is_missing(
    tracker: RecordingTracker,
) -> None:
    recorder = CallRecorder(tracker)
    with wsgi_caller_of(TrackingMiddleware(flask_app().wsgi_app, recorder=recorder)) as http:
        http.get("/v1/memory/mem_51")
    assert (tracker.entries, recorder.skipped) == ([], {"labels": 1})


def test_a6_a_streamed_answer_is_recorded_when_it_is_closed(tracker: RecordingTracker) -> None:
    app = watched(flask_app(), tracker)
    with (
        wsgi_caller_of(app) as http,
        http.stream("GET", "/v1/stream", headers=WHO | HEADERS) as answer,
    ):
        assert "".join(answer.iter_text()) == "0 1 2 "
    (operation,) = tracker.operations
    assert (operation.outcome, operation.attributes) == ("OK", {"sent": 2})
    assert current().correlation_id is None
    assert not annotate(user_id="u_1")


def test_a6_a_stream_that_breaks_and_one_that_nobody_reads_on(tracker: RecordingTracker) -> None:
    app = watched(flask_app(), tracker)
    body: Any = app(environ("/v1/stream", "break=1"), start_response)
    with pytest.raises(RuntimeError, match="the stream broke"):
        list(body)
    body.close()
    assert not tracker.find(error=None)
    assert tracker.operations[0].error == "RuntimeError: the stream broke"
    left: Any = app(environ("/v1/stream", ""), start_response)
    next(iter(left))
    assert len(tracker.operations) == 1
    left.close()
    left.close()
    unread: Any = app(environ("/v1/stream", ""), start_response)
    unread.close()  # as servers do for a HEAD
    assert [o.attributes for o in tracker.operations[1:]] == [
        {"sent": 0, "disconnected": True},
        None,
    ]


def test_a6_an_error_without_an_answer_goes_on(tracker: RecordingTracker) -> None:
    def service(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        del start_response
        environ["trackstore.state"] |= {"user_id": "u_1", "workspace_id": "ws_12"}
        raise Abrupt("no answer")

    with pytest.raises(Abrupt):
        TrackingMiddleware(service, tracker)(environ("/v1/x", ""), start_response)
    (operation,) = tracker.operations
    assert (operation.error, operation.outcome) == ("Abrupt: no answer", "ERROR")
    assert (operation.api and operation.api.status_code) == 500


def test_a6_what_the_server_knows_by_its_type_keeps_it(tracker: RecordingTracker) -> None:
    bodies: list[Any] = [[b"whole"], FileWrapper(open(__file__, "rb"))]  # noqa: PTH123, SIM115

    def service(_: dict[str, Any], start_response: Any) -> Any:
        start_response("200 OK", [])
        return bodies[0]

    app = TrackingMiddleware(service, tracker, TrackingRules(requires=()))
    variables = environ("/file", "") | {"wsgi.file_wrapper": FileWrapper}
    assert app(dict(variables), start_response) is bodies.pop(0)
    with bodies[0].filelike:
        assert app(dict(variables), start_response) is bodies[0]
    assert len(tracker.operations) == 2


def test_a6_a_tracker_that_fails_breaks_no_call() -> None:
    class Broken(NullTracker):
        def put(self, entry: object) -> None:
            raise RuntimeError(f"cannot take {entry}")

    recorder = CallRecorder(Broken(strict=False), RULES)
    with wsgi_caller_of(TrackingMiddleware(flask_app().wsgi_app, recorder=recorder)) as http:
        assert http.get("/v1/memory/mem_51", headers=WHO).status_code == 200
    assert recorder.skipped == {"failed": 1}


def environ(path: str, query: str) -> dict[str, Any]:
    # A GET by hand, as servers make it.
    variables = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "service",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.url_scheme": "http",
        "HTTP_X_CORRELATION_ID": "corr-1",
    }
    return variables | {
        f"HTTP_{name.upper().replace('-', '_')}": value for name, value in WHO.items()
    }


def start_response(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
    """Take any answer."""
    del status, headers, error


class Quiet(WSGIRequestHandler):
    """Logs nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def wsgi_server(tracker: RecordingTracker) -> Iterator[str]:
    # A plain WSGI service behind the standard library's server, both sides held to the protocol.
    def service(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        state = environ["trackstore.state"]
        state["user_id"], state["workspace_id"] = "u_1", "ws_12"
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"a"
        yield b"b"

    app = validator(TrackingMiddleware(validator(service), tracker))
    server: WSGIServer = make_server("127.0.0.1", 0, app, handler_class=Quiet)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a4_any_wsgi_service_on_a_real_server(wsgi_server: str, tracker: RecordingTracker) -> None:
    for id in (51, 52):
        assert httpx.get(f"{wsgi_server}/v1/memory/{id}").text == "ab"
    for _ in range(500):  # the answer is closed after the caller has it
        if len(tracker.operations) == 2:
            break
        time.sleep(0.01)
    assert [o.name for o in tracker.operations] == ["GET v1/memory/{id}"] * 2
    assert {(o.api and o.api.ip_address) for o in tracker.operations} == {"127.0.0.1"}
