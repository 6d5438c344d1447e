"""What the schema itself does not take: the whole call is refused, and the place is named."""

import json

from tests.api.invalid_input.batches import (
    INGEST,
    TRACK_MANY,
    check_not_taken,
    count,
    operation,
    track,
)
from tests.support.api import Api


async def test_wrong_types(api: Api) -> None:
    await check_not_taken(
        api,
        [
            ({"name": 5}, "name", "non string value: 5"),
            ({"name": None}, "name", "non-null type 'String!'"),
            ({"name": ["a"]}, "name", "non string value"),
            ({"durationMs": "12"}, "durationMs", "non numeric value: '12'"),
            ({"durationMs": True}, "durationMs", "non numeric value: True"),
            ({"cacheHit": "yes"}, "cacheHit", "non boolean value: 'yes'"),
            ({"cacheHit": 1}, "cacheHit", "non boolean value: 1"),
            ({"labels": "acme"}, "labels", "to be an object"),
            ({"labels": {"userId": 5.5}}, "labels.userId", "ID cannot represent value: 5.5"),
            ({"labels": {"userId": {}}}, "labels.userId", "ID cannot represent value"),
            ({"api": {"statusCode": "200"}}, "api.statusCode", "non-integer value: '200'"),
            ({"api": {"statusCode": 200.5}}, "api.statusCode", "non-integer value: 200.5"),
            ({"api": {"batchSize": "3.0"}}, "api.batchSize", "Invalid integer '3.0'."),
            ({"api": {"batchSize": " 3"}}, "api.batchSize", "Invalid integer ' 3'."),
            ({"api": {"batchSize": "+3"}}, "api.batchSize", "Invalid integer '+3'."),
            ({"api": {"batchSize": "1_0"}}, "api.batchSize", "Invalid integer '1_0'."),
            ({"api": {"batchSize": ""}}, "api.batchSize", "Invalid integer ''."),
            ({"api": {"batchSize": True}}, "api.batchSize", "Invalid integer True."),
            ({"api": {"batchSize": 2.5}}, "api.batchSize", "Invalid integer 2.5."),
            ({"api": {"batchSize": [3]}}, "api.batchSize", "Invalid integer a list."),
            ({"id": 7}, "id", "Invalid UUID 7."),
            ({"id": "7"}, "id", "Invalid UUID '7'."),
            ({"id": "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4g"}, "id", "Invalid UUID "),
            ({"requestId": "UmVxdWVzdA"}, "requestId", "Use the uuid of the record, not its id"),
            ({"sessionId": {"id": 1}}, "sessionId", "ID cannot represent value"),
            ({"sessionId": 5.5}, "sessionId", "ID cannot represent value: 5.5"),
            ({"requestId": {"id": 1}}, "requestId", "Invalid UUID "),
        ],
    )


async def test_values_that_no_enum_has(api: Api) -> None:
    await check_not_taken(
        api,
        [
            ({"kind": "WEB"}, "kind", "Use API, TOOL, LLM"),
            ({"kind": "api"}, "kind", "Use API, TOOL, LLM"),
            ({"kind": 1}, "kind", "Enum 'OperationKind' cannot represent non-string value: 1"),
            ({"kind": None}, "kind", "non-null type 'OperationKind!'"),
            ({"outcome": "FINE"}, "outcome", "Use OK, ERROR"),
            ({"outcome": "\ud800"}, "outcome", "Use OK, ERROR"),
            ({"outcome": "\0" * 5_000}, "outcome", "Use OK, ERROR"),
        ],
    )


async def test_whole_numbers_beyond_64_bits(api: Api) -> None:
    for number in (2**63, -(2**63) - 1, 2**64, 10**30):
        text = str(number)
        await check_not_taken(
            api,
            [
                (
                    {"api": {"batchSize": number}},
                    "api.batchSize",
                    f"{text}. Use a value within 64 bits",
                ),
                ({"interaction": {"type": "m", "units": number}}, "interaction.units", text),
                (
                    {"kind": "TOOL", "tool": {"tokensOriginal": number}},
                    "tool.tokensOriginal",
                    f"{text}. Use a value within 64 bits",
                ),
            ],
        )
    await check_not_taken(
        api, [({"api": {"statusCode": 2**31}}, "api.statusCode", "non 32-bit signed integer")]
    )


async def test_numbers_with_thousands_of_digits(api: Api) -> None:
    body = json.dumps({"query": TRACK_MANY, "variables": {"operations": [operation(cacheHit=-7)]}})
    answer = await api.raw(body.replace("-7", "1" * 5_000))
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    for place in ("tool: {tokensOriginal: %s}", "attributes: {a: %s}", "durationMs: %s"):
        said = place % ("1" * 5_000)
        document = (
            f'mutation {{ trackOperation(input: {{kind: TOOL, name: "n", {said}}}) {{ uuid }} }}'
        )
        refusal = await api.refused(document)
        assert refusal.code == "BAD_USER_INPUT"
    assert await count(api) == 0


