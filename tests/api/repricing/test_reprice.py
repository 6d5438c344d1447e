"""Operations are priced again by the prices of their own time, and rollups say the same afterwards."""

import asyncio
import math
from typing import Any

import pytest

from models.enums import AccessScope
from store.operations.repricing import Repricing
from tests.api.repricing.loads import (
    REPRICE,
    costs,
    new_prices,
    operations,
    send,
    set_price,
    wrongly_priced,
)
from tests.support.api import Api, StartApi
from tests.unit.store.rollups.checks import differences

STATS = """{
  %s: operationStats(groupBy: [{field: MODEL}%s]) {
    rows { key { model } count unpricedCount
      cost { baseline actual saved } }
    coverage { source }
  }
}"""


async def reprice(api: Api, **asked: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await api(REPRICE, asked))["reprice"]
    return found


async def test_a_dry_run_tells_and_changes_nothing(api: Api) -> None:
    await send(api, operations(300))
    await new_prices(api)
    before = await costs(api)
    told = await reprice(api)
    assert told["dryRun"]
    assert told["changed"] > 0
    assert told["newlyPriced"] > 0
    assert await costs(api) == before
    really = await reprice(api, dryRun=False)
    assert really == told | {"dryRun": False}


async def test_every_operation_has_the_costs_of_its_own_time(api: Api) -> None:
    await send(api, operations(300))
    await new_prices(api)
    assert await wrongly_priced(api)
    told = await reprice(api, dryRun=False)
    assert not await wrongly_priced(api)
    assert not await differences(api.server.store.rollups)
    again = await reprice(api, dryRun=False)
    assert (again["changed"], again["before"]) == (0, again["after"])
    assert again["before"] == told["after"]


async def test_the_groups_tell_models_and_tools_apart(api: Api) -> None:
    await send(api, operations(300))
    await new_prices(api)
    told = await reprice(api)
    names = {(group["kind"], group["name"]) for group in told["groups"]}
    assert names == {("LLM", "opus"), ("LLM", "haiku"), ("TOOL", "read")}
    assert sum(group["changed"] for group in told["groups"]) == told["changed"]
    opus = next(group for group in told["groups"] if group["name"] == "opus")
    assert opus["newlyPriced"] == opus["changed"] > 0
    assert opus["before"]["actual"] == 0 < opus["after"]["actual"]


@pytest.mark.parametrize("merged", [False, True])
async def test_a_rollup_answers_as_the_records_do(api: Api, merged: bool) -> None:
    rollups = api.server.store.rollups
    await send(api, operations(200))
    if merged:
        await rollups.maintenance.run_once()
    await new_prices(api)
    await reprice(api, dryRun=False)
    for _ in range(2):
        rolled = (await api(STATS % ("rolled", "")))["rolled"]
        assert rolled["coverage"]["source"] != "RAW"
        raw = (await api(STATS % ("raw", ", {field: TRACE_ID}")))["raw"]
        assert raw["coverage"]["source"] == "RAW"
        assert by_model(rolled) == by_model(raw)
        await rollups.maintenance.run_once()
        assert not await differences(rollups)


async def test_costs_change_on_both_sides_of_the_fold(api: Api) -> None:
    rollups = api.server.store.rollups
    await send(api, operations(100))
    await rollups.folding.run_once()
    await send(api, operations(100, seed=2))
    await new_prices(api)
    assert (await reprice(api, dryRun=False))["changed"] > 0
    for _ in range(2):
        assert not await differences(rollups)
        await rollups.folding.run_once()


def by_model(stats: dict[str, Any]) -> dict[str, Any]:
    def plain(row: Any) -> Any:
        rounded = {k: round(v, 9) if v is not None else None for k, v in row["cost"].items()}
        return row["count"], row["unpricedCount"], tuple(rounded.items())

    return {row["key"]["model"]: plain(row) for row in stats["rows"]}


async def test_a_price_for_less_is_counted_as_a_saving_of_nobody(api: Api) -> None:
    item = {"kind": "TOOL", "name": "x", "tool": {"tokensOriginal": 1_000, "tokensActual": 500}}
    await send(api, [item])
    await set_price(api, "TOOL", "x", 0.03)
    told = await reprice(api)
    assert math.isclose(told["before"]["actual"], 0.0075)
    assert math.isclose(told["after"]["actual"], 0.015)
    assert math.isclose(told["after"]["saved"], 0.015)


