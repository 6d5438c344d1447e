"""Rules that are almost right are read as they are meant, or refused when they are made."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.sdk_integrations.services import caller_of, memory_app
from trackstore import InvalidSettingsError, RouteRule, TrackingRules, track_api_usage
from trackstore.integrations.asgi import TrackingMiddleware
from trackstore.redaction import SECRET_HEADERS, Redaction
from trackstore.testing import RecordingTracker

WRONG: list[tuple[Callable[..., Any], dict[str, Any], str]] = [
    (RouteRule, {"methods": [1]}, r"methods: must be a name \(got 1\)"),
    (RouteRule, {"methods": 5}, r"methods: must be a list of names \(got 5\)"),
    (RouteRule, {"routes": ["v1/a", "v1/b"]}, "routes: <list> is neither a glob nor"),
    (RouteRule, {"routes": re.compile(b"v1")}, "is neither a glob nor"),
    (RouteRule, {"units": "batchsize"}, "units: 'batchsize' is neither a number nor 'batch_size'"),
    (RouteRule, {"units": 1.5}, r"units: must be an integer of at least 1 \(got 1.5\)"),
    (RouteRule, {"units": True}, r"units: must be an integer of at least 1 \(got True\)"),
    (RouteRule, {"sample_rate": "half"}, r"from 0 to 1 \(got 'half'\)"),
    (RouteRule, {"sample_rate": True}, r"from 0 to 1 \(got True\)"),
    (RouteRule, {"sample_rate": float("nan")}, r"from 0 to 1 \(got nan\)"),
    (RouteRule, {"counts_as": True}, r"counts_as: must be a name \(got True\)"),
    (RouteRule, {"counts_as": ""}, r"counts_as: must be a name \(got ''\)"),
    (RouteRule, {"operation_type": 5}, r"operation_type: must be a name \(got 5\)"),
    (RouteRule, {"track": "never"}, "track: 'never' is neither true nor false"),
    (RouteRule, {"keep_body": ["text"]}, "keep_body: <list> is neither true nor false"),
    (
        TrackingRules,
        {"routes": ["v1/a"]},
        r"must be RouteRule objects \(got 'v1/a'\): pass RouteRule\('v1/a'",
    ),
    (TrackingRules, {"routes": "v1/a"}, r"routes: must be RouteRule objects \(got 'v1/a'\)"),
    (TrackingRules, {"routes": 5}, r"routes: must be RouteRule objects \(got 5\)"),
    (TrackingRules, {"requires": ["userid"]}, "requires: userid: .*Did you mean user_id"),
    (TrackingRules, {"requires": None}, r"requires: must be a list of names \(got None\)"),
    (TrackingRules, {"keep_query": ["page"]}, "keep_query: .*The whole query is kept, or none"),
    (TrackingRules, {"keep_body": {"text"}}, "keep_body: <set> is neither true nor false"),
    (
        TrackingRules,
        {"keep_headers": ["x-*"]},
        r"keep_headers: must be the name of a header, not a pattern \(got 'x-\*'\)",
    ),
    (TrackingRules, {"client_header": "x client"}, "client_header: must be the name of a header"),
    (TrackingRules, {"api_key_header": ""}, r"api_key_header: must be a name \(got ''\)"),
    (
        TrackingRules,
        {"trusted_proxies": -1},
        r"trusted_proxies: must be an integer of at least 0 \(got -1\)",
    ),
    (
        TrackingRules,
        {"trusted_proxies": True},
        r"trusted_proxies: must be an integer of at least 0 \(got True\)",
    ),
    (
        TrackingRules,
        {"body_bytes": "much"},
        r"body_bytes: must be an integer of at least 0 \(got 'much'\)",
    ),
    (TrackingRules, {"redaction": ["x-token"]}, r"redaction: must be a Redaction \(got <list>\)"),
    (Redaction, {"fields": 5}, r"redaction.fields: must be a list of names \(got 5\)"),
    (Redaction, {"query": [None]}, r"redaction.query: must be a name \(got None\)"),
]


@pytest.mark.parametrize(
    ("kind", "values", "message"), WRONG, ids=[message for *_, message in WRONG]
)
def test_wrong_values_are_refused(kind: Callable[..., Any], values: Any, message: str) -> None:
    if kind is RouteRule:
        values = {"routes": "v1/memory", **values}
    with pytest.raises(InvalidSettingsError, match=message):
        kind(**values)


def test_a_text_alone_is_one_name() -> None:
    assert RouteRule("*", methods="post").methods == {"POST"}
    rules = TrackingRules(
        requires="user_id",  # type: ignore[arg-type]
        skipped_methods="HEAD",
        keep_headers="X-Tenant",
        routes=RouteRule("v1/*"),  # type: ignore[arg-type]
        trusted_proxies="1",  # type: ignore[arg-type]
        sample_rate="0.5",  # type: ignore[arg-type]
    )
    assert rules.requires == ("user_id",)
    assert rules.skipped_methods == {"HEAD"}
    assert rules.keep_headers == ("x-tenant",)
    assert rules.routes == (RouteRule("v1/*"),)
    assert (rules.trusted_proxies, rules.sample_rate) == (1, 0.5)
    assert TrackingRules(requires=["user_id"]) == TrackingRules(requires=("user_id",))  # type: ignore[arg-type]
    assert hash(TrackingRules(requires=["user_id"])) == hash(TrackingRules(requires=("user_id",)))  # type: ignore[arg-type]


def test_secret_names_may_be_a_list_or_a_text() -> None:
    for globs in ("x-plan", ["x-plan"]):
        redaction = Redaction(headers=globs)  # type: ignore[arg-type]
        assert redaction.of_headers({"x-plan": "gold"}) == {"x-plan": "[redacted]"}
    more = Redaction(headers=[*SECRET_HEADERS, "x-plan"])  # type: ignore[arg-type]
    redacted = more.of_headers({"x-plan": "gold", "authorization": "a", "x-other": "b"})
    assert redacted == {"x-plan": "[redacted]", "authorization": "[redacted]", "x-other": "b"}


def test_what_are_no_rules_is_refused() -> None:
    tracker = RecordingTracker()
    rules: Any = [RouteRule("v1/memory")]
    with pytest.raises(
        InvalidSettingsError, match=r"rules: must be a TrackingRules object \(got <list>\)"
    ):
        TrackingMiddleware(memory_app(), tracker, rules)
    with pytest.raises(
        InvalidSettingsError, match=r"rules: must be a TrackingRules object \(got <list>\)"
    ):
        track_api_usage("chat", tracker=tracker, rules=rules)(print)


async def test_a_rule_for_one_method_that_is_a_text_counts_its_calls() -> None:
    tracker = RecordingTracker()
    rule = RouteRule("v1/memory", methods="POST", counts_as="memory_operation")
    rules = TrackingRules(routes=(rule,), requires=())
    async with caller_of(TrackingMiddleware(memory_app(), tracker, rules)) as http:
        await http.post("/v1/memory", json={"text": "a"})
    counted = tracker.one(route="v1/memory").interaction
    assert counted is not None
    assert counted.type == "memory_operation"
