"""The rules: which routes, what counts, sampling and redaction, in one frozen value."""

import re
from dataclasses import FrozenInstanceError

import pytest

from trackstore.redaction import REDACTED, Redaction, fingerprint
from trackstore.rules import RouteRule, TrackingRules, is_sampled


def test_rules_are_one_frozen_value() -> None:
    rules = TrackingRules(routes=(RouteRule("v1/*", methods=["post"]),))
    assert hash(rules) == hash(TrackingRules(routes=(RouteRule("v1/*", methods={"POST"}),)))
    with pytest.raises(FrozenInstanceError):
        rules.sample_rate = 0.5  # type: ignore[misc]


def test_the_defaults_record_every_route_and_count_nothing() -> None:
    plan = TrackingRules().plan("POST", "v1/memory")
    assert (plan.track, plan.counts_as, plan.units, plan.sample_rate) == (True, None, 1, 1.0)
    assert plan.operation_type == "add_memory"
    assert not TrackingRules().plan("OPTIONS", "v1/memory").track


def test_of_several_rules_the_first_that_says_a_thing_decides_it() -> None:
    rules = TrackingRules(
        routes=(
            RouteRule("v1/memory/search", counts_as=False, sample_rate=0.1),
            RouteRule("v1/memory*", counts_as="memory", operation_type="memory"),
            RouteRule(re.compile(r"v\d+/.*"), counts_as="any", units="batch_size", sample_rate=0.5),
        )
    )
    search = rules.plan("POST", "v1/memory/search")
    assert (search.counts_as, search.sample_rate, search.operation_type) == (None, 0.1, "memory")
    memory = rules.plan("GET", "v1/memory/{id}")
    assert (memory.counts_as, memory.units, memory.sample_rate) == ("memory", "batch_size", 0.5)
    other = rules.plan("GET", "v2/users")
    assert (other.counts_as, other.operation_type) == ("any", "list_users")


def test_only_listed_routes_are_recorded_by_choice() -> None:
    rules = TrackingRules(
        routes=(RouteRule("v1/internal", track=False), RouteRule("/v1/*", methods=["GET"])),
        track_others=False,
    )
    tracked = {r: rules.plan("GET", r).track for r in ("v1/memory", "v1/internal", "health")}
    assert tracked == {"v1/memory": True, "v1/internal": False, "health": False}
    assert not rules.plan("POST", "v1/memory").track


@pytest.mark.parametrize("rate", [-0.1, 1.1])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        TrackingRules(sample_rate=rate)
    with pytest.raises(ValueError, match="from 0 to 1"):
        RouteRule("*", sample_rate=rate)
    with pytest.raises(ValueError, match="of at least 1"):
        RouteRule("*", units=0)


def test_sampling_is_stable_per_correlation_id_and_grows_with_the_rate() -> None:
    ids = [f"order-{number}" for number in range(20_000)]
    tenth = {id for id in ids if is_sampled(id, 0.1)}
    assert tenth == {id for id in ids if is_sampled(id, 0.1)}
    assert 1_800 < len(tenth) < 2_200
    assert tenth < {id for id in ids if is_sampled(id, 0.2)}
    assert is_sampled("order-1", 1.0)
    assert not is_sampled("order-1", 0.0)
    # The same in every process, today and after an upgrade: a fixed value, not the hash of one run.
    assert [id for id in ids[:30] if is_sampled(id, 0.1)] == ["order-2", "order-20"]


def test_secrets_leave_headers_query_and_body() -> None:
    redaction = Redaction()
    headers = {"Authorization": "Bearer s", "X-API-Key": "s", "x-session-token": "s", "host": "h"}
    assert redaction.of_headers(headers) == {
        "Authorization": REDACTED,
        "X-API-Key": REDACTED,
        "x-session-token": REDACTED,
        "host": "h",
    }
    assert redaction.of_query("q=a&api_key=s&tag=1&tag=2&Token=s&empty=") == {
        "q": "a",
        "api_key": REDACTED,
        "tag": ["1", "2"],
        "Token": REDACTED,
        "empty": "",
    }
    body = {"user": {"Password": "s", "name": "n"}, "cards": [{"credit_card_number": "s"}], "n": 1}
    assert redaction.of_body(body) == {
        "user": {"Password": REDACTED, "name": "n"},
        "cards": [{"credit_card_number": REDACTED}],
        "n": 1,
    }


def test_what_is_redacted_is_the_services_choice() -> None:
    redaction = Redaction(headers=("x-plan",), query=(), fields=("notes",))
    assert redaction.of_headers({"x-plan": "s", "cookie": "c"}) == {
        "x-plan": REDACTED,
        "cookie": "c",
    }
    assert redaction.of_query("token=t") == {"token": "t"}
    assert redaction.of_body({"notes": "s", "password": "p"}) == {
        "notes": REDACTED,
        "password": "p",
    }


def test_a_deep_or_wide_value_is_not_trusted() -> None:
    deep: dict[str, object] = {"name": "n"}
    for _ in range(50):
        deep = {"next": deep}
    redacted = str(Redaction().of_body(deep))
    assert (redacted.count("next"), redacted.count(REDACTED), redacted.count("name")) == (12, 1, 0)
    assert Redaction().of_query("&".join(f"f{n}=1" for n in range(51))) == {}


def test_a_fingerprint_names_a_key_without_telling_it() -> None:
    assert fingerprint("tsk_1") == fingerprint("tsk_1") != fingerprint("tsk_2")
    assert "tsk_1" not in fingerprint("tsk_1")