async def test_instants(api: Api) -> None:
    await check_not_taken(
        api,
        [
            (
                {"occurredAt": "2026-06-01T08:00:00"},
                "occurredAt",
                "has no time zone. Add Z or an offset such as +01:00.",
            ),
            ({"occurredAt": "2026-06-01 08:00:00.5"}, "occurredAt", "has no time zone"),
            ({"occurredAt": "2026-06-01"}, "occurredAt", "Use RFC 3339, such as"),
            (
                {"occurredAt": "2026-06-01T08:00Z"},
                "occurredAt",
                "Use RFC 3339, such as",
            ),
            ({"occurredAt": "2026-13-01T08:00:00Z"}, "occurredAt", "Invalid timestamp"),
            ({"occurredAt": "2026-02-30T08:00:00Z"}, "occurredAt", "Invalid timestamp"),
            ({"occurredAt": "2026-06-01T25:00:00Z"}, "occurredAt", "Invalid timestamp"),
            ({"occurredAt": "2026-06-01T08:00:00+25:00"}, "occurredAt", "Invalid timestamp"),
            ({"occurredAt": "0000-06-01T08:00:00Z"}, "occurredAt", "Invalid timestamp"),
            ({"occurredAt": "12026-06-01T08:00:00Z"}, "occurredAt", "Use RFC 3339"),
            ({"occurredAt": "٢٠٢٦-06-01T08:00:00Z"}, "occurredAt", "Use RFC 3339"),
            ({"occurredAt": "now"}, "occurredAt", "Use RFC 3339"),
            ({"occurredAt": ""}, "occurredAt", "Use RFC 3339"),
            ({"occurredAt": "2026-06-01T08:00:00Z\0"}, "occurredAt", "Use RFC 3339"),
            ({"occurredAt": 1_780_000_000}, "occurredAt", "Use RFC 3339"),
        ],
    )
    assert (await track(api, operation(occurredAt=None)))["accepted"] == 1


async def test_infinities_reach_no_number(api: Api) -> None:
    for token in ("NaN", "Infinity", "-Infinity"):
        for place in ("durationMs", "cacheHit"):
            body = {"query": TRACK_MANY, "variables": {"operations": [operation(**{place: 4711})]}}
            answer = await api.raw(json.dumps(body).replace("4711", token))
            assert answer.status_code == 400
            (error,) = answer.json()["errors"]
            assert error["message"] == f"{token} is not valid JSON. Omit the value, or send null."
    body = {"query": TRACK_MANY, "variables": {"operations": [operation(durationMs=4711)]}}
    for token in ("1e999", "-1e999"):
        (error,) = (await api.raw(json.dumps(body).replace("4711", token))).json()["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert "[0].durationMs" in error["message"]
    literal = (
        'mutation { trackOperation(input: {kind: API, name: "n", durationMs: 1e999}) { uuid } }'
    )
    refusal = await api.refused(literal)
    assert (refusal.code, "not a finite number" in refusal.message) == ("BAD_USER_INPUT", True)
    assert await count(api) == 0


async def test_items_that_are_none(api: Api) -> None:
    for operations, message in (
        (None, "non-null type '[OperationInput!]!'"),
        ([operation(), None], "[1]: Expected value of non-null type"),
        ("x", "to be an object, found: 'x'"),
        ([operation(), 5], "[1]: Expected value of type 'OperationInput' to be an object"),
        ([[operation()]], "[0]: Expected value of type 'OperationInput' to be an object"),
        ([operation(), {}], "to include required field"),
        ([operation(), operation(colour="red")], "unknown field 'colour'"),
        ([operation(), operation(**{"x\ud800": 1})], "unknown field 'x\ufffd'"),
    ):
        refusal = await api.refused(TRACK_MANY, {"operations": operations})
        assert refusal.code == "BAD_USER_INPUT"
        assert message in refusal.message
        assert "Did you mean" not in refusal.message
    assert (await api.refused(TRACK_MANY)).code == "BAD_USER_INPUT"
    assert await count(api) == 0
    assert await track(api) == {
        "accepted": 0, "duplicates": 0, "rejected": 0, "repaired": 0, "truncated": 0, "results": [],
    }  # fmt: skip
    one = (await api(TRACK_MANY, {"operations": operation()}))["trackOperations"]
    assert one["accepted"] == 1  # GraphQL takes a single value for a list of one


async def test_entries_that_are_none_or_several(api: Api) -> None:
    for entry in (
        {},
        {"operation": None},
        {"operation": operation(), "session": {}},
        {"operation": operation(), "session": None},
        {"operation": operation(), "telemetry": {}},
    ):
        refusal = await api.refused(INGEST, {"entries": [{"session": {}}, entry]})
        assert refusal.code == "BAD_USER_INPUT"
    assert await count(api) == 0
    assert (await api("{ sessions { totalCount } }"))["sessions"]["totalCount"] == 0


async def test_whole_floats_are_whole_numbers(api: Api) -> None:
    payload = await track(api, operation(api={"batchSize": 3.0}), operation(labels={"userId": 5}))
    assert payload["accepted"] == 2
    assert await count(api, batchSize={"eq": 3}, userId={"isNull": True}) == 1
    assert await count(api, userId={"eq": "5"}) == 1
