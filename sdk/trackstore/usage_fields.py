"""Paths of token counts in usage objects, and readers of dicts and objects.

Types are read with ``type``, since ``isinstance`` may call code of the object, which may raise.
"""

import numbers
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

INPUT_PATHS = (
    "prompt_tokens", "input_tokens", "prompt_token_count", "tokens.input_tokens",
    "billed_units.input_tokens", "total_input_tokens", "input_text_token_count",
    "prompt_eval_count",
)  # fmt: skip
OUTPUT_PATHS = (
    "completion_tokens", "output_tokens", "candidates_token_count", "response_token_count",
    "tokens.output_tokens", "billed_units.output_tokens", "total_output_tokens",
    "generation_token_count", "eval_count",
)  # fmt: skip
CACHED_PATHS = (
    "prompt_tokens_details.cached_tokens", "input_tokens_details.cached_tokens",
    "input_token_details.cached_tokens", "input_token_details.cache_read",
    "cache_read_input_tokens", "cached_content_token_count", "cached_input_tokens",
    "cache_read_tokens", "prompt_cache_hit_tokens", "cached_tokens", "num_cached_tokens",
    "cache_read_input_token_count", "total_cached_tokens",
    "input_token_details.cache_read_tokens",
)  # fmt: skip
CACHE_WRITE_PATHS = (
    "prompt_tokens_details.cache_write_tokens", "prompt_tokens_details.cache_creation_tokens",
    "input_tokens_details.cache_write_tokens", "input_token_details.cache_creation",
    "cache_creation_input_tokens", "cache_write_input_tokens", "cache_write_tokens",
    "cache_write_input_token_count", "input_token_details.cache_write_tokens",
)  # fmt: skip
CACHE_WRITE_PATHS_BY_LIFETIME = (
    ("cache_creation.ephemeral_5m_input_tokens", "cache_creation.ephemeral_1h_input_tokens"),
    ("input_token_details.ephemeral_5m_input_tokens",
     "input_token_details.ephemeral_1h_input_tokens"),
)  # fmt: skip
"""Cache writes by lifetime."""
REASONING_PATHS = (
    "completion_tokens_details.reasoning_tokens", "output_tokens_details.reasoning_tokens",
    "output_tokens_details.thinking_tokens", "output_token_details.reasoning",
    "output_token_details.reasoning_tokens",
    "reasoning_tokens", "details.reasoning_tokens",
)  # fmt: skip
AUDIO_INPUT_PATHS = (
    "prompt_tokens_details.audio_tokens", "input_tokens_details.audio_tokens",
    "input_token_details.audio_tokens", "input_token_details.audio", "audio_input_tokens",
    "input_audio_tokens",
)  # fmt: skip
AUDIO_OUTPUT_PATHS = (
    "completion_tokens_details.audio_tokens", "output_tokens_details.audio_tokens",
    "output_token_details.audio_tokens", "output_token_details.audio", "audio_output_tokens",
    "output_audio_tokens",
)  # fmt: skip
CACHED_AUDIO_PATHS = (
    "prompt_tokens_details.cached_tokens_details.audio_tokens",
    "input_token_details.cached_tokens_details.audio_tokens", "cache_audio_read_tokens",
)  # fmt: skip
COUNT_PATHS = (
    *INPUT_PATHS,
    *OUTPUT_PATHS,
    *CACHED_PATHS,
    *CACHE_WRITE_PATHS,
    *REASONING_PATHS,
    *AUDIO_INPUT_PATHS,
    *AUDIO_OUTPUT_PATHS,
)
MODALITIES: Mapping[str, tuple[str, ...]] = {
    "audio_input": (
        "prompt_tokens_details", "tool_use_prompt_tokens_details", "input_tokens_by_modality",
        "tool_use_tokens_by_modality",
    ),
    "cached_audio": ("cache_tokens_details", "cached_tokens_by_modality"),
    "audio_output": (
        "candidates_tokens_details", "response_tokens_details", "output_tokens_by_modality",
    ),
}  # fmt: skip
"""Google's lists of counts by modality."""
CACHE_EXCLUSIVE_NAMES = (
    "cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation",
    "cache_read_input_token_count", "cache_write_input_token_count",
)  # fmt: skip
"""Names of Anthropic and Bedrock, whose input excludes cache tokens."""
CACHE_INCLUSIVE_NAMES = (
    "prompt_tokens",
    "prompt_token_count",
    "input_tokens_details",
    "input_token_details",
)
"""Names of others, whose input includes them; LiteLLM uses both."""
USAGE_PATHS = (
    "usage", "usage_metadata", "message", "response", "delta", "metadata", "meta", "data",
)  # fmt: skip
"""Places of the usage in responses and stream events, read two levels deep."""
MAX_NESTING_LEVELS = 3

