"""A1, A2, A4 and A6: the ASGI middleware records every call by the rules, and breaks none."""

import asyncio
import logging
import time
from collections.abc import MutableMapping
from contextlib import nullcontext
from typing import Any

import pytest
from fastapi import FastAPI

from tests.unit.sdk_integrations.services import RULES, WHO, caller_of, memory_app, plain
from trackstore import CallRecorder, TrackingRules, annotate, headers_of
from trackstore.delivery.exits import process_exit
from trackstore.integrations.asgi import TrackingMiddleware
from trackstore.redaction import fingerprint
from trackstore.testing import NullTracker, RecordingTracker

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def recorder(tracker: RecordingTracker) -> CallRecorder:
    return CallRecorder(tracker, RULES)


@pytest.fixture
def app(recorder: CallRecorder) -> TrackingMiddleware:
    return TrackingMiddleware(memory_app(), recorder=recorder)


async def test_a2_a4_a_call_is_recorded_with_everything_known_of_it(
    app: TrackingMiddleware, tracker: RecordingTracker
) -> None:
    headers = WHO | {
        "x-end-user": "end_3",
        "x-organization": "org_7",
        "x-developer": "dev_9",
        "x-api-key": "tsk_secret",
        "x-client-type": "python-sdk",
        "user-agent": "memory-client/1.4",
        "x-correlation-id": "corr-1",
        "traceparent": f"00-{TRACE}-00f067aa0ba902b7-01",
        "x-plan": "pro",
        "authorization": "Bearer secret",
    }
    async with caller_of(app) as http:
        answer = await http.post(
            "/v1/memory?debug=1&token=secret", json={"text": "t", "password": "p"}, headers=headers
        )
    assert (answer.status_code, answer.headers["x-correlation-id"]) == (201, "corr-1")
    (operation,) = tracker.operations
    assert operation.duration_ms is not None
    assert 0 < operation.duration_ms < 1_000
    assert (operation.correlation_id, operation.trace_id) == ("corr-1", TRACE)
    assert plain(operation) == {
        "kind": "API",
        "name": "POST v1/memory",
        "operationType": "add_memory",
        "client": "python-sdk",
        "labels": {
            "userId": "end_3",
            "workspaceId": "ws_12",
            "organizationId": "org_7",
            "developerId": "dev_9",
            "apiKeyId": fingerprint("tsk_secret"),
        },
        "api": {
            "route": "v1/memory",
            "method": "POST",
            "statusCode": 201,
            "ipAddress": "203.0.113.9",
            "userAgent": "memory-client/1.4",
        },
        "interaction": {"type": "memory_operation"},
        "attributes": {
            "headers": {"x-plan": "pro", "authorization": "[redacted]"},
            "query": {"debug": "1", "token": "[redacted]"},
            "body": {"text": "t", "password": "[redacted]"},
        },
    }


async def test_a2_nothing_is_recorded_where_user_or_workspace_is_missing(
    app: TrackingMiddleware, tracker: RecordingTracker, recorder: CallRecorder
) -> None:
    async with caller_of(app) as http:
        for missing in WHO:
            known = {name: value for name, value in WHO.items() if name != missing}
            assert (await http.post("/v1/memory", headers=known)).status_code == 201
        assert (await http.get("/v1/broken")).status_code == 500
    assert not tracker.entries
    assert recorder.skipped == {"labels": 3}


async def test_a4_the_rules_say_otherwise(tracker: RecordingTracker) -> None:
    app = TrackingMiddleware(memory_app(), tracker, TrackingRules(requires=()))
    async with caller_of(app) as http:
        await http.get("/health")
    assert tracker.one(route="health").labels is None


async def test_a4_routes_are_templates_however_they_are_mounted(
    app: TrackingMiddleware, tracker: RecordingTracker, recorder: CallRecorder
) -> None:
    async with caller_of(app) as http:
        for path in ("/v1/memory/mem_51", "/v1/memory/none", "/admin/memories/7", "/health"):
            await http.get(path, headers=WHO)
        await http.get("/wp-login.php", headers=WHO)
    routes = [
        (o.api.route, o.api.resource_id, o.api.status_code) for o in tracker.operations if o.api
    ]
    assert routes == [
        ("v1/memory/{memory_id}", "mem_51", 200),
        ("v1/memory/{memory_id}", "none", 404),
        ("admin/memories/{memory_id}", "7", 200),
    ]
    assert recorder.skipped == {"route": 1, "labels": 1}
    assert [o.outcome for o in tracker.operations] == ["OK", "OK", "OK"]


