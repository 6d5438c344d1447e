"""Values that are of the right type and yet cannot be: only their own item is refused."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.invalid_input.batches import INGEST, check_refused, count, ingest, operation, track
from tests.support.api import Api, Json

LABELS = (
    "organizationId", "namespaceId", "workspaceId", "userId", "developerId", "apiKeyId",
    "companyId", "subscriptionId",
)  # fmt: skip
OPERATIONS = """query ($where: OperationFilter) { operations(where: $where) { nodes {
    tokensOriginal tokensActual tokensPrevented costBaseline costActual costSaved } } }"""


def later(hours: float) -> str:
    """An instant so many hours from now."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


async def test_instants_out_of_range(api: Api) -> None:
    await check_refused(
        api,
        [
            ({"occurredAt": instant}, "occurredAt", "is not within 2000-01-01 and 20")
            for instant in (
                "1999-12-31T23:59:59.999999Z",
                "2000-01-01T00:00:00+00:01",
                "1970-01-01T00:00:00Z",
                "0001-01-01T00:00:00Z",
                "0001-01-01T00:00:00+14:00",
                "9999-12-31T23:59:59.999999Z",
                later(24.1),
            )
        ],
    )
    payload = await track(
        api,
        operation(occurredAt="2000-01-01T00:00:00Z"),
        operation(occurredAt="1999-12-31T23:00:00-01:00"),
        operation(occurredAt=later(23.9)),
        operation(occurredAt="2026-06-01T08:00:00.123456789+05:30"),
    )
    assert payload["accepted"] == 4


async def test_numbers_out_of_range(api: Api) -> None:
    most = 10**15
    await check_refused(
        api,
        [
            ({"durationMs": -0.001}, "durationMs", "-0.001 is not a finite number of at least 0"),
            ({"durationMs": 1e308}, "durationMs", "at most 1,000,000,000,000"),
            ({"api": {"statusCode": 99}}, "api.statusCode", "99 is not from 100 to 599"),
            ({"api": {"statusCode": 600}}, "api.statusCode", "600 is not from 100 to 599"),
            ({"api": {"statusCode": -(2**31)}}, "api.statusCode", "is not from 100 to 599"),
            ({"api": {"batchSize": -1}}, "api.batchSize", "-1 is not from 0 to"),
            ({"api": {"batchSize": 2**63 - 1}}, "api.batchSize", "is not from 0 to"),
            *(
                ({"kind": kind, part: {field: number}}, f"{part}.{field}", "is not from 0 to")
                for kind, part, field in (
                    ("TOOL", "tool", "tokensOriginal"),
                    ("TOOL", "tool", "tokensActual"),
                    ("LLM", "llm", "inputTokens"),
                    ("LLM", "llm", "outputTokens"),
                    ("LLM", "llm", "cachedInputTokens"),
                    ("LLM", "llm", "cacheWriteInputTokens"),
                    ("LLM", "llm", "reasoningTokens"),
                    ("LLM", "llm", "audioInputTokens"),
                    ("LLM", "llm", "audioOutputTokens"),
                )
                for number in (-1, -(2**63), most + 1, 2**63 - 1)
            ),
            (
                {"kind": "LLM", "llm": {"inputTokens": 3, "cachedInputTokens": 5}},
                "llm.cachedInputTokens",
                "inputTokens counts the cached ones too",
            ),
            ({"interaction": {"type": "m", "units": 0}}, "interaction.units", "not from 1 to"),
            ({"interaction": {"type": "m", "units": -5}}, "interaction.units", "not from 1 to"),
            ({"interaction": {"type": "m", "units": 10**15}}, "interaction.units", "not from 1"),
        ],
    )


async def test_sums_of_the_largest_numbers_still_fit(api: Api) -> None:
    largest = {"kind": "TOOL", "tool": {"tokensOriginal": 10**15, "tokensActual": 10**15}}
    interaction = {"type": "m", "units": 10**9}
    sent = [operation(**largest, interaction=interaction, durationMs=1e12) for _ in range(200)]
    assert (await track(api, *sent))["accepted"] == 200
    (counter,) = (await api("{ interactions { nodes { units calls } } }"))["interactions"]["nodes"]
    assert counter == {"units": 200 * 10**9, "calls": 200}