async def test_only_what_the_filter_finds_is_priced(api: Api) -> None:
    await send(api, operations(200))
    await new_prices(api)
    where = {"model": {"eq": "haiku"}}
    told = await reprice(api, where=where, dryRun=False)
    assert {group["name"] for group in told["groups"]} == {"haiku"}
    left = await reprice(api)
    assert {group["name"] for group in left["groups"]} == {"opus", "read"}


async def test_a_long_run_is_continued(start_api: StartApi) -> None:
    api = await start_api(max_reprice_items=40)
    await send(api, operations(150))
    await new_prices(api)
    after, changed, calls = None, 0, 0
    while True:
        told = await reprice(api, dryRun=False, after=after)
        assert told["operations"] <= 40
        after, changed, calls = told["endCursor"], changed + told["changed"], calls + 1
        if not told["hasMore"]:
            break
    assert calls > 2
    assert changed
    assert not await wrongly_priced(api)


async def test_it_may_be_run_beside_writers_and_by_several_at_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.operations.repricing.CHUNK_ROWS", 20)
    await send(api, operations(200))
    await new_prices(api)
    later = [send(api, operations(30, seed)) for seed in range(2, 8)]
    pricing = [reprice(api, dryRun=False) for _ in range(3)]
    folds = [api.server.store.rollups.folding.run_once() for _ in range(3)]
    await asyncio.gather(*later, *pricing, *folds)
    await reprice(api, dryRun=False)
    assert not await wrongly_priced(api)
    assert not await differences(api.server.store.rollups)


async def test_what_was_committed_before_a_failure_stays_and_is_not_done_twice(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.operations.repricing.CHUNK_ROWS", 20)
    await send(api, operations(100))
    await new_prices(api)
    whole, write, calls = await reprice(api), Repricing._write, []

    async def fail_late(self: Repricing, *args: Any) -> None:
        await write(self, *args)
        calls.append(1)
        if len(calls) == 2:
            raise RuntimeError("a crash before the commit")

    monkeypatch.setattr(Repricing, "_write", fail_late)
    await api.refused(REPRICE, {"dryRun": False})
    monkeypatch.setattr(Repricing, "_write", write)
    rest = await reprice(api, dryRun=False)
    assert 0 < rest["changed"] < whole["changed"]
    assert not await wrongly_priced(api)
    assert not await differences(api.server.store.rollups)


async def test_costs_beyond_a_column_are_corrected_one_by_one(api: Api) -> None:
    huge = {"tokensOriginal": 10**15, "tokensActual": 10**15}
    at = "2026-11-01T10:00:00Z"
    items = [{"kind": "TOOL", "name": "big", "tool": huge, "occurredAt": at} for _ in range(3)]
    await set_price(api, "TOOL", "big", 0)
    await send(api, items)
    await set_price(api, "TOOL", "big", 100)
    await reprice(api, dryRun=False)
    assert not await wrongly_priced(api)
    for more in ("", ", {field: TRACE_ID}"):
        (row,) = (await api(STATS % ("sums", more)))["sums"]["rows"]
        assert row["cost"]["actual"] == pytest.approx(3 * 2**63 / 1e9)


async def test_a_key_prices_what_lies_within_its_bounds(api: Api) -> None:
    for organization in ("acme", "other"):
        await send(api, operations(60, organization=organization))
        await set_price(api, "MODEL", "opus", 0.01, organizationId=organization)
    secret = await api_key(api, "acme", AccessScope.MANAGE)
    told = await reprice(api.as_key(secret), dryRun=False)
    assert told["changed"] > 0
    assert len(await wrongly_priced(api)) == told["changed"]
    reader = await api_key(api, "acme", AccessScope.READ)
    refusal = await api.as_key(reader).refused(REPRICE)
    assert refusal.code == "FORBIDDEN"


async def api_key(api: Api, organization: str, scope: AccessScope) -> str:
    document = """mutation ($key: ApiKeyInput!) { createApiKey(input: $key) { secret } }"""
    key = {"name": "k", "organizationId": organization, "scopes": [scope.name]}
    secret: str = (await api(document, {"key": key}))["createApiKey"]["secret"]
    return secret


async def test_a_cursor_of_something_else_is_refused(api: Api) -> None:
    refusal = await api.refused(REPRICE, {"after": "nonsense"})
    assert refusal.code == "BAD_USER_INPUT"
    assert "endCursor" in refusal.message
