"""Prices of cache writes, reasoning and audio, and tiers: every way to a cost gives the same one."""

import asyncio
import random
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.invalid_input.batches import track
from tests.api.token_counts.test_recording import llm
from tests.support.api import Api, Json
from trackstore.cost_alerts import ModelPrice
from trackstore.entries import LlmCall

SET = "mutation ($input: PriceInput!) { setPrice(input: $input) { price { %s } } }"
COSTS = """{ operations(first: 1000) { nodes {
  model inputTokens outputTokens cachedInputTokens cacheWriteInputTokens reasoningTokens
  audioInputTokens audioOutputTokens costBaseline costActual costSaved } } }"""
REPRICE = (
    "mutation ($dry: Boolean!) { reprice(input: {dryRun: $dry}) { changed after { actual } } }"
)
PARTS = (
    "inputPer1k", "outputPer1k", "cachedInputPer1k", "cacheWriteInputPer1k", "reasoningPer1k",
    "audioInputPer1k", "audioOutputPer1k",
)  # fmt: skip
ALIKE = {
    "outputPer1k": "inputPer1k", "cachedInputPer1k": "inputPer1k",
    "cacheWriteInputPer1k": "inputPer1k", "reasoningPer1k": "outputPer1k",
    "audioInputPer1k": "inputPer1k", "audioOutputPer1k": "outputPer1k",
}  # fmt: skip
"""What a part costs that has no price of its own."""
READ = " ".join(PARTS)
SONNET: Json = {
    "kind": "MODEL", "name": "m", "inputPer1k": 0.003, "outputPer1k": 0.015,
    "cachedInputPer1k": 0.0003, "cacheWriteInputPer1k": 0.00375,
    "tiers": [{"aboveInputTokens": 200_000, "inputPer1k": 0.006, "outputPer1k": 0.0225,
               "cachedInputPer1k": 0.0006, "cacheWriteInputPer1k": 0.0075}],
}  # fmt: skip


async def set_price(api: Api, fields: str = "name", **price: Any) -> Any:
    """Set a price and give what is read of it."""
    return (await api(SET % fields, {"input": price}))["setPrice"]["price"]


async def cost_of(api: Api, **counts: int) -> tuple[float, float]:
    """The costs of one call of the model m; a question must have the same."""
    await track(api, llm(model="m", **counts))
    asked = """{ operations(first: 1) { nodes { costBaseline costActual } }
      operationStats { totals { cost { baseline actual } costAt(model: "m") { baseline actual } } } }"""
    answer = await api(asked)
    (node,) = answer["operations"]["nodes"]
    costs = {"baseline": node["costBaseline"], "actual": node["costActual"]}
    assert answer["operationStats"]["totals"] == {"cost": costs, "costAt": costs}
    return node["costBaseline"], node["costActual"]


async def test_cache_writes_have_their_price(api: Api) -> None:
    await set_price(api, **SONNET)
    counts = {"inputTokens": 10_000, "cachedInputTokens": 6_000, "cacheWriteInputTokens": 2_000}
    found = await cost_of(api, **counts, outputTokens=1_000)
    assert found == (0.045, 0.0303), "0.006 + 0.0018 + 0.0075 + 0.015"


@pytest.mark.parametrize(
    ("tokens", "cost"), [(199_999, 0.599997), (200_000, 0.6), (200_001, 1.200006)]
)
async def test_a_tier_prices_the_whole_call(api: Api, tokens: int, cost: float) -> None:
    await set_price(api, **SONNET)
    assert await cost_of(api, inputTokens=tokens) == (cost, cost)


async def test_the_size_of_a_call_counts_its_cache(api: Api) -> None:
    await set_price(api, **SONNET)
    counts = {"inputTokens": 1, "cachedInputTokens": 250_000, "outputTokens": 1_000}
    await track(api, llm(model="m", inputTokensExcludeCache=True, **counts))
    (node,) = (await api(COSTS))["operations"]["nodes"]
    assert node["costActual"] == 0.172506, "0.000006 + 0.15 + 0.0225"


