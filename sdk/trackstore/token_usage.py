"""Converts the usage objects of model SDKs to token counts in Trackstore's convention.

SDKs count differently: input of OpenAI and Google includes tokens read from the cache, that of
Anthropic and Amazon Bedrock does not; Google's candidates exclude thoughts. Here input includes
cache reads and writes, and output includes reasoning.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from trackstore.usage_fields import Parts, parts_of_span, parts_of_usage


@dataclass(frozen=True, slots=True)
class TokenUsage:
    """Token counts of one model call, named as in ``LlmCall``; None is unknown.

    Cache reads, cache writes and audio input are part of ``input_tokens``, reasoning and audio
    output are part of ``output_tokens``.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    reasoning_tokens: int | None = None
    audio_input_tokens: int | None = None
    audio_output_tokens: int | None = None

    @classmethod
    def of(cls, usage: Any) -> "TokenUsage":
        """Read the counts of a usage object, or of a response that has one. Never raises.

        Accepts dicts, objects with attributes and models of OpenAI, Anthropic, Google, Amazon
        Bedrock, Cohere, Mistral, LangChain, LiteLLM and compatible ones, and the span attributes
        ``gen_ai.usage.*``. Unknown counts are None.
        """
        if type(usage) is TokenUsage:
            return usage
        return counts_of(readable_parts(usage))

    @classmethod
    def of_span(cls, attributes: Mapping[str, Any]) -> "TokenUsage":
        return counts_of(parts_of_span(attributes))

    def counts(self) -> dict[str, Any]:
        """Return the known counts, as arguments of ``LlmCall`` and ``track_chat``."""
        counts = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: count for name, count in counts.items() if count is not None}


class StreamedUsage:
    """Adds up the usage of a stream, event by event.

    Providers report totals: a later count of a kind replaces an earlier one, and counts of earlier
    events stay. Chunks of LangChain report differences, and are added.
    """

    def __init__(self) -> None:
        self._parts = Parts()

    def add(self, event: Any) -> None:
        """Read the usage of an event or chunk, if it has one. Never raises."""
        parts = readable_parts(event)
        self._parts = self._parts.plus(parts) if parts.is_delta else self._parts.then(parts)

    @property
    def usage(self) -> TokenUsage:
        return counts_of(self._parts)


def readable_parts(source: Any) -> Parts:
    try:
        return parts_of_usage(source)
    except Exception:  # noqa: BLE001 - tracking must not break what it tracks
        return Parts()


def counts_of(parts: Parts) -> TokenUsage:
    read, of_cache = parts.input, (parts.cached or 0) + (parts.written or 0)
    if parts.tool_input is not None:
        read = (read or 0) + parts.tool_input
    if of_cache and (parts.excludes_cache or of_cache > (read or 0)):
        read = (read or 0) + of_cache
    output, reasoning = parts.output, parts.reasoning
    if parts.thoughts is not None:
        output, reasoning = (output or 0) + parts.thoughts, parts.thoughts
    elif reasoning and (parts.is_beside_output or reasoning > (output or 0)):
        output = (output or 0) + reasoning
    audio_in = parts.audio_input
    if audio_in is not None:
        audio_in = max(0, audio_in - (parts.cached_audio or 0))
    usage = TokenUsage(
        read, output, parts.cached, parts.written, reasoning, audio_in, parts.audio_output
    )
    if (audio_in or 0) > (read or 0):
        usage = replace(usage, audio_input_tokens=None)
    if (reasoning or 0) + (parts.audio_output or 0) > (output or 0):
        usage = replace(usage, audio_output_tokens=None)
    return usage
