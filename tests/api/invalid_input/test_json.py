"""Free JSON: what is no object, no JSON, too deep, too large, or a number that databases tell apart."""

import json
from typing import Any

import pytest

from tests.api.invalid_input.batches import (
    TRACK_MANY,
    check_refused,
    count,
    ingest,
    operation,
    track,
)
from tests.support.api import Api, Json

ATTRIBUTES = (
    "query ($where: OperationFilter) { operations(where: $where) { nodes { attributes } } }"
)


def nested(levels: int, inside: Any = None) -> Any:
    """Objects within each other, so many levels in all."""
    value = {} if inside is None else inside
    for _ in range(levels - 1):
        value = {"a": value}
    return value


async def test_what_is_no_object(api: Api) -> None:
    cases: list[tuple[Json, str, str]] = [
        ({"attributes": value}, "attributes", f"must be a JSON object, not {kind}")
        for value, kind in (
            ("text", "a string"),
            (5, "a number"),
            (1.5, "a number"),
            (True, "a boolean"),
            ([{}], "a list"),
        )
    ]
    parameters = {"kind": "TOOL", "tool": {"parameters": []}}
    await check_refused(api, [*cases, (parameters, "tool.parameters", "must be a JSON object")])
    assert (await track(api, operation(attributes=None), operation(attributes={})))["accepted"] == 2


async def test_objects_of_every_kind_of_entry(api: Api) -> None:
    id = "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f"
    stage = {"requestId": id, "stage": "s"}
    attributes: list[tuple[str, Json, str]] = [
        ("session", {}, "attributes"),
        ("createRequest", {"type": "t"}, "attributes"),
    ]
    payloads: list[tuple[str, Json, str]] = [
        ("progressStage", stage, "data"),
        ("completeStage", stage, "output"),
        ("failStage", stage | {"message": "m"}, "details"),
        ("logEvent", {"requestId": id, "type": "t"}, "data"),
        ("completeRequest", {"requestId": id}, "result"),
        ("failRequest", {"requestId": id, "message": "m"}, "details"),
    ]
    # A payload that is too much is replaced and counted: see tests/api/requests/test_truncation.py.
    bad = ([1], nested(17), {"a": 2**64}, {"a": "x" * 70_000})
    cases = [(*case, value) for case in attributes for value in bad]
    cases += [(*case, [1]) for case in payloads]
    entries = [{name: said | {field: value}} for name, said, field, value in cases]
    payload = await ingest(api, *entries, {"operation": operation()})
    for entry, case, result in zip(entries, cases, payload["results"], strict=False):
        assert (result["status"], result["code"]) == ("REJECTED", "BAD_USER_INPUT"), entry
        assert result["path"][0] == case[2], entry
    assert (payload["accepted"], await count(api)) == (1, 1)


@pytest.mark.parametrize("server_settings", [{"max_json_depth": 3, "max_json_bytes": 40}])
async def test_too_deep_and_too_large_by_the_bounds_that_are_set(api: Api) -> None:
    await check_refused(
        api,
        [
            ({"attributes": nested(4)}, "attributes.a.a.a", "is nested deeper than 3 levels"),
            ({"attributes": {"a": [[[1]]]}}, "attributes.a.0.0", "is nested deeper than 3 levels"),
            ({"attributes": {"a": "x" * 33}}, "attributes", "41 bytes of JSON, at most 40"),
            ({"attributes": {"ä": "🦊" * 8}}, "attributes", "41 bytes of JSON, at most 40"),
        ],
    )
    fits = ({"a": "x" * 32}, nested(3), {"a": [[1]]})
    assert (await track(api, *(operation(attributes=a) for a in fits)))["accepted"] == 3


