"""The token counts of a chat: one table of what the server and the SDK make of them."""

from typing import Any

import msgspec
import pytest

from tests.api.invalid_input.batches import track
from tests.api.token_counts.test_prices import snake
from tests.api.token_counts.test_recording import read
from tests.support.api import Api, Json
from trackstore import InvalidItemError
from trackstore.testing import RecordingTracker

CHAT = "mutation ($input: ChatInput!) { trackChat(input: $input) { status } }"
ANTHROPIC = {"input_tokens": 10, "cache_read_input_tokens": 90, "output_tokens": 7}

ROWS: dict[str, tuple[Json, Json, str | None]] = {
    "a total": ({"tokens": 12}, {"inputTokens": 12}, None),
    "a total of nothing": ({"tokens": 0}, {"inputTokens": 0}, None),
    "a total with a cache": (
        {"tokens": 12, "cachedInputTokens": 5},
        {"inputTokens": 12, "cachedInputTokens": 5}, None,
    ),
    "input and output": (
        {"inputTokens": 10, "outputTokens": 2}, {"inputTokens": 10, "outputTokens": 2}, None,
    ),
    "input without its cache": (
        {"inputTokens": 10, "cachedInputTokens": 90, "inputTokensExcludeCache": True},
        {"inputTokens": 100, "cachedInputTokens": 90}, None,
    ),
    "a total beside input": ({"tokens": 12, "inputTokens": 10}, {"inputTokens": 10}, "tokens"),
    "a total beside output": ({"tokens": 12, "outputTokens": 2}, {"outputTokens": 2}, "tokens"),
    "a total beside no output": ({"tokens": 12, "outputTokens": 0}, {"outputTokens": 0}, "tokens"),
    "a total beside both": (
        {"tokens": 12, "inputTokens": 10, "outputTokens": 2},
        {"inputTokens": 10, "outputTokens": 2}, "tokens",
    ),
    "a total without its cache": (
        {"tokens": 12, "cachedInputTokens": 5, "inputTokensExcludeCache": True},
        {"inputTokens": 12, "cachedInputTokens": 5}, "tokens",
    ),
    "a total with reasoning": (
        {"tokens": 12, "reasoningTokens": 5}, {"inputTokens": 12}, "reasoningTokens",
    ),
    "a cache beyond the input": (
        {"inputTokens": 3, "cachedInputTokens": 5}, {"inputTokens": 3}, "cachedInputTokens",
    ),
}  # fmt: skip
"""What is sent, what of it is in order, and what the rest is refused for."""


async def stored_by(api: Api, tracker: RecordingTracker) -> Json:
    """The counts that the server stores of what a tracker recorded."""
    (operation,) = tracker.operations
    sent: Any = msgspec.to_builtins(operation)
    assert (await track(api, sent))["accepted"] == 1
    (found,) = await read(api)
    return {name: count for name, count in found.items() if count is not None}


@pytest.mark.parametrize("name", ROWS)
async def test_the_server_takes_it_or_says_why_not(api: Api, name: str) -> None:
    sent, counts, refused = ROWS[name]
    chat = {"input": {"message": "Why?", **sent}}
    if refused is not None:
        refusal = await api.refused(CHAT, chat)
        assert refusal.errors[0]["extensions"]["argumentPath"][-1] == refused
        assert refused in refusal.message
        return
    await api(CHAT, chat)
    (found,) = await read(api)
    assert {n: count for n, count in found.items() if count is not None} == counts


@pytest.mark.parametrize("name", ROWS)
async def test_the_sdk_records_what_is_in_order(api: Api, name: str) -> None:
    sent, counts, refused = ROWS[name]
    told = {snake(field): value for field, value in sent.items()}
    tracker = RecordingTracker(strict=False)
    tracker.track_chat(message="Why?", **told)
    assert await stored_by(api, tracker) == counts
    assert sum(tracker.stats().adjusted.values()) == (refused is not None)
    if refused is not None:
        with pytest.raises(InvalidItemError):
            RecordingTracker().track_chat(message="Why?", **told)


USAGES: dict[str, tuple[Json, Json]] = {
    "by itself": (
        {"usage": ANTHROPIC}, {"inputTokens": 100, "cachedInputTokens": 90, "outputTokens": 7},
    ),
    "inside a response": (
        {"usage": {"usage": ANTHROPIC}},
        {"inputTokens": 100, "cachedInputTokens": 90, "outputTokens": 7},
    ),
    "among the facts of the model": (
        {"llm": {"model": "m", "usage": ANTHROPIC}},
        {"inputTokens": 100, "cachedInputTokens": 90, "outputTokens": 7},
    ),
    "beside a count": (
        {"usage": ANTHROPIC, "output_tokens": 9},
        {"inputTokens": 100, "cachedInputTokens": 90, "outputTokens": 9},
    ),
    "beside the word that it leaves out the cache": (
        {"usage": ANTHROPIC, "input_tokens_exclude_cache": True},
        {"inputTokens": 100, "cachedInputTokens": 90, "outputTokens": 7},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", USAGES)
async def test_a_usage_is_taken_over(api: Api, name: str) -> None:
    facts, counts = USAGES[name]
    tracker = RecordingTracker()
    tracker.track_chat(message="Why?", **facts)
    assert await stored_by(api, tracker) == counts


def test_a_usage_without_counts_costs_only_itself() -> None:
    tracker = RecordingTracker(strict=False)
    tracker.track_chat(message="Why?", usage=object(), model="m")
    tracker.track_chat(message="Why?", usage=ANTHROPIC, tokens=107, model="m")
    first, second = tracker.operations
    assert first.llm is not None
    assert second.llm is not None
    assert (first.llm.model, first.llm.input_tokens) == ("m", None)
    assert second.llm.input_tokens == 100
    assert len(tracker.stats().adjusted) == 2
    with pytest.raises(InvalidItemError, match="usage"):
        RecordingTracker().track_chat(message="Why?", usage={"cost": 1})