async def test_more_actual_than_original_tokens_are_allowed(api: Api) -> None:
    sent = operation(kind="TOOL", tool={"tokensOriginal": 1_000, "tokensActual": 3_000})
    assert (await track(api, sent))["accepted"] == 1
    (read,) = (await api(OPERATIONS))["operations"]["nodes"]
    assert read == {
        "tokensOriginal": 1_000,
        "tokensActual": 3_000,
        "tokensPrevented": -2_000,
        "costBaseline": 0.015,
        "costActual": 0.045,
        "costSaved": -0.03,
    }


async def test_empty_texts(api: Api) -> None:
    names: list[tuple[Json, str]] = [
        *(({name: ""}, name) for name in ("name", "operationType", "stage", "client")),
        *(({name: ""}, name) for name in ("correlationId", "traceId")),
        *(({"labels": {label: ""}}, f"labels.{label}") for label in LABELS),
        *(({"api": {name: ""}}, f"api.{name}") for name in ("method", "ipAddress", "resourceId")),
        ({"kind": "TOOL", "tool": {"toolName": ""}}, "tool.toolName"),
        ({"kind": "TOOL", "tool": {"operationMode": ""}}, "tool.operationMode"),
        ({"kind": "LLM", "llm": {"model": ""}}, "llm.model"),
        ({"kind": "LLM", "llm": {"provider": ""}}, "llm.provider"),
        ({"interaction": {"type": ""}}, "interaction.type"),
    ]
    await check_refused(
        api, [(said, path, "is empty: give at least one character") for said, path in names]
    )
    texts = operation(error="", api={"route": "", "userAgent": ""})
    assert (await track(api, texts))["accepted"] == 1


SHORT: dict[str, Any] = {
    "max_label_length": 8, "max_text_length": 20, "max_long_text_length": 30,
}  # fmt: skip


@pytest.mark.parametrize("server_settings", [SHORT])
async def test_over_long_texts_by_the_lengths_that_are_set(api: Api) -> None:
    name, text = "ä" * 9, "🦊" * 21
    too_long: list[tuple[Json, str, str]] = [
        ({"name": name}, "name", "9 characters, at most 8: shorten it"),
        *(({"labels": {label: name}}, f"labels.{label}", "at most 8") for label in LABELS),
        *(
            ({field: name}, field, "9 characters, at most 8")
            for field in ("operationType", "stage", "client", "correlationId", "traceId")
        ),
        ({"api": {"route": text}}, "api.route", "at most 20"),
        ({"api": {"userAgent": text}}, "api.userAgent", "at most 20"),
        ({"kind": "TOOL", "tool": {"filePath": text}}, "tool.filePath", "at most 20"),
        ({"interaction": {"type": name}}, "interaction.type", "at most 8"),
    ]
    sent = [{"name": "ok", "kind": "API", **said} for said, _, _ in too_long]
    payload = await track(api, *sent, operation(name="ä" * 8, error="🦊" * 20))
    for result, (said, path, message) in zip(payload["results"], too_long, strict=False):
        assert (result["status"], ".".join(result["path"])) == ("REJECTED", path), said
        assert message in result["message"]
    assert payload["results"][-1]["status"] == "ACCEPTED"
    assert await count(api) == 1


CUT: dict[str, Any] = {"max_text_length": 60, "max_long_text_length": 70}
TEXTS = "{ operations { nodes { error message response } } }"