SPAN_ATTRIBUTES = {
    "input": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens", "llm.token_count.prompt"),
    "output": (
        "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens",
        "llm.token_count.completion",
    ),
    "cached": (
        "gen_ai.usage.cache_read.input_tokens", "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.input_tokens.cached", "gen_ai.usage.details.cache_read_tokens",
        "gen_ai.usage.details.cache_read_input_tokens", "llm.token_count.prompt_details.cache_read",
    ),
    "written": (
        "gen_ai.usage.cache_creation.input_tokens", "gen_ai.usage.cache_creation_input_tokens",
        "gen_ai.usage.cache_write.input_tokens", "gen_ai.usage.cache_write_input_tokens",
        "gen_ai.usage.input_tokens.cache_write", "gen_ai.usage.details.cache_write_tokens",
        "gen_ai.usage.details.cache_creation_input_tokens",
        "llm.token_count.prompt_details.cache_write",
    ),
    "reasoning": (
        "gen_ai.usage.reasoning.output_tokens", "gen_ai.usage.reasoning_tokens",
        "gen_ai.usage.output_tokens.reasoning", "gen_ai.usage.details.reasoning_tokens",
        "llm.usage.reasoning_tokens", "llm.token_count.completion_details.reasoning",
    ),
    "audio_input": (
        "gen_ai.usage.details.input_audio_tokens", "llm.token_count.prompt_details.audio",
    ),
    "audio_output": (
        "gen_ai.usage.details.output_audio_tokens", "llm.token_count.completion_details.audio",
    ),
}  # fmt: skip
"""Attributes of spans: the conventions of OpenTelemetry, newest first, and those of other libraries."""
SPAN_PREFIXES = ("gen_ai.usage.", "llm.token_count.", "llm.usage.")


@dataclass(frozen=True, slots=True)
class Parts:
    """Counts of a usage object, before they are converted to one convention."""

    input: int | None = None
    tool_input: int | None = None
    """In addition to the input."""
    output: int | None = None
    thoughts: int | None = None
    """In addition to the output."""
    cached: int | None = None
    written: int | None = None
    reasoning: int | None = None
    audio_input: int | None = None
    cached_audio: int | None = None
    audio_output: int | None = None
    excludes_cache: bool = False
    is_beside_output: bool = False
    """Whether the output excludes reasoning."""
    is_delta: bool = False
    """Whether the counts of chunks are differences."""

    def then(self, later: "Parts") -> "Parts":
        changes: dict[str, Any] = {
            name: value for name, value in later.items() if value is not None
        }
        return replace(self, **changes, **self._flags(later))

    def plus(self, later: "Parts") -> "Parts":
        sums: dict[str, Any] = {
            name: (getattr(self, name) or 0) + n for name, n in later.items() if n is not None
        }
        return replace(self, **sums, **self._flags(later))

    def items(self) -> Iterator[tuple[str, int | None]]:
        for field in fields(self):
            if field.name not in PART_FLAGS:
                yield field.name, getattr(self, field.name)

    def _flags(self, later: "Parts") -> dict[str, Any]:
        return {name: getattr(self, name) or getattr(later, name) for name in PART_FLAGS}


PART_FLAGS = ("excludes_cache", "is_beside_output", "is_delta")


def parts_of_usage(source: Any) -> Parts:
    usage, holder = locate_usage(source)
    if issubclass(type(usage), Mapping) and any(is_span_name(name) for name in usage):
        return parts_of_span(usage)
    parts = Parts(
        input=first(usage, INPUT_PATHS),
        tool_input=first(usage, ("tool_use_prompt_token_count", "total_tool_use_tokens")),
        output=first(usage, OUTPUT_PATHS),
        thoughts=first(usage, ("thoughts_token_count", "total_thought_tokens")),
        cached=largest(usage, CACHED_PATHS, "cache_read"),
        written=_written(usage),
        reasoning=largest(usage, REASONING_PATHS, "reasoning"),
        audio_input=largest(usage, AUDIO_INPUT_PATHS) or of_modality(usage, "audio_input"),
        cached_audio=largest(usage, CACHED_AUDIO_PATHS) or of_modality(usage, "cached_audio"),
        audio_output=largest(usage, AUDIO_OUTPUT_PATHS) or of_modality(usage, "audio_output"),
        is_delta=holder == "usage_metadata" and value_of(usage, "input_tokens") is not None,
    )
    total = first(usage, ("total_token_count", "total_tokens"))
    total_tokens = (parts.input or 0) + (parts.tool_input or 0) + (parts.output or 0)
    if parts.thoughts and total == total_tokens:
        parts = replace(parts, thoughts=None, reasoning=parts.thoughts)
    total = count_of(direct(usage, "total_tokens"))
    excludes = any(value_of(usage, name) is not None for name in CACHE_EXCLUSIVE_NAMES)
    includes = (
        any(value_of(usage, name) is not None for name in CACHE_INCLUSIVE_NAMES)
        or total == total_tokens
    )
    flagged = value_of(usage, "input_tokens_exclude_cache") is True
    return replace(
        parts,
        excludes_cache=flagged or (excludes and not includes),
        is_beside_output=bool(parts.reasoning) and total == total_tokens + (parts.reasoning or 0),
    )