async def test_paths_that_no_route_knows_are_one_group(tracker: RecordingTracker) -> None:
    app = TrackingMiddleware(memory_app(), tracker, TrackingRules(requires=()))
    async with caller_of(app) as http:
        for path in ("/wp-login.php", "/.env", "/a/b/c"):
            await http.get(path)
    assert [o.name for o in tracker.operations] == ["GET (unmatched)"] * 3


async def test_a6_the_failure_path_is_recorded_and_the_error_goes_on(
    app: TrackingMiddleware, tracker: RecordingTracker
) -> None:
    async with caller_of(app, raises=True) as http:
        with pytest.raises(RuntimeError, match="the index was behind"):
            await http.get("/v1/broken", headers=WHO)
    (operation,) = tracker.operations
    assert operation.outcome == "ERROR"
    assert operation.api is not None
    assert operation.api.status_code == 500
    assert operation.error is not None
    assert operation.error.startswith("RuntimeError: the index was behind xxx")
    assert len(operation.error) == 200


async def test_a6_as_a_middleware_of_the_service_itself(tracker: RecordingTracker) -> None:
    app = memory_app()
    app.add_middleware(TrackingMiddleware, tracker=tracker, rules=RULES)
    async with caller_of(app) as http:
        assert (await http.get("/v1/broken", headers=WHO)).status_code == 500
        assert (await http.get("/v1/memory/mem_51", headers=WHO)).status_code == 200
    assert [(o.outcome, o.api and o.api.status_code) for o in tracker.operations] == [
        ("ERROR", 500),
        ("OK", 200),
    ]


async def test_a6_two_middlewares_record_one_call(tracker: RecordingTracker) -> None:
    app = memory_app()
    app.add_middleware(TrackingMiddleware, tracker=tracker, rules=RULES)
    async with caller_of(TrackingMiddleware(app, tracker, RULES)) as http:
        await http.get("/v1/memory/mem_51", headers=WHO)
    assert len(tracker.operations) == 1


async def test_a_service_that_calls_another_in_its_process_makes_two_records(
    tracker: RecordingTracker,
) -> None:
    inner = TrackingMiddleware(memory_app(), tracker)
    app = FastAPI()
    app.add_middleware(TrackingMiddleware, tracker=tracker)

    @app.get("/outer")
    async def outer() -> int:
        annotate(user_id="u_1", workspace_id="ws_12")
        async with caller_of(inner) as http:
            response = await http.get("/v1/memory/mem_51", headers=WHO | headers_of())
        return response.status_code

    async with caller_of(app) as http:
        assert (await http.get("/outer")).json() == 200
    assert [o.api and o.api.route for o in tracker.operations] == ["v1/memory/{memory_id}", "outer"]
    assert len({o.correlation_id for o in tracker.operations}) == 1


async def test_a6_a_streamed_answer_is_recorded_at_its_end(
    app: TrackingMiddleware, tracker: RecordingTracker
) -> None:
    async with caller_of(app) as http:
        assert (await http.get("/v1/stream", headers=WHO)).text == "0 1 2 "
        assert (tracker.one(route="v1/stream").duration_ms or 0) >= 30
        tracker.clear()
        await http.get("/v1/stream?break=1", headers=WHO)
    (operation,) = tracker.operations
    assert operation.error == "RuntimeError: the stream broke"
    assert operation.api is not None
    assert operation.api.status_code == 200


async def test_a6_background_tasks_are_no_part_of_the_call(
    app: TrackingMiddleware, tracker: RecordingTracker
) -> None:
    async with caller_of(app) as http:
        await http.get("/v1/background", headers=WHO)
        await http.get("/v1/background?break=1", headers=WHO)
        await http.get("/v1/background?status=503", headers=WHO)
    assert all((operation.duration_ms or 0) < 250 for operation in tracker.operations)
    assert [(o.outcome, o.error) for o in tracker.operations] == [
        ("OK", None),
        ("OK", None),
        ("ERROR", None),
    ]


async def test_what_is_no_call_passes_untouched() -> None:
    passed: list[Any] = []

    async def service(*parts: Any) -> None:
        passed.extend(parts)

    async def nothing(*_: Any) -> Any:
        raise AssertionError("nobody is asked")

    scope = {"type": "websocket"}
    tracker = RecordingTracker()
    await TrackingMiddleware(service, tracker)(scope, nothing, nothing)
    assert [scope, nothing, nothing] == passed
    assert (scope, tracker.entries) == ({"type": "websocket"}, [])


