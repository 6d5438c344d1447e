"""``costAt``: the same tokens at another model's prices, wherever a measure may stand."""

import pytest

from tests.support.api import Api, Json

PRICE = "mutation ($v: PriceInput!) { setPrice(input: $v) { price { name } } }"
TRACK = "mutation ($v: [OperationInput!]!) { trackOperations(operations: $v) { accepted } }"
PARTS = "{ baseline actual saved unpricedCount }"


def chat(day: int, tokens: int, name: str = "chat") -> Json:
    """A call of the model that everybody uses."""
    llm = {"model": "large", "inputTokens": tokens, "cachedInputTokens": tokens // 2,
           "outputTokens": tokens // 4}  # fmt: skip
    at = f"2026-11-{day:02}T12:00:00Z"
    return {"kind": "LLM", "name": name, "occurredAt": at, "llm": llm}


@pytest.fixture
async def priced(api: Api) -> Api:
    """Two models; the small one became cheaper on the 10th, and has no price before the 5th."""
    for name, since, amount in (
        ("large", None, 0.02),
        ("small", "2026-11-05T00:00:00Z", 0.004),
        ("small", "2026-11-10T00:00:00Z", 0.001),
    ):
        given = {"kind": "MODEL", "name": name, "effectiveFrom": since, "inputPer1k": amount,
                 "cachedInputPer1k": amount / 2, "outputPer1k": 0.03}  # fmt: skip
        await api(PRICE, {"v": given})
    tool = {"kind": "TOOL", "name": "read", "occurredAt": "2026-11-12T12:00:00Z",
            "tool": {"toolName": "read", "tokensOriginal": 9_000, "tokensActual": 1_001}}  # fmt: skip
    calls = [chat(3, 4_000), chat(8, 1_001), chat(11, 3_333), chat(12, 100, "title"), tool]
    assert (await api(TRACK, {"v": calls}))["trackOperations"]["accepted"] == 5
    return api


async def test_at_its_own_model_it_is_the_cost(priced: Api) -> None:
    asked = f"""{{ operationStats(where: {{kind: {{in: [LLM]}}}}, groupBy: [{{field: NAME}}]) {{
      rows {{ key {{ name }} cost {PARTS} costAt(model: "large") {PARTS} }} }} }}"""
    rows = (await priced(asked))["operationStats"]["rows"]
    assert [row["key"]["name"] for row in rows] == ["chat", "title"]
    for row in rows:
        assert row["cost"] == row["costAt"]
        assert row["cost"]["actual"] > 0


async def test_prices_count_from_their_date_and_gaps_are_seen(priced: Api) -> None:
    asked = f"""query ($m: String!) {{ operationStats(bucket: {{unit: DAY, fill: false}}) {{
      rows {{ small: costAt(model: $m) {PARTS} none: costAt(model: "?") {{ actual unpricedCount }} }}
      totals {{ costAt(model: $m) {{ actual unpricedCount }} }} }} }}"""
    found = (await priced(asked, {"m": "small"}))["operationStats"]
    unpriced = {"baseline": None, "actual": None, "saved": None, "unpricedCount": 1}
    third, eighth, eleventh, twelfth = (row["small"] for row in found["rows"])
    assert third == unpriced
    assert eighth == {
        "baseline": 0.011504, "actual": 0.010504, "saved": 0.001, "unpricedCount": 0,
    }  # fmt: skip
    assert eleventh["baseline"] == 0.028323
    # A tool's tokens are what a model would have read: 1,001 of 9,000, and the title beside it.
    assert twelfth["baseline"] == pytest.approx(0.009 + 0.00085)
    assert twelfth["actual"] == pytest.approx(0.001001 + 0.000825)
    assert [row["none"]["unpricedCount"] for row in found["rows"]] == [1, 1, 1, 2]
    assert {row["none"]["actual"] for row in found["rows"]} == {None}
    parts = [eighth["actual"], eleventh["actual"], twelfth["actual"]]
    assert found["totals"]["costAt"]["actual"] == pytest.approx(sum(parts))
    assert found["totals"]["costAt"]["unpricedCount"] == 1


async def test_it_orders_keeps_chooses_and_compares(priced: Api) -> None:
    by = '{costAt: {model: "small", part: %s}}'
    answer = await priced(f"""{{
      ordered: operationStats(groupBy: [{{field: NAME}}],
        orderBy: [{{by: {by % "ACTUAL"}, direction: ASC}}]) {{ rows {{ key {{ name }} }} }}
      kept: operationStats(groupBy: [{{field: NAME}}], having: {{costAt: [
        {{model: "small", actual: {{gt: 0.001}}, unpricedCount: {{eq: 0}}}},
        {{model: "large", actual: {{gt: 0.01}}}}]}}) {{ rows {{ key {{ name }} }} }}
      chosen: operationStats(groupBy: [{{field: NAME}}], top: {{n: 1, by: {by % "UNPRICED_COUNT"}}}) {{
        rows {{ key {{ name }} }} others {{ costAt(model: "small") {{ unpricedCount }} }} }}
      compared: operationStats(
        where: {{occurredAt: {{since: "2026-11-10T00:00:00Z", until: "2026-11-15T00:00:00Z"}}}}
        compare: {{previous: PREVIOUS}}) {{
        rows {{ costAt(model: "small") {{ actual }} previous {{ costAt(model: "small") {{ actual }} }}
          delta {{ costAt(model: "small") {{ actual unpricedCount }} }}
          ratio {{ costAt(model: "small") {{ actual }} }} }} }} }}""")
    names = {
        k: [row["key"]["name"] for row in answer[k]["rows"]] for k in ("ordered", "kept", "chosen")
    }
    assert names == {"ordered": ["title", "read", "chat"], "kept": ["read"], "chosen": ["chat"]}
    assert answer["chosen"]["others"] == {"costAt": {"unpricedCount": 0}}
    (row,) = answer["compared"]["rows"]
    now, before = row["costAt"]["actual"], row["previous"]["costAt"]["actual"]
    assert before == 0.010504
    assert row["delta"]["costAt"]["actual"] == pytest.approx(now - before)
    assert row["ratio"]["costAt"]["actual"] == pytest.approx(now / before)
    assert row["delta"]["costAt"]["unpricedCount"] == 0


async def test_an_organization_has_its_own_prices(api: Api) -> None:
    for owner, amount in (("*", 0.01), ("acme", 0.001)):
        given = {"organizationId": owner, "kind": "MODEL", "name": "m", "inputPer1k": amount}
        await api(PRICE, {"v": given})
    calls = [{"kind": "LLM", "name": "n", "labels": {"organizationId": owner},
              "llm": {"model": "x", "inputTokens": 1_000}} for owner in ("acme", "other")]  # fmt: skip
    await api(TRACK, {"v": calls})
    found = await api("""{ operationStats(groupBy: [{field: ORGANIZATION_ID}]) {
      rows { key { organizationId } costAt(model: "m") { actual } } } }""")
    costs = {
        r["key"]["organizationId"]: r["costAt"]["actual"] for r in found["operationStats"]["rows"]
    }
    assert costs == {"acme": 0.001, "other": 0.01}