def parts_of_span(attributes: Mapping[str, Any]) -> Parts:
    parts: dict[str, Any] = {}
    for part, names in SPAN_ATTRIBUTES.items():
        counts = (count_of(direct(attributes, name)) for name in names)
        parts[part] = next((count for count in counts if count is not None), None)
    return Parts(**parts)


def is_span_name(name: Any) -> bool:
    return issubclass(type(name), str) and name.startswith(SPAN_PREFIXES)


def locate_usage(source: Any) -> tuple[Any, str | None]:
    level: list[tuple[Any, str | None]] = [(source, None)]
    for _ in range(MAX_NESTING_LEVELS):
        for candidate, holder in level:
            if first(candidate, (*INPUT_PATHS, *OUTPUT_PATHS)) is not None or _has_span_names(
                candidate
            ):
                return candidate, holder
        level = [
            (inner, name)
            for candidate, _ in level
            for name in USAGE_PATHS
            if (inner := value_of(candidate, name)) is not None
        ]
    return source, None


def _has_span_names(source: Any) -> bool:
    return issubclass(type(source), Mapping) and any(is_span_name(name) for name in source)


def _written(usage: Any) -> int | None:
    totals = [largest(usage, CACHE_WRITE_PATHS, "cache_creation")]
    for paths in CACHE_WRITE_PATHS_BY_LIFETIME:
        counts = [count for path in paths if (count := count_at(usage, path)) is not None]
        totals.append(sum(counts) if counts else None)
    return max((total for total in totals if total is not None), default=None)


def of_modality(usage: Any, part: str) -> int | None:
    total = None
    for name in MODALITIES[part]:
        entries = value_of(usage, name)
        for entry in entries if issubclass(type(entries), list | tuple) else ():
            modality = value_of(entry, "modality")
            label = modality if type(modality) is str else direct(modality, "value")
            count = first(entry, ("token_count", "tokens"))
            if type(label) is str and label.upper() == "AUDIO" and count is not None:
                total = (total or 0) + count
    return total


def first(source: Any, paths: tuple[str, ...]) -> int | None:
    return next((count for path in paths if (count := count_at(source, path)) is not None), None)


def largest(source: Any, paths: tuple[str, ...], suffix: str | None = None) -> int | None:
    """Return the largest of several counts: objects that know several may fill only one.

    LangChain prefixes service tiers (``priority_cache_read``): those are added up.
    """
    counts = [count for path in paths if (count := count_at(source, path)) is not None]
    for details in ("input_token_details", "output_token_details") if suffix else ():
        inner = value_of(source, details)
        inner = inner if issubclass(type(inner), Mapping) else direct(inner, "__dict__")
        if issubclass(type(inner), Mapping):
            tiers = [count_of(n) for name, n in inner.items() if str(name).endswith(f"_{suffix}")]
            known = [count for count in tiers if count is not None]
            if known:
                counts.append(sum(known) + (count_of(inner.get(suffix)) or 0))
    return max(counts, default=None)


def count_at(source: Any, path: str) -> int | None:
    return count_of(value_at(source, path))


def unread_counts(source: Any) -> dict[str, Any]:
    usage, _ = locate_usage(source)
    values = {path: value_at(usage, path) for path in COUNT_PATHS}
    return {
        path: value
        for path, value in values.items()
        if issubclass(type(value), (numbers.Number, str)) and count_of(value) is None
    }


def value_at(source: Any, path: str) -> Any:
    value = source
    for name in path.split("."):
        value = value_of(value, name)
        if value is None:
            return None
    return value


def value_of(source: Any, name: str) -> Any:
    """Return a member of a dict or object by its name in snake or camel case; None without one."""
    value = direct(source, name)
    if value is None and "_" in name:
        head, *tail = name.split("_")
        value = direct(source, head + "".join(word.title() for word in tail))
    return value


def direct(source: Any, name: str) -> Any:
    try:
        return (
            source.get(name) if issubclass(type(source), Mapping) else getattr(source, name, None)
        )
    except Exception:  # noqa: BLE001 - tracking must not break what it tracks
        return None


def count_of(value: Any) -> int | None:
    if issubclass(type(value), bool) or not issubclass(type(value), numbers.Real):
        return None
    number: Any = value
    try:
        count = int(number)
        return count if count == number and count >= 0 else None
    except Exception:  # noqa: BLE001 - no finite number, or somebody else's kind of number
        return None