@pytest.mark.parametrize("end", ["complete", "failed", "raised"])
async def test_a_lifespan_passes_and_its_end_waits_for_a_flush(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent_types: list[str] = []
    monkeypatch.setattr(process_exit, "flush", lambda: sent_types.append("flush"))

    async def service(scope: Any, receive: Any, send: Any) -> None:
        assert scope["type"] == "lifespan"
        await receive()
        await send({"type": "lifespan.startup.complete"})
        assert (await receive())["type"] == "lifespan.shutdown"
        if end == "raised":
            raise LookupError("of the service")
        await send({"type": f"lifespan.shutdown.{end}"})

    messages = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, str]:
        return {"type": next(messages)}

    async def send(message: Any) -> None:
        sent_types.append(message["type"])
        assert process_exit.has_lifespan == (message["type"] == "lifespan.startup.complete")

    tracker = RecordingTracker()
    twice = TrackingMiddleware(TrackingMiddleware(service, tracker), tracker)
    with pytest.raises(LookupError) if end == "raised" else nullcontext():
        await twice({"type": "lifespan"}, receive, send)
    ends = [] if end == "raised" else [f"lifespan.shutdown.{end}"]
    assert sent_types == ["lifespan.startup.complete", "flush", *ends]


async def test_a_service_without_lifespan_fails_as_it_would_alone() -> None:
    async def service(scope: Any, receive: Any, send: Any) -> None:
        del receive, send
        raise ValueError(scope["type"])

    with pytest.raises(ValueError, match="lifespan"):
        await TrackingMiddleware(service, RecordingTracker())({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert not process_exit.has_lifespan


async def test_a6_a_caller_that_goes_away_is_told_apart(tracker: RecordingTracker) -> None:
    """A service that is cancelled because nobody listens, before and within its answer."""

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        scope["state"].update(user_id="u_1", workspace_id="ws_12")
        if scope["path"] == "/begun":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"part", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass

    app = TrackingMiddleware(slow, tracker)
    for path in ("/begun", "/waiting"):
        await _left_by_its_caller(app, path)
    begun, waiting = tracker.operations
    assert (begun.api and begun.api.status_code, waiting.api and waiting.api.status_code) == (
        200,
        499,
    )
    assert begun.attributes == waiting.attributes == {"disconnected": True}
    assert [o.outcome for o in tracker.operations] == ["OK", "OK"]


async def test_a6_a_caller_that_leaves_after_the_answer_has_it(tracker: RecordingTracker) -> None:
    async def refuses(scope: Any, receive: Any, send: Any) -> None:
        scope["state"].update(user_id="u_1", workspace_id="ws_12")
        await send({"type": "http.response.start", "status": 503, "headers": []})
        await send({"type": "http.response.body", "body": b"busy"})
        while (await receive())["type"] != "http.disconnect":
            pass

    await _left_by_its_caller(TrackingMiddleware(refuses, tracker), "/busy")
    (operation,) = tracker.operations
    assert (operation.outcome, operation.attributes) == ("ERROR", None)


async def test_a6_a_cancelled_handler_stays_cancelled(tracker: RecordingTracker) -> None:
    async def forever(scope: Any, receive: Any, send: Any) -> None:
        del receive, send
        scope["state"].update(user_id="u_1", workspace_id="ws_12")
        await asyncio.sleep(60)

    async with asyncio.timeout(10):
        task = asyncio.create_task(_left_by_its_caller(TrackingMiddleware(forever, tracker), "/x"))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert [o.api and o.api.status_code for o in tracker.operations] == [499]


async def _left_by_its_caller(app: TrackingMiddleware, path: str) -> None:
    incoming: list[MutableMapping[str, Any]] = [
        {"type": "http.request", "body": b"", "more_body": False},
        {"type": "http.disconnect"},
    ]

    async def receive() -> MutableMapping[str, Any]:
        return incoming.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        del message

    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b""}
    await app(scope, receive, send)


async def test_a6_a_tracker_that_fails_breaks_no_call(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(NullTracker):
        def put(self, entry: object) -> None:
            raise RuntimeError(f"cannot take {entry}")

    recorder = CallRecorder(Broken(strict=False), RULES)
    app = TrackingMiddleware(memory_app(), recorder=recorder)
    with caplog.at_level(logging.WARNING, "trackstore"):
        async with caller_of(app) as http:
            for _ in range(3):
                assert (await http.get("/v1/memory/mem_51", headers=WHO)).status_code == 200
    assert recorder.skipped == {"failed": 3}
    assert caplog.text.count("a call could not be recorded") == 1


async def test_a6_it_costs_the_caller_far_less_than_15_ms() -> None:
    async def hello(scope: Any, receive: Any, send: Any) -> None:
        del receive
        scope["state"].update(user_id="u_1", workspace_id="ws_12")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello"})

    app = TrackingMiddleware(hello, RecordingTracker())
    begun = time.perf_counter()
    for _ in range(200):
        await _left_by_its_caller(app, "/hello")
    assert (time.perf_counter() - begun) / 200 < 0.005
