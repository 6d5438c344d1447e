"""A2 and B4: middleware, helper, decorator, service object and event record the same thing."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.unit.sdk_integrations.services import RULES, caller_of, plain
from trackstore import CallRecorder, EventBus, ServedCall, track_api_usage, track_route_operation
from trackstore.event_records import record_calls
from trackstore.integrations.asgi import TrackingMiddleware
from trackstore.redaction import fingerprint
from trackstore.testing import NullTracker, RecordingTracker

Handler = Callable[[Request], Awaitable[Response]]
Way = Callable[[CallRecorder, EventBus], Any]

HEADERS = {
    "x-correlation-id": "corr-1",
    "x-client-type": "python-sdk",
    "x-api-key": "tsk_secret",
    "user-agent": "memory-client/1.4",
    "x-plan": "pro",
    "authorization": "Bearer secret",
}
PATH = "/v1/memory/{memory_id}"


async def business(request: Request) -> Response:
    # The service itself: it knows its caller, answers, or fails.
    request.state.user_id = "u_1"
    request.state.end_user_id = "end_3"
    request.state.workspace_id = request.query_params.get("workspace")
    if "break" in request.query_params:
        raise RuntimeError("the index was behind " + "x" * 300)
    return JSONResponse({"id": "mem_51"}, 201)


def served(handler: Handler) -> Starlette:
    return Starlette(routes=[Route(PATH, handler, methods=["POST"])])


def by_middleware(recorder: CallRecorder, _: EventBus) -> Any:
    return TrackingMiddleware(served(business), recorder=recorder)


def by_decorator(recorder: CallRecorder, _: EventBus) -> Any:
    return served(track_api_usage("add_memory", recorder=recorder)(business))


def by_helper(recorder: CallRecorder, _: EventBus) -> Any:
    async def handler(request: Request) -> Response:
        begun = time.perf_counter()
        try:
            answer = await business(request)
        except RuntimeError as error:
            track_route_operation(request, recorder=recorder, started_at=begun, error=error)
            raise
        track_route_operation(
            request, recorder=recorder, started_at=begun, status_code=answer.status_code
        )
        return answer

    return served(handler)


def by_event(recorder: CallRecorder, bus: EventBus) -> Any:
    record_calls(bus, recorder)

    async def handler(request: Request) -> Response:
        try:
            answer = await business(request)
        except RuntimeError as error:
            bus.emit("api.call", request=request, error=error)
            raise
        bus.emit("api.call", request=request, status_code=answer.status_code)
        return answer

    return served(handler)


def by_event_of_fields(recorder: CallRecorder, bus: EventBus) -> Any:
    # An event that knows no request: the service tells each fact by its name.
    record_calls(bus, recorder)

    async def handler(request: Request) -> Response:
        bus.emit("api.call", **told_of(request))
        return await business(request)

    return served(handler)


def by_service_object(recorder: CallRecorder, _: EventBus) -> Any:
    async def handler(request: Request) -> Response:
        fields = told_of(request)
        names = {"user_id", "workspace_id", "api_key_id"}
        labels = {name: value for name in names if (value := fields.pop(name))}
        recorder.record(ServedCall(labels=labels, **fields))
        return await business(request)

    return served(handler)


def told_of(request: Request) -> dict[str, Any]:
    breaks = "break" in request.query_params
    return {
        "route": "v1/memory/{memory_id}",
        "method": "POST",
        "status_code": 500 if breaks else 201,
        "error": "RuntimeError: the index was behind " + "x" * 300 if breaks else None,
        "resource_id": "mem_51",
        "client": "python-sdk",
        "ip_address": "203.0.113.9",
        "user_agent": "memory-client/1.4",
        "correlation_id": "corr-1",
        "user_id": "end_3",
        "workspace_id": request.query_params.get("workspace"),
        "api_key_id": fingerprint("tsk_secret"),
        "headers": {"x-plan": "pro", "authorization": "Bearer secret"},
        "query": request.url.query,
    }


WAYS = (
    by_middleware,
    by_decorator,
    by_helper,
    by_event,
    by_event_of_fields,
    by_service_object,
)


async def recorded(way: Way) -> tuple[list[dict[str, Any]], dict[str, int]]:
    tracker = RecordingTracker()
    recorder = CallRecorder(tracker, RULES)
    async with caller_of(way(recorder, EventBus())) as http:
        for query in ("workspace=ws_12&token=secret", "workspace=ws_12&break=1", "workspace="):
            await http.post(f"/v1/memory/mem_51?{query}", headers=HEADERS)
    assert {o.correlation_id for o in tracker.operations} == {"corr-1"}
    return [plain(o) for o in tracker.operations], {
        str(reason): number for reason, number in recorder.skipped.items()
    }


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_b4_every_way_records_the_same_thing(way: Way) -> None:
    operations, skipped = await recorded(way)
    expected, expected_skipped = await recorded(by_middleware)
    assert operations == expected
    assert skipped == expected_skipped == {"labels": 1}


async def test_b4_what_they_record() -> None:
    (answered, failed), _ = await recorded(by_middleware)
    assert answered["labels"].keys() == {"userId", "workspaceId", "apiKeyId"}
    assert answered["operationType"] == "add_memory"
    assert answered["attributes"] == {
        "headers": {"x-plan": "pro", "authorization": "[redacted]"},
        "query": {"workspace": "ws_12", "token": "[redacted]"},
    }
    assert (failed["outcome"], len(failed["error"])) == ("ERROR", 200)


async def test_a2_the_helper_says_more_than_the_request_tells() -> None:
    tracker = RecordingTracker()

    async def handler(request: Request) -> Response:
        answer = await business(request)
        id = track_route_operation(
            request,
            tracker=tracker,
            route="v1/memory",
            operation_type="add_memory",
            resource_id="mem_52",
            batch_size=3,
            counts=True,
            organization_id="org_7",
            attributes={"source": "import"},
            status_code=207,
        )
        assert id == tracker.operations[0].id
        return answer

    app = TrackingMiddleware(served(handler), tracker)
    async with caller_of(app) as http:
        await http.post("/v1/memory/mem_51?workspace=ws_12", headers=HEADERS)
    (operation,) = tracker.operations
    fields = plain(operation)
    assert fields["api"] == {
        "route": "v1/memory",
        "method": "POST",
        "statusCode": 207,
        "ipAddress": "203.0.113.9",
        "userAgent": "memory-client/1.4",
        "batchSize": 3,
        "resourceId": "mem_52",
    }
    assert (fields["operationType"], fields["interaction"]) == (
        "add_memory",
        {"type": "api_operation"},
    )
    assert fields["attributes"] == {"source": "import"}
    assert fields["labels"]["organizationId"] == "org_7"
    assert fields["labels"]["userId"] == "end_3"


def test_a2_the_helper_never_raises() -> None:
    recorder = CallRecorder(NullTracker(strict=False))
    assert not track_route_operation(object(), recorder=recorder)
    assert not track_route_operation(None, recorder=recorder)
    assert recorder.skipped == {"failed": 2}
