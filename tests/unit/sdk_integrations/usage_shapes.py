"""Usage objects of model SDKs, and the counts that they tell.

The shapes are those of the packages' types, in the versions that are named beside them.
"""

from enum import StrEnum
from types import SimpleNamespace
from typing import Any

from trackstore import TokenUsage

Counts = dict[str, Any]


class Modality(StrEnum):
    """Google's words."""

    TEXT = "TEXT"
    AUDIO = "AUDIO"


def counts(
    read: int, output: int | None = None, cached: int | None = None, written: int | None = None,
    reasoning: int | None = None, heard: int | None = None, spoken: int | None = None,
) -> Counts:  # fmt: skip
    # The counts that are expected, in the order of ``TokenUsage``.
    return TokenUsage(read, output, cached, written, reasoning, heard, spoken).counts()


SHAPES: dict[str, tuple[Any, Counts]] = {
    # openai 3.57: CompletionUsage, ResponseUsage, RealtimeResponseUsage, transcription, embeddings
    "openai chat": (
        {"prompt_tokens": 1_000, "completion_tokens": 500, "total_tokens": 1_500,
         "prompt_tokens_details": {"cached_tokens": 400, "audio_tokens": 50,
                                   "cache_write_tokens": 100, "text_tokens": 950},
         "completion_tokens_details": {"reasoning_tokens": 300, "audio_tokens": 20,
                                       "accepted_prediction_tokens": 1,
                                       "rejected_prediction_tokens": 2}},
        counts(1_000, 500, 400, 100, 300, 50, 20),
    ),
    "openai chat without details": (
        {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12,
         "prompt_tokens_details": None, "completion_tokens_details": None},
        counts(7, 5),
    ),
    "openai responses": (
        {"input_tokens": 1_000, "output_tokens": 500, "total_tokens": 1_500,
         "input_tokens_details": {"cached_tokens": 400, "cache_write_tokens": 100},
         "output_tokens_details": {"reasoning_tokens": 300}},
        counts(1_000, 500, 400, 100, 300),
    ),
    "openai realtime": (
        {"input_tokens": 200, "output_tokens": 90, "total_tokens": 290,
         "input_token_details": {"cached_tokens": 128, "audio_tokens": 80, "text_tokens": 120,
                                 "cached_tokens_details": {"audio_tokens": 64, "text_tokens": 64}},
         "output_token_details": {"audio_tokens": 60, "text_tokens": 30}},
        counts(200, 90, 128, heard=16, spoken=60),
    ),
    "openai transcription": (
        {"type": "tokens", "input_tokens": 14, "output_tokens": 45, "total_tokens": 59,
         "input_token_details": {"audio_tokens": 14, "text_tokens": 0}},
        counts(14, 45, heard=14),
    ),
    "openai embedding": ({"prompt_tokens": 8, "total_tokens": 8}, counts(8)),
    # anthropic 2.14: Usage, CacheCreation, OutputTokensDetails
    "anthropic": (
        {"input_tokens": 50, "output_tokens": 700, "cache_read_input_tokens": 10_000,
         "cache_creation_input_tokens": 2_000,
         "cache_creation": {"ephemeral_5m_input_tokens": 1_500, "ephemeral_1h_input_tokens": 500},
         "output_tokens_details": {"thinking_tokens": 600}, "server_tool_use": None},
        counts(12_050, 700, 10_000, 2_000, 600),
    ),
    "anthropic, more input than cache": (
        {"input_tokens": 900, "output_tokens": 1, "cache_read_input_tokens": 100,
         "cache_creation_input_tokens": 0},
        counts(1_000, 1, 100, 0),
    ),
    "anthropic, only the nested cache": (
        {"input_tokens": 900, "output_tokens": 1,
         "cache_creation": {"ephemeral_5m_input_tokens": 30, "ephemeral_1h_input_tokens": 7}},
        counts(937, 1, written=37),
    ),
    "anthropic without a cache": (
        {"input_tokens": 9, "output_tokens": 1, "cache_read_input_tokens": None,
         "cache_creation_input_tokens": None, "cache_creation": None},
        counts(9, 1),
    ),
    # google-genai 3.6: GenerateContentResponseUsageMetadata, UsageMetadata (live), REST names
    "google": (
        {"prompt_token_count": 1_000, "candidates_token_count": 200, "thoughts_token_count": 300,
         "cached_content_token_count": 600, "tool_use_prompt_token_count": 50,
         "total_token_count": 1_550,
         "prompt_tokens_details": [{"modality": "TEXT", "token_count": 700},
                                   {"modality": "AUDIO", "token_count": 300}],
         "cache_tokens_details": [{"modality": Modality.AUDIO, "token_count": 100}],
         "candidates_tokens_details": [{"modality": "AUDIO", "token_count": 40}]},
        counts(1_050, 500, 600, reasoning=300, heard=200, spoken=40),
    ),
    "google by its REST names": (
        {"promptTokenCount": 100, "candidatesTokenCount": 20, "thoughtsTokenCount": 30,
         "cachedContentTokenCount": 60, "totalTokenCount": 150,
         "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 40}]},
        counts(100, 50, 60, reasoning=30, heard=40),
    ),
    "google live": (
        {"prompt_token_count": 100, "response_token_count": 20, "total_token_count": 120,
         "response_tokens_details": [{"modality": "AUDIO", "token_count": 15}]},
        counts(100, 20, spoken=15),
    ),
    "google, all of it thoughts": (
        {"prompt_token_count": 10, "candidates_token_count": None, "thoughts_token_count": 30},
        counts(10, 30, reasoning=30),
    ),
    "google interactions": (
        {"total_input_tokens": 100, "total_output_tokens": 20, "total_thought_tokens": 30,
         "total_cached_tokens": 60, "total_tool_use_tokens": 5, "total_tokens": 155,
         "input_tokens_by_modality": [{"modality": "audio", "tokens": 40}]},
        counts(105, 50, 60, reasoning=30, heard=40),
    ),
    "google interactions, the output has the thoughts": (
        {"total_input_tokens": 100, "total_output_tokens": 50, "total_thought_tokens": 30,
         "total_tokens": 150},
        counts(100, 50, reasoning=30),
    ),
    # Bodies of Bedrock's InvokeModel, as Amazon documents them
    "bedrock nova": (
        {"inputTokens": 50, "outputTokens": 70, "totalTokens": 120,
         "cacheReadInputTokenCount": 30, "cacheWriteInputTokenCount": 200},
        counts(280, 70, 30, 200),
    ),
    "bedrock llama": (
        {"generation": "Hi", "prompt_token_count": 7, "generation_token_count": 5}, counts(7, 5),
    ),
    "ollama": ({"model": "m", "prompt_eval_count": 7, "eval_count": 5}, counts(7, 5)),
    "ai sdk": (
        {"inputTokens": 100, "outputTokens": 50, "totalTokens": 150,
         "inputTokenDetails": {"noCacheTokens": 30, "cacheReadTokens": 60,
                               "cacheWriteTokens": 10},
         "outputTokenDetails": {"textTokens": 20, "reasoningTokens": 30}},
        counts(100, 50, 60, 10, 30),
    ),
    # botocore 1.44: TokenUsage of Converse
    "bedrock": (
        {"inputTokens": 50, "outputTokens": 70, "totalTokens": 120,
         "cacheReadInputTokens": 30, "cacheWriteInputTokens": 200,
         "cacheDetails": [{"ttl": "5m", "inputTokens": 200}]},
        counts(280, 70, 30, 200),
    ),
    # cohere 7.3: Usage and ApiMeta, whose numbers are floats
    "cohere": (
        {"tokens": {"input_tokens": 1_432.0, "output_tokens": 19.0}, "cached_tokens": 1_000.0,
         "billed_units": {"input_tokens": 7.0, "output_tokens": 19.0}},
        counts(1_432, 19, 1_000),
    ),
    "cohere, billed only": (
        {"billed_units": {"input_tokens": 7.0, "output_tokens": 19.0, "search_units": 1.0}},
        counts(7, 19),
    ),
    # mistralai 3.7: UsageInfo
    "mistral": (
        {"prompt_tokens": 13, "completion_tokens": 5, "total_tokens": 18,
         "prompt_audio_seconds": None},
        counts(13, 5),
    ),
    # langchain-core 1.8: UsageMetadata; langchain-anthropic and langchain-openai add to the details
    "langchain": (
        {"input_tokens": 350, "output_tokens": 240, "total_tokens": 590,
         "input_token_details": {"audio": 10, "cache_creation": 200, "cache_read": 100},
         "output_token_details": {"audio": 20, "reasoning": 200}},
        counts(350, 240, 100, 200, 200, 10, 20),
    ),
    "langchain, cache writes by their lifetime": (
        {"input_tokens": 350, "output_tokens": 240, "total_tokens": 590,
         "input_token_details": {"cache_creation": 0, "cache_read": 100,
                                 "ephemeral_5m_input_tokens": 150,
                                 "ephemeral_1h_input_tokens": 50}},
        counts(350, 240, 100, 200),
    ),
    "langchain, a service tier": (
        {"input_tokens": 350, "output_tokens": 240, "total_tokens": 590,
         "input_token_details": {"priority_cache_read": 100, "priority": 250},
         "output_token_details": {"priority_reasoning": 200, "priority": 40}},
        counts(350, 240, 100, reasoning=200),
    ),
    # litellm 1.110: Usage counts as OpenAI does, and repeats Anthropic's names
    "litellm": (
        {"prompt_tokens": 12_050, "completion_tokens": 700, "total_tokens": 12_750,
         "prompt_tokens_details": {"cached_tokens": 10_000, "cache_creation_tokens": 2_000},
         "completion_tokens_details": {"reasoning_tokens": 600, "text_tokens": 100},
         "cache_read_input_tokens": 10_000, "cache_creation_input_tokens": 2_000},
        counts(12_050, 700, 10_000, 2_000, 600),
    ),
    "litellm, the details left at zero": (
        {"prompt_tokens": 150, "completion_tokens": 7, "total_tokens": 157,
         "prompt_tokens_details": {"cached_tokens": 0}, "cache_read_input_tokens": 100},
        counts(150, 7, 100),
    ),
    # Compatible servers
    "deepseek": (
        {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
         "prompt_cache_hit_tokens": 64, "prompt_cache_miss_tokens": 36,
         "completion_tokens_details": {"reasoning_tokens": 30}},
        counts(100, 50, 64, reasoning=30),
    ),
    "xai, reasoning beside the completion": (
        {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 350,
         "completion_tokens_details": {"reasoning_tokens": 200}},
        counts(100, 250, reasoning=200),
    ),
    "xai, less reasoning than completion": (
        {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 180,
         "completion_tokens_details": {"reasoning_tokens": 30}},
        counts(100, 80, reasoning=30),
    ),
    "anthropic's names, but the total says that the input has it all": (
        {"input_tokens": 100, "output_tokens": 10, "total_tokens": 110,
         "cache_read_input_tokens": 80},
        counts(100, 10, 80),
    ),
    "openai's names, but a cache that is larger than the input": (
        {"prompt_tokens": 50, "completion_tokens": 10,
         "prompt_tokens_details": {"cached_tokens": 400}},
        counts(450, 10, 400),
    ),
    "pydantic-ai": (
        {"input_tokens": 100, "output_tokens": 50, "cache_read_tokens": 60,
         "cache_write_tokens": 20, "input_audio_tokens": 5, "cache_audio_read_tokens": 2,
         "output_audio_tokens": 4, "details": {"reasoning_tokens": 30}},
        counts(100, 50, 60, 20, 30, 3, 4),
    ),
    "our own names": (
        {"input_tokens": 100, "output_tokens": 50, "cached_input_tokens": 60,
         "cache_write_input_tokens": 20, "reasoning_tokens": 30, "audio_input_tokens": 5,
         "audio_output_tokens": 4},
        counts(100, 50, 60, 20, 30, 5, 4),
    ),
    "our own names, without the cache": (
        {"input_tokens": 100, "cached_input_tokens": 60, "input_tokens_exclude_cache": True},
        counts(160, cached=60),
    ),
    "attributes of a span": (
        {"gen_ai.usage.input_tokens": 100, "gen_ai.usage.output_tokens": 50,
         "gen_ai.usage.cache_read.input_tokens": 60,
         "gen_ai.usage.cache_creation.input_tokens": 20,
         "gen_ai.usage.reasoning.output_tokens": 30},
        counts(100, 50, 60, 20, 30),
    ),
}  # fmt: skip


def as_object(value: Any) -> Any:
    # The same as objects with attributes.
    if isinstance(value, dict):
        return SimpleNamespace(**{name: as_object(inner) for name, inner in value.items()})
    return [as_object(inner) for inner in value] if isinstance(value, list) else value
