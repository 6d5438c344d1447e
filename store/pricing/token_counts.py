"""Token counts of a model call: which ones are parts of which, and how the parts must agree."""

from collections.abc import Iterator
from typing import NamedTuple


class TokenCounts(NamedTuple):
    """Tokens of a model call. Input and output are totals, the others are parts of one of them.

    Fields have the names of the columns of ``operations``, in their order.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_input_tokens: int | None = None
    cache_write_input_tokens: int | None = None
    reasoning_tokens: int | None = None
    audio_input_tokens: int | None = None
    audio_output_tokens: int | None = None


TOKEN_COLUMNS = TokenCounts._fields
EXCLUDES_CACHE = "; where it leaves out the tokens of a cache, set inputTokensExcludeCache"


def input_with_cache(
    input_tokens: int | None, cached: int | None, written: int | None
) -> int | None:
    if input_tokens is None and cached is None and written is None:
        return None
    return (input_tokens or 0) + (cached or 0) + (written or 0)


def parts_fit(counts: TokenCounts | tuple[int | None, ...]) -> bool:
    """Return whether no parts are more than their total; all counts must be in range."""
    read, output, cached, written, reasoning, audio_in, audio_out = counts
    if (
        cached is None
        and written is None
        and audio_in is None
        and reasoning is None
        and audio_out is None
    ):
        return True
    total = read or 0
    return (
        (cached or 0) + (written or 0) <= total
        and (audio_in or 0) <= total
        and (reasoning or 0) + (audio_out or 0) <= (output or 0)
    )


def part_problems(counts: TokenCounts) -> Iterator[tuple[str, str]]:
    total = counts.input_tokens or 0
    cached, written = counts.cached_input_tokens or 0, counts.cache_write_input_tokens or 0
    if cached > total:
        yield (
            "cached_input_tokens",
            f"{cached} cached of {total} input tokens: inputTokens counts the cached ones too"
            + EXCLUDES_CACHE,
        )
    elif cached + written > total:
        beside = f" and {cached} read from it" if cached else ""
        yield (
            "cache_write_input_tokens",
            f"{written} written to a cache{beside}, of {total} input tokens: inputTokens counts"
            " them too" + EXCLUDES_CACHE,
        )
    audio_in = counts.audio_input_tokens or 0
    if audio_in > total:
        yield (
            "audio_input_tokens",
            f"{audio_in} audio of {total} input tokens: inputTokens counts the audio ones too",
        )
    output = counts.output_tokens or 0
    reasoning, spoken = counts.reasoning_tokens or 0, counts.audio_output_tokens or 0
    if reasoning > output:
        yield (
            "reasoning_tokens",
            f"{reasoning} reasoning of {output} output tokens: outputTokens counts them too",
        )
    elif reasoning + spoken > output:
        beside = f" and {reasoning} reasoning" if reasoning else ""
        yield (
            "audio_output_tokens",
            f"{spoken} audio{beside} of {output} output tokens: outputTokens counts them too",
        )