async def test_audio_and_reasoning_have_their_prices(api: Api) -> None:
    price: Json = {"inputPer1k": 0.0025, "outputPer1k": 0.01, "cachedInputPer1k": 0.001}
    audio: Json = {"audioInputPer1k": 0.04, "audioOutputPer1k": 0.08, "reasoningPer1k": 0.02}
    await set_price(api, kind="MODEL", name="m", **price, **audio)
    counts = {"inputTokens": 1_000, "audioInputTokens": 200, "cachedInputTokens": 300}
    written = {"outputTokens": 1_000, "audioOutputTokens": 100, "reasoningTokens": 400}
    expected = 0.00125 + 0.008 + 0.0003 + 0.005 + 0.008 + 0.008
    baseline = 0.002 + 0.008 + 0.021
    assert await cost_of(api, **counts, **written) == pytest.approx((baseline, expected), abs=1e-12)


async def test_audio_that_came_from_a_cache_costs_what_the_cache_does(api: Api) -> None:
    price: Json = {"inputPer1k": 1, "cachedInputPer1k": 0.1, "audioInputPer1k": 10}
    await set_price(api, kind="MODEL", name="m", **price)
    counts = {"inputTokens": 100, "audioInputTokens": 80, "cachedInputTokens": 60}
    assert await cost_of(api, **counts) == (0.82, 0.406), "60 cached, 40 fresh audio"


async def test_without_new_parts_a_price_is_what_it_was(api: Api) -> None:
    read = f"{READ} tiers {{ aboveInputTokens }}"
    price = await set_price(api, read, kind="MODEL", name="m", inputPer1k=1, outputPer1k=3)
    assert price == {
        "inputPer1k": 1, "outputPer1k": 3, "cachedInputPer1k": 1, "cacheWriteInputPer1k": 1,
        "reasoningPer1k": 3, "audioInputPer1k": 1, "audioOutputPer1k": 3, "tiers": [],
    }  # fmt: skip
    counts = {"inputTokens": 10, "cacheWriteInputTokens": 5, "audioInputTokens": 5}
    written = {"outputTokens": 10, "reasoningTokens": 5, "audioOutputTokens": 5}
    assert await cost_of(api, **counts, **written) == (0.04, 0.04)


async def test_a_tier_takes_what_it_leaves_out_from_the_price(api: Api) -> None:
    tiers = [{"aboveInputTokens": 10, "inputPer1k": 5}]
    read = f"tiers {{ aboveInputTokens {READ} }}"
    price = {"kind": "MODEL", "name": "m", "inputPer1k": 1, "outputPer1k": 3}
    (tier,) = (await set_price(api, read, **price, tiers=tiers))["tiers"]
    assert tier == {
        "aboveInputTokens": 10, "inputPer1k": 5, "outputPer1k": 3, "cachedInputPer1k": 5,
        "cacheWriteInputPer1k": 5, "reasoningPer1k": 3, "audioInputPer1k": 5,
        "audioOutputPer1k": 3,
    }  # fmt: skip


async def test_setting_a_price_again_replaces_its_tiers(api: Api) -> None:
    await set_price(api, **SONNET)
    later = {"effectiveFrom": "2026-01-01T00:00:00Z"}
    await set_price(api, **SONNET, **later)
    tiers = [{"aboveInputTokens": n, "inputPer1k": n} for n in (30, 20)]
    await set_price(api, kind="MODEL", name="m", inputPer1k=1, tiers=tiers)
    listed = await api("{ prices { name inputPer1k tiers { aboveInputTokens inputPer1k } } }")
    first, second = listed["prices"]
    assert [tier["aboveInputTokens"] for tier in first["tiers"]] == [20, 30]
    assert second["tiers"] == [{"aboveInputTokens": 200_000, "inputPer1k": 0.006}]
    await set_price(api, kind="MODEL", name="m", inputPer1k=1, tiers=None)
    listed = await api("{ prices { tiers { inputPer1k } } }")
    assert [len(price["tiers"]) for price in listed["prices"]] == [0, 1]


