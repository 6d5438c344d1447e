"""A4: what the rules and the handler say of a call, seen by the ASGI middleware."""

import asyncio
from typing import Any

import pytest
from fastapi import FastAPI

from tests.support.processes import ServerProcess
from tests.unit.sdk.conftest import MakeTracker
from tests.unit.sdk_integrations.services import WHO, caller_of, memory_app, plain
from trackstore import CallRecorder, InvalidItemError, RouteRule, TrackingRules, annotate, current
from trackstore.integrations.asgi import TrackingMiddleware
from trackstore.testing import RecordingTracker


async def test_a_body_is_kept_where_the_rules_say_so(tracker: RecordingTracker) -> None:
    rules = TrackingRules(
        requires=(), body_bytes=50, routes=(RouteRule("v1/memory", keep_body=True),)
    )
    async with caller_of(TrackingMiddleware(memory_app(), tracker, rules)) as http:
        for content, kind in (
            (b'{"a": [1, {"token": "t"}]}', "application/json"),
            (b'{"a": 1', "application/json"),
            (b'{"a": 1}', "text/plain"),
            (b'{"a": "' + b"x" * 60 + b'"}', "application/json"),
        ):
            headers = {"content-type": kind}
            assert (await http.post("/v1/memory", content=content, headers=headers)).is_success
    assert [o.attributes for o in tracker.operations] == [
        {"body": {"a": [1, {"token": "[redacted]"}]}},
        None,
        None,
        None,
    ]


async def test_what_a_handler_tells_goes_before_what_the_rules_see(
    tracker: RecordingTracker,
) -> None:
    app = FastAPI()
    app.add_middleware(TrackingMiddleware, tracker=tracker)

    @app.post("/v1/import/{kind}")
    def import_all(kind: str) -> dict[str, str]:  # a thread of the pool has the context, too
        assert annotate(user_id="u_1", workspace_id="ws_12", batch_size=3, resource_id="batch_9")
        assert annotate(operation_type="import", counts=True, attributes={"kind": kind})
        annotate(attributes={"rows": 3})
        return {"correlation_id": str(current().correlation_id)}

    async with caller_of(app) as http:
        answer = await http.post("/v1/import/csv")
    (operation,) = tracker.operations
    assert plain(operation) == {
        "kind": "API",
        "name": "POST v1/import/{kind}",
        "operationType": "import",
        "labels": {"userId": "u_1", "workspaceId": "ws_12"},
        "api": {
            "route": "v1/import/{kind}",
            "method": "POST",
            "statusCode": 200,
            "ipAddress": "203.0.113.9",
            "userAgent": http.headers["user-agent"],
            "batchSize": 3,
            "resourceId": "batch_9",
        },
        "interaction": {"type": "api_operation"},
        "attributes": {"kind": "csv", "rows": 3},
    }
    assert answer.json()["correlation_id"] == operation.correlation_id
    assert not annotate(user_id="u_1"), "outside a call nobody listens"


async def test_the_batch_size_is_what_counts_by_rule(tracker: RecordingTracker) -> None:
    rules = TrackingRules(
        routes=(RouteRule("v1/*", counts_as="memory", units="batch_size"),), requires=()
    )
    app = FastAPI()
    app.add_middleware(TrackingMiddleware, tracker=tracker, rules=rules)

    @app.post("/v1/batch")
    async def batch(size: int | None = None) -> None:
        if size is not None:
            annotate(batch_size=size)

    async with caller_of(app) as http:
        for query in ("?size=40", "?size=0", ""):
            await http.post(f"/v1/batch{query}")
    counted = [
        (i.type, i.units, i.counts_against_limits) if (i := o.interaction) else None
        for o in tracker.operations
    ]
    not_counted = ("api_operation", 1, False)  # the monthly counter of calls alone
    assert counted == [("memory", 40, True), not_counted, ("memory", 1, True)]


