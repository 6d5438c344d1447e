"""Checks that need the whole entry: missing names, parts beyond their total, duplicate stages."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from trackstore.entries import (
    CircuitBreaker,
    CreateRequest,
    Entry,
    LlmCall,
    LogEvent,
    Operation,
    Session,
    Stage,
    ToolUse,
)
from trackstore.instants import EARLIEST, MAX_FUTURE
from trackstore.values import NAME_CHARS, Problems, describe_value

EARLIEST_MS = EARLIEST.timestamp() * 1_000
MAX_STAGES = 200
MAX_INTERACTIONS = 16
"""Per operation, as limited by the server."""
RESERVED_TYPES = ("request.", "stage.")
"""Prefixes of event types that only the server appends."""
FAILED_STATUS = 500


def has_time(id: UUID) -> bool:
    milliseconds = id.int >> 80
    latest = (time.time() + MAX_FUTURE.total_seconds()) * 1_000
    return (id.int >> 76) & 0xF == 7 and EARLIEST_MS <= milliseconds <= latest


def parts_beyond_total(llm: LlmCall) -> Mapping[str, str]:
    problems: dict[str, str] = {}
    cached, written = llm.cached_input_tokens or 0, llm.cache_write_input_tokens or 0
    total = (llm.input_tokens or 0) + (cached + written if llm.input_tokens_exclude_cache else 0)
    exclude = "Set input_tokens_exclude_cache=True if input_tokens does not count them."
    if cached > total:
        problems["cached_input_tokens"] = f"{cached:,} of {total:,} input tokens. {exclude}"
        cached = 0
    if cached + written > total:
        problems["cache_write_input_tokens"] = f"{written:,} of {total:,} input tokens. {exclude}"
    if (llm.audio_input_tokens or 0) > total:
        problems["audio_input_tokens"] = f"{llm.audio_input_tokens:,} of {total:,} input tokens."
    output, reasoning = llm.output_tokens or 0, llm.reasoning_tokens or 0
    if reasoning > output:
        problems["reasoning_tokens"] = f"{reasoning:,} of {output:,} output tokens."
        reasoning = 0
    if reasoning + (llm.audio_output_tokens or 0) > output:
        problems["audio_output_tokens"] = (
            f"{llm.audio_output_tokens:,} of {output:,} output tokens."
        )
    return problems


def _agrees(tool: ToolUse) -> bool:
    original, actual, prevented = tool.tokens_original, tool.tokens_actual, tool.tokens_prevented
    if original is None or actual is None or prevented is None:
        return True
    return original - actual == prevented


def _contradictions(normalized: Any, problems: Problems) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    tool = normalized.tool
    if tool is not None and not _agrees(tool):
        problems.append(("tool.tokens_prevented", "It is not tokens_original - tokens_actual."))
        changes["tool"] = msgspec.structs.replace(tool, tokens_prevented=None)
    further = MAX_INTERACTIONS - (normalized.interaction is not None)
    if normalized.interactions and len(normalized.interactions) > further:
        problems.append(
            ("interactions", f"Those beyond the first {MAX_INTERACTIONS} are left out.")
        )
        changes["interactions"] = normalized.interactions[:further]
    return changes


def _complete_operation(normalized: Any, had_name: bool, problems: Problems) -> Any:
    changes = _contradictions(normalized, problems)
    api, tool, llm = normalized.api, changes.get("tool", normalized.tool), normalized.llm
    if llm is not None and (parts := parts_beyond_total(llm)):
        for count, problem in parts.items():
            problems.append((f"llm.{count}", problem))
        changes["llm"] = msgspec.structs.replace(llm, **dict.fromkeys(parts))
    if normalized.kind is None:
        changes["kind"] = "TOOL" if tool else "LLM" if llm and not api else "API"
        if tool is None and llm is None and api is None:
            problems.append(("kind", "It is missing. Pass API, TOOL or LLM."))
    kind = changes.get("kind", normalized.kind)
    if normalized.name is None:
        words = " ".join(filter(None, (api.method, api.route))) if api else None
        names: dict[str, str | None] = {
            "API": words,
            "TOOL": tool and tool.tool_name,
            "LLM": llm and llm.model,
        }
        name: str | None = names.pop(kind) or next(filter(None, names.values()), None)
        if name is not None:
            changes["name"] = name[:NAME_CHARS]
            if had_name:
                problems.append(("name", f"It becomes {describe_value(changes['name'])}."))
    if any(path == "outcome" for path, _ in problems):
        status = (api and api.status_code) or 0
        changes["outcome"] = "ERROR" if normalized.error or status >= FAILED_STATUS else "OK"
    if normalized.occurred_at is None and normalized.id is not None and not has_time(normalized.id):
        changes["occurred_at"] = datetime.now(UTC)
    return msgspec.structs.replace(normalized, **changes) if changes else normalized


def _complete_request(normalized: Any, _: bool, problems: Problems) -> Any:
    if not normalized.stages:
        return normalized
    stages: dict[str, Stage] = {}
    for stage in normalized.stages:
        if stage.name in stages:
            problems.append(("stages", f"The stage {describe_value(stage.name)} is planned twice."))
        elif len(stages) == MAX_STAGES:
            problems.append(("stages", f"Stages beyond the first {MAX_STAGES} are left out."))
            break
        else:
            stages[stage.name] = stage
    return msgspec.structs.replace(normalized, stages=list(stages.values()))


def _complete_session(normalized: Any, _: bool, problems: Problems) -> Any:
    if (
        normalized.started_at
        and normalized.ended_at
        and normalized.ended_at < normalized.started_at
    ):
        problems.append(("ended_at", "It lies before started_at."))
        return msgspec.structs.replace(normalized, ended_at=normalized.started_at)
    return normalized


def _complete_event(normalized: Any, _: bool, problems: Problems) -> Any:
    if normalized.type is not None and normalized.type.startswith(RESERVED_TYPES):
        problems.append(
            ("type", f"{describe_value(normalized.type)} begins like the server's own events.")
        )
        return msgspec.structs.replace(normalized, type=f"log.{normalized.type}"[:NAME_CHARS])
    return normalized


def _complete_breaker(normalized: Any, _: bool, problems: Problems) -> Any:
    if normalized.total_failures > normalized.total_calls:
        problems.append(
            ("total_failures", f"{normalized.total_failures} of {normalized.total_calls} calls.")
        )
        return msgspec.structs.replace(normalized, total_failures=0)
    return normalized


Completion = Callable[[Any, bool, Problems], Any]
COMPLETIONS: Mapping[type[Entry], Completion] = {
    Operation: _complete_operation,
    CreateRequest: _complete_request,
    Session: _complete_session,
    LogEvent: _complete_event,
    CircuitBreaker: _complete_breaker,
}
"""Checks by entry type."""