async def test_nesting_that_would_exhaust_a_stack(api: Api) -> None:
    body = json.dumps({"query": TRACK_MANY, "variables": {"operations": [operation(attributes=7)]}})
    for levels in (17, 100, 500, 900, 1_100, 20_000, 500_000):
        for opening, closing in (('{"a":', "}"), ("[", "]")):
            answer = await api.raw(
                body.replace("7}", opening * levels + "1" + closing * levels + "}")
            )
            assert answer.status_code in (200, 400)
            if answer.status_code == 400:
                (error,) = answer.json()["errors"]
                assert error["message"] == "The JSON is nested too deeply."
                assert error["extensions"]["code"] == "BAD_USER_INPUT"
                continue
            (result,) = answer.json()["data"]["trackOperations"]["results"]
            assert result["status"] == "REJECTED"
    assert await count(api) == 0


async def test_infinities_inside(api: Api) -> None:
    body = json.dumps({"query": TRACK_MANY, "variables": {"operations": [
        operation(), operation(attributes={"a": {"b": [0, 4711]}}), operation(),
    ]}})  # fmt: skip
    for token in ("NaN", "Infinity", "-Infinity"):
        answer = await api.raw(body.replace("4711", token))
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["message"].startswith(f"{token} is not valid JSON")
    assert await count(api) == 0
    for token in ("1e999", "-1e999"):
        payload = (await api.raw(body.replace("4711", token))).json()["data"]["trackOperations"]
        assert [r["status"] for r in payload["results"]] == ["ACCEPTED", "REJECTED", "ACCEPTED"]
        assert payload["results"][1]["path"] == ["attributes", "a", "b", "1"]
        assert "is not a valid JSON number" in payload["results"][1]["message"]
    literal = 'mutation { trackOperation(input: {kind: API, name: "n", attributes: {a: -1e999}}) { uuid } }'
    assert (await api.refused(literal)).code == "BAD_USER_INPUT"


async def test_whole_numbers_beyond_64_bits(api: Api) -> None:
    await check_refused(
        api,
        [
            (
                {"attributes": {"a": [{"b": number}]}},
                "attributes.a.0.b",
                "beyond 64 bits. Send it as text",
            )
            for number in (2**63, -(2**63) - 1, 2**64, 2**64 - 1, 10**30, -(10**300))
        ],
    )


async def test_numbers_come_back_as_they_were_sent(api: Api) -> None:
    numbers = [
        0, -1, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 0.1, 1.0, -0.5, 1e-7, 5e-324, 1e15,
        1.7976931348623157e308, 123456789.125, 1e16, 1e22, 0.30000000000000004,
    ]  # fmt: skip
    assert (await track(api, operation(attributes={"n": numbers})))["accepted"] == 1
    (read,) = (await api(ATTRIBUTES))["operations"]["nodes"]
    assert [float(n) for n in read["attributes"]["n"]] == [float(n) for n in numbers]
    whole = [n for n in numbers if isinstance(n, int)]
    assert [n for n in read["attributes"]["n"] if n in whole][: len(whole)] == whole


async def test_keys_that_look_like_paths_or_operators_are_plain_keys(api: Api) -> None:
    keys = ("$", "*", "[0]", "a.b", "a b", "ä", "a\nb", "'", "0", "%", "\\", "{x}", "a->b", "--")
    for number, key in enumerate(keys):
        sent = operation(name=f"op{number}", attributes={key: number, "in": {key: {"z": key}}})
        assert (await track(api, sent))["accepted"] == 1
    for number, key in enumerate(keys):
        path = key.replace("\\", "\\\\").replace(".", "\\.")
        mine = {"name": {"eq": f"op{number}"}}
        for condition in (
            {"path": path, "eq": number},
            {"path": path, "gte": number, "lte": number},
            {"path": f"in.{path}.z", "eq": key},
            {"path": f"in.{path}.z", "in": [key, number]},
            {"path": path, "exists": True},
        ):
            assert await count(api, **mine, attributes=[condition]) == 1, condition
        others = {"path": f"in.{path}.z", "exists": True}
        assert await count(api, attributes=[others]) == 1
