"""An operation of any kind carries the details of any other, and costs what all its tokens cost."""

from typing import Any

import pytest

from tests.support.api import Api, Json

TRACK = """mutation ($operations: [OperationInput!]!) {
    trackOperations(operations: $operations) { accepted rejected results { message path } } }"""
FIELDS = """kind name route method statusCode client userAgent toolName operationMode filePath
    parameters tokensOriginal tokensActual tokensPrevented provider model inputTokens outputTokens
    cachedInputTokens priceStatus costBaseline costActual costSaved"""
OPERATIONS = f"query ($w: OperationFilter) {{ operations(where: $w) {{ nodes {{ {FIELDS} }} }} }}"
SET_PRICE = "mutation ($input: PriceInput!) { setPrice(input: $input) { price { name } } }"
PRICES = [
    {"kind": "MODEL", "name": "gpt", "inputPer1k": 0.01, "outputPer1k": 0.03,
     "cachedInputPer1k": 0.005, "organizationId": "acme"},
    {"kind": "TOOL", "name": "read", "inputPer1k": 0.02, "organizationId": "acme"},
]  # fmt: skip
API = {"route": "v1/chat", "method": "POST", "statusCode": 200, "userAgent": "curl/8"}
TOOL = {"toolName": "read", "operationMode": "symbol", "filePath": "a.py",
        "parameters": {"depth": 1}, "tokensOriginal": 5_000, "tokensActual": 500}  # fmt: skip
LLM = {"provider": "openai", "model": "gpt", "inputTokens": 1_000, "outputTokens": 100,
       "cachedInputTokens": 400}  # fmt: skip
LABELS = {"organizationId": "acme"}


def operation(kind: str, **details: Any) -> Json:
    """A call of some kind."""
    return {"kind": kind, "name": "n", "labels": LABELS, **details}


@pytest.fixture
async def priced(api: Api) -> Api:
    """A server that knows a model's price and a tool's."""
    for price in PRICES:
        await api(SET_PRICE, {"input": price})
    return api


@pytest.mark.parametrize("count", [1, 20])
@pytest.mark.parametrize("kind", ["API", "TOOL", "LLM"])
async def test_every_kind_takes_every_detail(priced: Api, kind: str, count: int) -> None:
    sent = [operation(kind, api=API, tool=TOOL, llm=LLM, client="web")] * count
    assert (await priced(TRACK, {"operations": sent}))["trackOperations"]["accepted"] == count
    nodes = (await priced(OPERATIONS))["operations"]["nodes"]
    expected = {"kind": kind, "name": "n", "client": "web", **API, **TOOL, **LLM}
    expected |= {"tokensPrevented": 4_500, "priceStatus": "PRICED"}
    # The tool: 5,000 and 500 tokens at 0.02. The model: 1,000 at 0.01 and 100 at 0.03, 400 of
    # them at half the price.
    expected |= {"costBaseline": 0.113, "costActual": 0.021, "costSaved": 0.092}
    assert nodes == [expected] * count


@pytest.mark.parametrize("count", [1, 20])
async def test_the_tokens_decide_what_is_priced_not_the_kind(priced: Api, count: int) -> None:
    cases: list[tuple[Json, tuple[str | None, float | None, float | None]]] = [
        (operation("API"), (None, None, None)),
        (operation("LLM", api=API), (None, None, None)),
        (operation("API", tool={"tokensOriginal": 1_000}), ("PRICED", 0.015, 0.015)),
        (operation("TOOL", tool=TOOL), ("PRICED", 0.1, 0.01)),
        (operation("API", tool=TOOL), ("PRICED", 0.1, 0.01)),
        (operation("TOOL", llm=LLM), ("PRICED", 0.013, 0.011)),
        (operation("API", llm=LLM), ("PRICED", 0.013, 0.011)),
        (operation("TOOL", tool=TOOL, llm={**LLM, "model": "new"}), ("UNPRICED", None, None)),
        (operation("LLM", tool=TOOL, llm={"model": "new"}), ("PRICED", 0.1, 0.01)),
    ]
    for sent, expected in cases:
        await priced(TRACK, {"operations": [{**sent, "stage": "now"}] * count})
        where = {"stage": {"eq": "now"}}
        nodes = (await priced(OPERATIONS, {"w": where}))["operations"]["nodes"][:count]
        assert {(n["priceStatus"], n["costBaseline"], n["costActual"]) for n in nodes} == {expected}


async def test_sums_what_if_and_repricing_follow_the_same_rule(priced: Api) -> None:
    sent = [
        operation("LLM", tool=TOOL, llm=LLM),
        operation("TOOL", tool=TOOL, llm=LLM),
        operation("API", api=API, tool=TOOL, llm=LLM),
        operation("API", llm=LLM),
    ]
    await priced(TRACK, {"operations": sent})
    document = """{ operationStats { totals { cost { baseline actual saved }
        whatIf: costAt(model: "gpt") { baseline actual saved } } } }"""
    totals = (await priced(document))["operationStats"]["totals"]
    assert totals["cost"] == {"baseline": 0.352, "actual": 0.074, "saved": 0.278}
    # At the model's price the tool's tokens cost what its input does.
    assert totals["whatIf"] == {"baseline": 0.202, "actual": 0.059, "saved": 0.143}
    await priced(SET_PRICE, {"input": {**PRICES[0], "inputPer1k": 0.02}})
    reprice = """mutation { reprice(input: {dryRun: false}) { operations changed
        groups { kind name changed } } }"""
    repriced = (await priced(reprice))["reprice"]
    assert (repriced["operations"], repriced["changed"]) == (4, 4)
    assert {(g["kind"], g["name"], g["changed"]) for g in repriced["groups"]} == {
        ("LLM", "gpt", 1), ("TOOL", "read", 1), ("API", "gpt", 2),
    }  # fmt: skip
    again = (await priced(document))["operationStats"]["totals"]
    assert again["cost"] == {"baseline": 0.392, "actual": 0.098, "saved": 0.294}
    assert (await priced(reprice))["reprice"]["changed"] == 0