async def test_prices_set_at_the_same_time_do_not_mix(api: Api) -> None:
    def price(number: int) -> Json:
        amount = number / 1_000
        tiers = [{"aboveInputTokens": n, "inputPer1k": amount} for n in range(1, number + 2)]
        return {"kind": "MODEL", "name": "m", "inputPer1k": amount, "tiers": tiers}

    await asyncio.gather(*(set_price(api, **price(number)) for number in range(8)))
    read = "{ prices { inputPer1k tiers { aboveInputTokens inputPer1k } } }"
    (found,) = (await api(read))["prices"]
    expected = price(round(found["inputPer1k"] * 1_000))
    assert found == {name: expected[name] for name in ("inputPer1k", "tiers")}


@pytest.mark.parametrize(
    ("price", "path", "said"),
    [
        ({"cacheWriteInputPer1k": -1}, "cacheWriteInputPer1k", "is not from 0 to 1000 US dollars"),
        ({"reasoningPer1k": 1001}, "reasoningPer1k", "1001.0 is not from 0 to 1000 US dollars"),
        ({"tiers": [{"aboveInputTokens": 0, "inputPer1k": 1}]}, "tiers.0.aboveInputTokens",
         "0 is not from 1 to"),
        ({"tiers": [{"aboveInputTokens": 5, "inputPer1k": 1}] * 2}, "tiers.1.aboveInputTokens",
         "another tier begins above 5 input tokens"),
        ({"tiers": [{"aboveInputTokens": 5, "inputPer1k": 2e3}]}, "tiers.0.inputPer1k",
         "2000.0 is not from 0 to 1000 US dollars"),
        ({"tiers": [{"aboveInputTokens": n, "inputPer1k": 1} for n in range(1, 12)]}, "tiers",
         "11 tiers, at most 10"),
        ({"kind": "TOOL", "audioInputPer1k": 1}, "audioInputPer1k", "belongs to models"),
        ({"kind": "TOOL", "tiers": [{"aboveInputTokens": 5, "inputPer1k": 1}]}, "tiers",
         "belong to models"),
    ],
)  # fmt: skip
async def test_prices_that_cannot_be_are_refused(
    api: Api, price: Json, path: str, said: str
) -> None:
    sent = {"kind": "MODEL", "name": "m", "inputPer1k": 1} | price
    errors = await api.refused(SET % "name", {"input": sent})
    assert f"{path}: " in str(errors)
    assert said in str(errors)
    assert (await api("{ prices { name } }"))["prices"] == []


def nanos(price: Json, counts: Json) -> tuple[int, int]:
    """Baseline and actual cost of a call in nano-dollars, from plain arithmetic with fractions."""
    reached = [t for t in price.get("tiers", ()) if counts["inputTokens"] > t["aboveInputTokens"]]
    stated = {name: price[name] for name in PARTS if price.get(name) is not None}
    if reached:
        tier = max(reached, key=lambda t: t["aboveInputTokens"])
        stated |= {name: tier[name] for name in PARTS if tier.get(name) is not None}
    rates: dict[str, Fraction] = {}
    for name in PARTS:
        rates[name] = Fraction(str(stated[name])) if name in stated else rates[ALIKE[name]]
    written = counts["outputTokens"] - counts["reasoningTokens"] - counts["audioOutputTokens"]
    output = written * rates["outputPer1k"] + counts["reasoningTokens"] * rates["reasoningPer1k"]
    output += counts["audioOutputTokens"] * rates["audioOutputPer1k"]
    cached, stored = counts["cachedInputTokens"], counts["cacheWriteInputTokens"]
    totals = []
    for of_cache in (0, cached + stored):
        fresh = counts["inputTokens"] - of_cache
        audio = min(counts["audioInputTokens"], fresh)
        total = output + audio * rates["audioInputPer1k"] + (fresh - audio) * rates["inputPer1k"]
        if of_cache:
            total += cached * rates["cachedInputPer1k"] + stored * rates["cacheWriteInputPer1k"]
        totals.append(floor(total * 1_000_000 + Fraction(1, 2)))
    return totals[0], totals[1]


def draw_price(dice: random.Random, model: str) -> Json:
    """A price with some parts and tiers."""

    def amounts() -> Json:
        return {n: dice.randrange(10**6) / 10**9 for n in PARTS[1:] if dice.random() < 0.6}

    def one() -> Json:
        return {"inputPer1k": dice.randrange(10**6) / 10**9} | amounts()

    tiers = [
        {"aboveInputTokens": n} | one() for n in dice.sample((50, 500, 900), dice.randrange(3))
    ]
    return {"kind": "MODEL", "name": model, "tiers": tiers} | one()


