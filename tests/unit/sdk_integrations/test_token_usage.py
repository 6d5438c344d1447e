"""Usage objects of every SDK become counts in one convention."""

from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from tests.unit.sdk.invalid_values import Unreadable
from tests.unit.sdk_integrations.usage_shapes import SHAPES, as_object, counts
from trackstore import TokenUsage
from trackstore.testing import RecordingTracker


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_is_converted(name: str) -> None:
    usage, expected = SHAPES[name]
    assert TokenUsage.of(usage).counts() == expected
    if not any("." in key for key in usage):
        assert TokenUsage.of(as_object(usage)).counts() == expected


@pytest.mark.parametrize("name", SHAPES)
def test_parts_never_exceed_their_total(name: str) -> None:
    usage = TokenUsage.of(SHAPES[name][0])
    read, output = usage.input_tokens or 0, usage.output_tokens or 0
    assert (usage.cached_input_tokens or 0) + (usage.cache_write_input_tokens or 0) <= read
    assert (usage.audio_input_tokens or 0) <= read
    assert (usage.reasoning_tokens or 0) + (usage.audio_output_tokens or 0) <= output


USAGE_PATHS: dict[str, Any] = {
    "a dict": lambda u: {"usage": u},
    "an object": lambda u: SimpleNamespace(usage=as_object(u), model="m"),
    "a message": lambda u: {"message": {"usage": u}},
    "a response": lambda u: SimpleNamespace(response=SimpleNamespace(usage=u)),
    "metadata": lambda u: {"metadata": {"usage": u}},
    "usage metadata": lambda u: {"usage_metadata": u},
}


@pytest.mark.parametrize("name", USAGE_PATHS)
def test_a_response_is_looked_through(name: str) -> None:
    usage, expected = SHAPES["anthropic"]
    assert TokenUsage.of(USAGE_PATHS[name](usage)).counts() == expected


class Broken:
    """Raises whatever is asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


NONE_OF_THEM: list[Any] = [
    None, {}, [], "usage", 7, {"usage": None}, Broken(), MagicMock(), object(),
    {"input_tokens": "9", "output_tokens": True}, {"input_tokens": -1},
    {"input_tokens": float("nan"), "output_tokens": float("inf")}, {"input_tokens": 1.5},
    {"input_tokens": Decimal(5)}, Unreadable(), {"usage": Unreadable()},
    {"prompt_tokens_details": Broken()}, {1: 2},
]  # fmt: skip


def test_what_is_no_usage_has_no_counts() -> None:
    for usage in NONE_OF_THEM:
        assert TokenUsage.of(usage) == TokenUsage(), usage


@pytest.mark.parametrize(
    ("usage", "path", "known"),
    [
        ({"prompt_tokens": "12", "completion_tokens": 3}, "prompt_tokens: '12'", (None, 3)),
        ({"prompt_tokens": 9, "completion_tokens": -1}, "completion_tokens: -1", (9, None)),
        ({"input_tokens": float("nan"), "output_tokens": 3}, "input_tokens: nan", (None, 3)),
        ({"usage": {"input_tokens": 9, "output_tokens": True}}, "output_tokens: True", (9, None)),
        (
            {"prompt_tokens": 9, "completion_tokens": 3,
             "prompt_tokens_details": {"cached_tokens": "4"}},
            "prompt_tokens_details.cached_tokens: '4'", (9, 3),
        ),
        (
            SimpleNamespace(input_tokens=9, output_tokens=3, cache_read_input_tokens=Decimal(4)),
            "cache_read_input_tokens: Decimal('4')", (9, 3),
        ),
    ],
)  # fmt: skip
def test_a_count_that_cannot_be_read_is_said(
    usage: Any, path: str, known: tuple[int | None, ...], caplog: pytest.LogCaptureFixture
) -> None:
    tracker = RecordingTracker(strict=False)
    tracker.track_chat(message="Why?", model="parrot-1", usage=usage)
    llm = tracker.one().llm
    assert llm is not None
    assert (llm.input_tokens, llm.output_tokens, llm.cached_input_tokens) == (*known, None)
    assert dict(tracker.stats().adjusted) == {"operation.usage": 1}
    name, _, value = path.partition(": ")
    expected = f"operation.usage: {name}: must be an integer of at least 0 (got {value})."
    assert expected in caplog.text


@pytest.mark.parametrize("name", SHAPES)
def test_what_can_be_read_is_not_warned_of(name: str) -> None:
    tracker = RecordingTracker(strict=False)
    tracker.track_chat(message="Why?", model="parrot-1", usage=SHAPES[name][0])
    assert not tracker.stats().adjusted


def test_a_part_that_cannot_be_read_costs_only_itself() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": Unreadable(),
             "prompt_tokens_details": Unreadable(), "prompt_token_count": Unreadable(),
             "candidates_tokens_details": [Unreadable(), {"modality": Unreadable()}]}  # fmt: skip
    assert TokenUsage.of(usage).counts() == counts(5)


def test_a_part_that_cannot_be_is_left_out() -> None:
    usage = {"prompt_tokens": 5, "completion_tokens": 4,
             "prompt_tokens_details": {"audio_tokens": 9},
             "completion_tokens_details": {"audio_tokens": 3, "reasoning_tokens": 2}}  # fmt: skip
    assert TokenUsage.of(usage).counts() == counts(5, 4, reasoning=2)
