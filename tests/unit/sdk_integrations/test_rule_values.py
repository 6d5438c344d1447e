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
    (RouteRule, {"methods": [1]}, "methods: 1 is no name"),
    (RouteRule, {"methods": 5}, "methods: 5 is no list of names"),
    (RouteRule, {"routes": ["v1/a", "v1/b"]}, "routes: <list> is neither a glob nor"),
    (RouteRule, {"routes": re.compile(b"v1")}, "is neither a glob nor"),
    (RouteRule, {"units": "batchsize"}, "units: 'batchsize' is neither a number nor 'batch_size'"),
    (RouteRule, {"units": 1.5}, "units: 1.5 is not a whole number from 1"),
    (RouteRule, {"units": True}, "units: True is not a whole number from 1"),
    (RouteRule, {"sample_rate": "half"}, "between 0 and 1, not at 'half'"),
    (RouteRule, {"sample_rate": True}, "between 0 and 1, not at True"),
    (RouteRule, {"sample_rate": float("nan")}, "between 0 and 1, not at nan"),
    (RouteRule, {"counts_as": True}, "counts_as: True is no name"),
    (RouteRule, {"counts_as": ""}, "counts_as: '' is no name"),
    (RouteRule, {"operation_type": 5}, "operation_type: 5 is no name"),
    (RouteRule, {"track": "never"}, "track: 'never' is neither true nor false"),
    (RouteRule, {"keep_body": ["text"]}, "keep_body: <list> is neither true nor false"),
    (TrackingRules, {"routes": ["v1/a"]}, r"'v1/a' is no RouteRule: pass RouteRule\('v1/a'"),
    (TrackingRules, {"routes": "v1/a"}, "routes: 'v1/a' is no RouteRule"),
    (TrackingRules, {"routes": 5}, "routes: 5 is no RouteRule"),
    (TrackingRules, {"requires": ["userid"]}, "requires: userid: .*Did you mean user_id"),
    (TrackingRules, {"requires": None}, "requires: None is no list of names"),
    (TrackingRules, {"keep_query": ["page"]}, "keep_query: .*The whole query is kept, or none"),
    (TrackingRules, {"keep_body": {"text"}}, "keep_body: <set> is neither true nor false"),
    (TrackingRules, {"keep_headers": ["x-*"]}, r"keep_headers: 'x-\*' is no name of a header"),
    (TrackingRules, {"client_header": "x client"}, "client_header: 'x client' is no name of a"),
    (TrackingRules, {"api_key_header": ""}, "api_key_header: '' is no name"),
    (TrackingRules, {"trusted_proxies": -1}, "trusted_proxies: -1 is not a whole number from 0"),
    (TrackingRules, {"trusted_proxies": True}, "trusted_proxies: True is not a whole number"),
    (TrackingRules, {"body_bytes": "much"}, "body_bytes: 'much' is not a whole number from 0"),
    (TrackingRules, {"redaction": ["x-token"]}, "redaction: <list> is no Redaction"),
    (Redaction, {"fields": 5}, "redaction.fields: 5 is no list of names"),
    (Redaction, {"query": [None]}, "redaction.query: None is no name"),
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
    with pytest.raises(InvalidSettingsError, match="rules: <list> is no TrackingRules"):
        TrackingMiddleware(memory_app(), tracker, rules)
    with pytest.raises(InvalidSettingsError, match="rules: <list> is no TrackingRules"):
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