def draw_counts(dice: random.Random) -> Json:
    """Token counts that agree."""
    total, output = dice.choice([50, 51, 500, 501, dice.randrange(2_000)]), dice.randrange(900)
    cached = dice.randrange(total + 1)
    reasoning = dice.randrange(output + 1)
    return {
        "inputTokens": total, "outputTokens": output, "cachedInputTokens": cached,
        "cacheWriteInputTokens": dice.randrange(total - cached + 1),
        "reasoningTokens": reasoning, "audioInputTokens": dice.randrange(total + 1),
        "audioOutputTokens": dice.randrange(output - reasoning + 1),
    }  # fmt: skip


def model_price(price: Json) -> ModelPrice:
    """The same price for the SDK's cost alerts."""
    base = {"outputPer1k": price["inputPer1k"]} | price
    parts = {
        snake(name.removesuffix("Per1k")): Decimal(str(base[name]))
        for name in PARTS
        if base.get(name) is not None
    }
    tiers = {
        tier["aboveInputTokens"]: model_price(
            {"outputPer1k": price.get("outputPer1k", tier["inputPer1k"])} | tier
        )
        for tier in price.get("tiers", ())
    }
    return ModelPrice(**parts, tiers=tiers)


def snake(name: str) -> str:
    """The name in Python's words."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


@given(st.randoms(use_true_random=False))
def test_cost_alerts_count_as_the_server_does(dice: random.Random) -> None:
    price, told = draw_price(dice, "m"), draw_counts(dice)
    call = LlmCall(**{snake(name): count for name, count in told.items()})
    _, actual = nanos(price, told)
    assert floor(model_price(price).cost_of(call) * 10**9 + Decimal("0.5")) == actual
    inside = told["cachedInputTokens"] + told["cacheWriteInputTokens"]
    call.input_tokens = told["inputTokens"] - inside
    call.input_tokens_exclude_cache = True
    assert floor(model_price(price).cost_of(call) * 10**9 + Decimal("0.5")) == actual


async def agrees(api: Api, prices: dict[str, Json]) -> None:
    """Every operation costs what plain arithmetic says, and so does every question."""
    nodes = (await api(COSTS))["operations"]["nodes"]
    for node in nodes:
        baseline, actual = nanos(prices[node["model"]], node)
        costs = (node["costBaseline"], node["costActual"], node["costSaved"])
        assert costs == (baseline / 1e9, actual / 1e9, (baseline - actual) / 1e9), node
    asked = """query ($m: String!) { operationStats { totals {
      costAt(model: $m) { baseline actual } } } }"""
    for model, price in prices.items():
        sums = [sum(parts) for parts in zip(*(nanos(price, n) for n in nodes), strict=True)]
        at_model = (await api(asked, {"m": model}))["operationStats"]["totals"]["costAt"]
        assert at_model == {"baseline": sums[0] / 1e9, "actual": sums[1] / 1e9}


@pytest.mark.parametrize("seed", range(3))
async def test_every_way_to_a_cost_gives_the_same(api: Api, seed: int) -> None:
    dice = random.Random(seed)
    prices = {model: draw_price(dice, model) for model in "abc"}
    for price in prices.values():
        await set_price(api, **price)
    calls = [llm(model=dice.choice("abc"), **draw_counts(dice)) for _ in range(120)]
    assert (await track(api, *calls[:100]))["accepted"] == 100
    for call in calls[100:]:
        assert (await track(api, call))["accepted"] == 1
    await agrees(api, prices)
    assert (await api(REPRICE, {"dry": False}))["reprice"]["changed"] == 0
    prices = {model: draw_price(dice, model) for model in "abc"}
    for price in prices.values():
        await set_price(api, **price)
    told = (await api(REPRICE, {"dry": True}))["reprice"]
    assert (await api(REPRICE, {"dry": False}))["reprice"] == told
    assert told["changed"] > 100
    await agrees(api, prices)