@pytest.mark.parametrize("server_settings", [CUT])
async def test_texts_over_the_lengths_that_are_set_are_cut(api: Api) -> None:
    fits: Json = {"error": "🦊" * 60, "llm": {"message": "x" * 70, "response": "ä" * 70}}
    long: Json = {"error": "🦊" * 61, "llm": {"message": "x" * 71, "response": "ä" * 5_000}}
    for said, cut in ((fits, 0), (long, 3)):
        payload = await track(api, operation(kind="LLM", **said))
        assert (payload["accepted"], payload["truncated"]) == (1, cut)
    newest, oldest = (await api(TEXTS))["operations"]["nodes"]
    assert oldest == {"error": fits["error"], **fits["llm"]}
    for name, length, start, was in (
        ("error", 60, "🦊", "61"), ("message", 70, "x", "71"), ("response", 70, "ä", "5,000"),
    ):  # fmt: skip
        mark = f"… [truncated: {was} characters]"
        assert newest[name] == start * (length - len(mark)) + mark


async def test_over_long_texts_of_every_kind_of_entry(api: Api) -> None:
    name = "x" * 201
    id = "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f"
    cases: list[tuple[Json, str]] = [
        ({"session": {"name": name}}, "name"),
        ({"session": {"client": name}}, "client"),
        ({"createRequest": {"type": name}}, "type"),
        ({"createRequest": {"type": "t", "correlationId": name}}, "correlationId"),
        ({"createRequest": {"type": "t", "stages": [{"name": name}]}}, "stages.0.name"),
        ({"startStage": {"requestId": id, "stage": name}}, "stage"),
        ({"progressStage": {"requestId": id, "stage": name}}, "stage"),
        ({"completeStage": {"requestId": id, "stage": name}}, "stage"),
        ({"failStage": {"requestId": id, "stage": name, "message": "m"}}, "stage"),
        ({"retryStage": {"requestId": id, "stage": name}}, "stage"),
        ({"logEvent": {"requestId": id, "type": name}}, "type"),
        ({"consume": {"interactionType": name}}, "interactionType"),
        ({"circuitBreaker": {"name": name, "state": "OPEN"}}, "name"),
    ]
    payload = await ingest(api, *(entry for entry, _ in cases), {"operation": operation()})
    for (entry, path), result in zip(cases, payload["results"], strict=False):
        assert (result["status"], result["code"]) == ("REJECTED", "BAD_USER_INPUT"), entry
        assert ".".join(result["path"]) == path, entry
        assert "shorten it" in result["message"]
    assert (payload["accepted"], await count(api)) == (1, 1)


async def test_free_texts_of_every_kind_of_entry_are_cut(api: Api) -> None:
    text = "x" * 8_193
    id = "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f"
    other = "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b50"
    entries: list[Json] = [
        {"createRequest": {"id": id, "type": "t", "title": text, "stages": [{"name": "s"}]}},
        {"startStage": {"requestId": id, "stage": "s"}},
        {"progressStage": {"requestId": id, "stage": "s", "message": text}},
        {"failStage": {"requestId": id, "stage": "s", "message": text}},
        {"logEvent": {"requestId": id, "type": "t", "message": text}},
        {"failRequest": {"requestId": id, "message": text}},
        {"createRequest": {"id": other, "type": "t"}},
        {"cancelRequest": {"requestId": other, "reason": text}},
        {"circuitBreaker": {"name": "b", "state": "OPEN", "message": text}},
        {"operation": operation(error=text)},
    ]
    payload = await ingest(api, *entries)
    assert [r["code"] for r in payload["results"]] == [None] * len(entries)
    assert (payload["accepted"], payload["truncated"]) == (len(entries), 8)


async def test_every_problem_of_an_item_is_told_up_to_twenty(api: Api) -> None:
    bad = operation(durationMs=-1, labels={"userId": ""}, attributes={"a": 2**70}, client="x" * 201)
    (result,) = (await track(api, bad))["results"]
    assert {tuple(p["path"]) for p in result["problems"]} == {
        ("durationMs",), ("labels", "userId"), ("attributes", "a"), ("client",),
    }  # fmt: skip
    assert all(".".join(p["path"]) in result["message"] for p in result["problems"])
    entries = [{"operation": operation(attributes={str(i): 2**70 for i in range(5_000)})}]
    (result,) = (await api(INGEST, {"entries": entries}))["ingest"]["results"]
    assert len(result["problems"]) == 20
