"""Every token count is stored, read, filtered, ordered, summed and exported, and must agree."""

from typing import Any

import pytest

from tests.api.exporting.calls import csv_rows, export
from tests.api.invalid_input.batches import check_refused, operation, track
from tests.support.api import Api, Json

COUNTS = (
    "inputTokens", "outputTokens", "cachedInputTokens", "cacheWriteInputTokens",
    "reasoningTokens", "audioInputTokens", "audioOutputTokens",
)  # fmt: skip
READ = f"query {{ operations {{ nodes {{ {' '.join(COUNTS)} }} }} }}"
CHAT = """mutation ($input: ChatInput!) { trackChat(input: $input) {
  operation { name inputTokens outputTokens cachedInputTokens reasoningTokens } } }"""
FULL: Json = {
    "inputTokens": 1_000, "outputTokens": 400, "cachedInputTokens": 600,
    "cacheWriteInputTokens": 100, "reasoningTokens": 250, "audioInputTokens": 90,
    "audioOutputTokens": 50,
}  # fmt: skip
NO_COUNTS: dict[str, int | None] = dict.fromkeys(COUNTS)


def llm(**counts: Any) -> Json:
    """A model call with these counts."""
    return operation(kind="LLM", llm=counts)


async def read(api: Api) -> list[Json]:
    """The counts of everything that is stored, newest first."""
    rows: list[Json] = (await api(READ))["operations"]["nodes"]
    return rows


@pytest.mark.parametrize("count", [1, 20], ids=["one", "a bulk load"])
async def test_all_counts_are_stored(api: Api, count: int) -> None:
    assert (await track(api, *[llm(**FULL)] * count))["accepted"] == count
    assert await read(api) == [FULL] * count


@pytest.mark.parametrize("count", [1, 20], ids=["one", "a bulk load"])
@pytest.mark.parametrize(
    ("sent", "total"),
    [
        ({"inputTokens": 50, "cachedInputTokens": 600, "cacheWriteInputTokens": 100}, 750),
        ({"inputTokens": 0, "cacheWriteInputTokens": 7}, 7),
        ({"cachedInputTokens": 7}, 7),
        ({"inputTokens": 9}, 9),
        ({"outputTokens": 9}, None),
    ],
)
async def test_input_without_cache_is_stored_with_it(
    api: Api, sent: Json, total: int | None, count: int
) -> None:
    payload = await track(api, *[llm(**sent, inputTokensExcludeCache=True)] * count)
    assert payload["accepted"] == count
    assert await read(api) == [NO_COUNTS | sent | {"inputTokens": total}] * count


async def test_parts_that_exceed_their_total_are_refused(api: Api) -> None:
    most = 10**15
    cases: list[tuple[Json, str, str]] = [
        ({"inputTokens": 3, "cachedInputTokens": 5}, "cachedInputTokens",
         "inputTokens counts the cached ones too; where it leaves out the tokens of a cache, set"),
        ({"inputTokens": 3, "cacheWriteInputTokens": 5}, "cacheWriteInputTokens",
         "5 written to a cache, of 3 input tokens"),
        ({"inputTokens": 5, "cachedInputTokens": 3, "cacheWriteInputTokens": 3},
         "cacheWriteInputTokens", "3 written to a cache and 3 read from it, of 5 input tokens"),
        ({"inputTokens": 5, "audioInputTokens": 6}, "audioInputTokens", "6 audio of 5 input"),
        ({"audioInputTokens": 6}, "audioInputTokens", "6 audio of 0 input tokens"),
        ({"outputTokens": 5, "reasoningTokens": 6}, "reasoningTokens", "6 reasoning of 5 output"),
        ({"reasoningTokens": 6}, "reasoningTokens", "outputTokens counts them too"),
        ({"outputTokens": 5, "audioOutputTokens": 6}, "audioOutputTokens", "6 audio of 5 output"),
        ({"outputTokens": 5, "reasoningTokens": 3, "audioOutputTokens": 3}, "audioOutputTokens",
         "3 audio and 3 reasoning of 5 output tokens"),
        ({"inputTokens": most, "cachedInputTokens": 1, "inputTokensExcludeCache": True},
         "inputTokens", f"{most + 1} is not from 0 to {most}"),
    ]  # fmt: skip
    sent = [({"kind": "LLM", "llm": counts}, f"llm.{path}", said) for counts, path, said in cases]
    await check_refused(api, sent)


async def test_counts_are_filtered_and_ordered(api: Api) -> None:
    await track(api, llm(**FULL), llm(**{name: 2 * n for name, n in FULL.items()}), llm())
    for name in COUNTS[2:]:
        where = {name: {"gt": FULL[name]}}
        asked = f"query ($w: OperationFilter) {{ operations(where: $w) {{ nodes {{ {name} }} }} }}"
        nodes = (await api(asked, {"w": where}))["operations"]["nodes"]
        assert nodes == [{name: 2 * FULL[name]}]
        field = "".join(f"_{c}" if c.isupper() else c for c in name).upper()
        order = f"orderBy: [{{field: {field}, direction: ASC}}], where: {{{name}: {{gt: 0}}}}"
        nodes = (await api(f"{{ operations({order}) {{ nodes {{ {name} }} }} }}"))["operations"]
        assert nodes["nodes"] == [{name: FULL[name]}, {name: 2 * FULL[name]}]


async def test_counts_are_summed(api: Api) -> None:
    await track(api, llm(**FULL), llm(**FULL), llm(inputTokens=5))
    sums = " ".join(f"{name} {{ sum }}" for name in COUNTS)
    having = "having: {reasoningTokens: {sum: {gte: 500}}}"
    asked = f"{{ operationStats(groupBy: [{{field: KIND}}], {having}) {{ rows {{ {sums} }} }} }}"
    (row,) = (await api(asked))["operationStats"]["rows"]
    expected = {name: {"sum": 2 * n} for name, n in FULL.items()}
    assert row == expected | {"inputTokens": {"sum": 2_005}}


async def test_counts_are_exported(api: Api) -> None:
    await track(api, llm(**FULL))
    document = f"{{ operations {{ nodes {{ {' '.join(COUNTS)} }} }} }}"
    (row,) = csv_rows(await export(api, document))
    assert row == {name: str(n) for name, n in FULL.items()}


async def test_chats_have_all_counts(api: Api) -> None:
    parts = {"inputTokens": 10, "cachedInputTokens": 90, "inputTokensExcludeCache": True}
    sent = {"message": "hello", "outputTokens": 9, "reasoningTokens": 8, **parts}
    stored = (await api(CHAT, {"input": sent}))["trackChat"]["operation"]
    assert stored == {
        "name": "chat", "inputTokens": 100, "outputTokens": 9, "cachedInputTokens": 90,
        "reasoningTokens": 8,
    }  # fmt: skip
    error = await api.refused(
        CHAT, {"input": {"message": "m", "tokens": 9, "inputTokensExcludeCache": True}}
    )
    assert "tokens includes cached tokens" in str(error)