@pytest.mark.parametrize("count", [1, 20])
async def test_tokens_prevented_agree_or_stand_for_the_missing_one(api: Api, count: int) -> None:
    told = ("tokensOriginal", "tokensActual", "tokensPrevented")
    cases: list[tuple[tuple[int | None, ...], tuple[int | None, ...]]] = [
        ((5_000, 500, 4_500), (5_000, 500, 4_500)),
        ((5_000, None, 4_500), (5_000, 500, 4_500)),
        ((None, 500, 4_500), (5_000, 500, 4_500)),
        ((500, 700, -200), (500, 700, -200)),
        ((500, None, -200), (500, 700, -200)),
        ((None, None, 9), (None, None, 9)),
        ((0, 0, 0), (0, 0, 0)),
        ((7, None, None), (7, None, None)),
    ]
    for numbers, expected in cases:
        tool = dict(zip(told, numbers, strict=True))
        sent = [{"kind": "TOOL", "name": "read", "tool": tool}] * count
        assert (await api(TRACK, {"operations": sent}))["trackOperations"]["accepted"] == count
        nodes = (await api(OPERATIONS))["operations"]["nodes"][:count]
        assert {tuple(node[name] for name in told) for node in nodes} == {expected}
    wrong = {
        (5_000, 500, 4_501): ("tokensPrevented", "4501 is not tokensOriginal - tokensActual"),
        (5, None, 6): ("tokensActual", "-1 is not from 0 to"),
        (None, 5, -6): ("tokensOriginal", "-1 is not from 0 to"),
        (-5, 5, -10): ("tokensOriginal", "-5 is not from 0 to"),
        (None, None, 10**15 + 1): ("tokensPrevented", "is not from -1000000000000000 to"),
    }
    for numbers, (field, message) in wrong.items():
        tool = dict(zip(told, numbers, strict=True))
        sent = [{"kind": "TOOL", "name": "read", "tool": tool}] * count
        answer = (await api(TRACK, {"operations": sent}))["trackOperations"]
        assert answer["rejected"] == count
        assert answer["results"][0]["path"] == ["tool", field]
        assert message in answer["results"][0]["message"]


async def test_the_words_of_a_tool_server_take_them(api: Api) -> None:
    document = """mutation ($input: ToolOperationInput!) { trackToolOperation(input: $input) {
        operation { tokensOriginal tokensActual tokensPrevented costSaved route model traceId } } }"""
    use: Json = {"tool": "read", "mode": "overview"}
    for numbers in (
        {"tokensOriginal": 5_000, "tokensActual": 500},
        {"tokensOriginal": 5_000, "tokensActual": 500, "tokensPrevented": 4_500},
        {"tokensOriginal": 5_000, "tokensPrevented": 4_500},
        {"tokensActual": 500, "tokensPrevented": 4_500},
    ):
        extra = {"api": {"route": "v1/read"}, "llm": {"model": "gpt"}, "traceId": "t"}
        answer = await api(document, {"input": use | numbers | extra})
        assert answer["trackToolOperation"]["operation"] == {
            "tokensOriginal": 5_000, "tokensActual": 500, "tokensPrevented": 4_500,
            "costSaved": 0.0675, "route": "v1/read", "model": "gpt", "traceId": "t",
        }  # fmt: skip
    for numbers in ({}, {"tokensOriginal": 5}, {"tokensActual": 5}, {"tokensPrevented": 5}):
        refusal = await api.refused(document, {"input": use | numbers})
        assert refusal.code == "BAD_USER_INPUT"
        assert "Set two of tokensOriginal, tokensActual and tokensPrevented." in refusal.message
    wrong = {"tokensOriginal": 5, "tokensActual": 5, "tokensPrevented": 1}
    assert "is not tokensOriginal" in (await api.refused(document, {"input": use | wrong})).message


async def test_chats_and_api_calls_take_the_details_of_others(api: Api) -> None:
    chat = """mutation ($input: ChatInput!) { trackChat(input: $input) { operation {
        kind route statusCode client toolName inputTokens } } }"""
    answer = await api(
        chat,
        {"input": {"message": "m", "tokens": 3, "client": "web", "api": API, "tool": TOOL}},
    )
    assert answer["trackChat"]["operation"] == {
        "kind": "LLM", "route": "v1/chat", "statusCode": 200, "client": "web", "toolName": "read",
        "inputTokens": 3,
    }  # fmt: skip
    call = """mutation ($input: ApiOperationInput!) { trackApiOperation(input: $input) {
        operation { kind model toolName stage message } } }"""
    details = {"llm": {**LLM, "message": "m"}, "tool": TOOL, "stage": "s"}
    answer = await api(call, {"input": {"route": "v1/chat", "method": "POST", **details}})
    assert answer["trackApiOperation"]["operation"] == {
        "kind": "API", "model": "gpt", "toolName": "read", "stage": "s", "message": "m",
    }  # fmt: skip
