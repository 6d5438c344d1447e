"""The usage of a stream comes in pieces, which add up."""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.unit.sdk_integrations.usage_shapes import SHAPES, Counts, as_object, counts
from trackstore import StreamedUsage, TokenUsage


@dataclass
class Chunk:
    """A chunk of LangChain, whose counts are differences."""

    usage_metadata: Any


STREAMS: dict[str, tuple[list[Any], Counts]] = {
    "anthropic": (
        [
            {"type": "message_start", "message": {"usage": {
                "input_tokens": 25, "cache_read_input_tokens": 1_000,
                "cache_creation_input_tokens": 300, "output_tokens": 1}}},
            {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}},
            {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 15}},
            {"type": "message_delta", "delta": {}, "usage": {
                "input_tokens": 25, "output_tokens": 40,
                "output_tokens_details": {"thinking_tokens": 30}}},
            {"type": "message_stop"},
        ],
        counts(1_325, 40, 1_000, 300, 30),
    ),
    "openai": (
        [
            {"choices": [{"delta": {"content": "Hi"}}], "usage": None},
            {"choices": [], "usage": SHAPES["openai chat"][0]},
        ],
        SHAPES["openai chat"][1],
    ),
    "openai responses": (
        [
            {"type": "response.created", "response": {"usage": None}},
            {"type": "response.output_text.delta", "delta": "Hi"},
            {"type": "response.completed", "response": {"usage": SHAPES["openai responses"][0]}},
        ],
        SHAPES["openai responses"][1],
    ),
    "google": (
        [
            {"usage_metadata": {"prompt_token_count": 10, "total_token_count": 10}},
            {"usage_metadata": {"prompt_token_count": 10, "candidates_token_count": 4}},
            {"usage_metadata": {"prompt_token_count": 10, "candidates_token_count": 9,
                                "thoughts_token_count": 5}},
        ],
        counts(10, 14, reasoning=5),
    ),
    "bedrock": (
        [{"contentBlockDelta": {"delta": {"text": "Hi"}}},
         {"metadata": {"usage": SHAPES["bedrock"][0]}}],
        SHAPES["bedrock"][1],
    ),
    "cohere": (
        [{"type": "message-end", "delta": {"usage": SHAPES["cohere"][0]}}],
        SHAPES["cohere"][1],
    ),
    "langchain": (
        [
            Chunk({"input_tokens": 350, "output_tokens": 0, "total_tokens": 350,
                   "input_token_details": {"cache_read": 100, "cache_creation": 200}}),
            Chunk(None),
            Chunk({"input_tokens": 0, "output_tokens": 15, "total_tokens": 15}),
            Chunk({"input_tokens": 0, "output_tokens": 25, "total_tokens": 25,
                   "output_token_details": {"reasoning": 20}}),
        ],
        counts(350, 40, 100, 200, 20),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", STREAMS)
def test_the_pieces_of_a_stream_add_up(name: str) -> None:
    events, expected = STREAMS[name]
    for pieces in (events, as_object(events)):
        stream = StreamedUsage()
        for event in pieces:
            stream.add(event)
        assert stream.usage.counts() == expected


def test_a_stream_without_a_usage_has_no_counts() -> None:
    stream = StreamedUsage()
    stream.add({"choices": []})
    assert stream.usage == TokenUsage()