async def test_sampling_keeps_whole_conversations_and_all_failures(
    tracker: RecordingTracker,
) -> None:
    rules = TrackingRules(
        sample_rate=0.3, routes=(RouteRule("v1/memory", counts_as="memory_operation"),)
    )
    recorder = CallRecorder(tracker, rules)
    async with caller_of(TrackingMiddleware(memory_app(), recorder=recorder)) as http:
        for number in range(30):
            headers = WHO | {"x-correlation-id": f"corr-{number}"}
            await http.get("/v1/memory/mem_51", headers=headers)
            await http.get("/v1/memory/mem_52", headers=headers)
            await http.get("/v1/broken", headers=headers)
            await http.post("/v1/memory", headers=headers)
    read = [str(o.correlation_id) for o in tracker.find(operation_type="get_memory")]
    assert sorted(read[::2]) == sorted(read[1::2])
    assert 2 <= len(read) // 2 <= 18
    assert recorder.skipped == {"sample": 60 - len(read)}
    assert len(tracker.find(operation_type="add_memory")) == 30
    assert len(tracker.find(outcome="ERROR")) == 30
    assert {(o.attributes or {}).get("sample_rate") for o in tracker.find(outcome="OK")} == {
        0.3,
        None,
    }


@pytest.mark.parametrize(
    ("proxies", "expected"), [(0, "203.0.113.9"), (1, "198.51.100.7"), (2, "10.0.0.1")]
)
async def test_only_trusted_proxies_say_the_address(
    tracker: RecordingTracker, proxies: int, expected: str
) -> None:
    rules = TrackingRules(requires=(), trusted_proxies=proxies)
    async with caller_of(TrackingMiddleware(memory_app(), tracker, rules)) as http:
        headers = {"x-forwarded-for": "1.1.1.1, 10.0.0.1, 198.51.100.7"}
        await http.get("/health", headers=headers)
    assert [o.api and o.api.ip_address for o in tracker.operations] == [expected]


async def test_nobody_escapes_a_record_by_what_it_sends(
    server: ServerProcess, make_tracker: MakeTracker
) -> None:
    """Values of the caller that the server would refuse are cut, and the call still counts."""
    tracker = await asyncio.to_thread(make_tracker, server.url)
    rules = TrackingRules(
        routes=(RouteRule("*", counts_as="memory"),),
        requires=(),
        keep_headers=("x-note",),
        keep_query=True,
        keep_body=True,
        trusted_proxies=1,
    )
    long, wide = "x" * 5_000, "\u00e4\x00\u20ac" * 3_000
    calls: list[dict[str, Any]] = [
        {"headers": {"x-client-type": ""}},
        {"headers": {"x-client-type": long, "user-agent": long * 2, "x-note": long}},
        {"headers": {"x-forwarded-for": long, "x-api-key": long}},
        {"url": f"/v1/memory/{long}"},
        {"url": f"/{long}/{long}"},
        {"url": "/v1/memory", "params": {f"f{n}": wide[:150] for n in range(40)}},
        {"json": {"deep": wide}, "method": "POST"},
        {"content": b"[" * 900 + b"]" * 900, "method": "POST"},
        {"content": b'{"a": 1e999, "b": "\\ud800"}', "method": "POST"},
        {"method": "X" * 300},
    ]
    async with caller_of(TrackingMiddleware(memory_app(), tracker, rules)) as http:
        for arguments in calls:
            call = {"method": "GET", "url": "/v1/memory/mem_51", **arguments}
            if call["method"] == "POST":
                call["url"] = "/v1/memory"
            attributes = {
                "x-user": "u_long",
                "x-workspace": "ws_long",
                "content-type": "application/json",
            }
            await http.request(**{**call, "headers": attributes | arguments.get("headers", {})})
    await asyncio.to_thread(tracker.flush, 10)
    stats = tracker.stats()
    assert (stats.acknowledged, dict(stats.dropped)) == (10, {})


async def test_what_a_call_has_no_field_for_is_counted_and_raised_in_tests() -> None:
    app = FastAPI()
    tracker = RecordingTracker(strict=False)
    recorder = CallRecorder(tracker, TrackingRules(requires=()))
    results: list[bool] = []

    @app.get("/")
    async def handler() -> None:
        results.append(annotate(user_id="u_1", colour="red"))  # type: ignore[call-arg]
        results.append(annotate(attributes={"colour": "red"}))

    async with caller_of(TrackingMiddleware(app, recorder=recorder), raises=True) as http:
        assert (await http.get("/")).status_code == 200
        assert (results, tracker.stats().adjusted) == ([True, True], {"call.colour": 1})
        (operation,) = tracker.operations
        assert operation.attributes == {"colour": "red"}
        assert operation.labels is not None
        assert operation.labels.user_id == "u_1"
        tracker.is_strict = True
        with pytest.raises(InvalidItemError, match="call: colour: The name is unknown"):
            await http.get("/")
