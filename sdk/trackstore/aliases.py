"""Alternative argument names that services already use, and the fields they map to."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from trackstore.instants import elapsed_ms
from trackstore.redaction import fingerprint
from trackstore.values import Problems, describe_value, flag, read_number, read_text


@dataclass(frozen=True, slots=True)
class Alias:
    name: str
    convert: Callable[[Any, Problems], Any] | None = None
    remark: str = ""


def seconds(value: Any, problems: Problems) -> Any:
    if issubclass(type(value), timedelta):
        return value
    try:
        number = read_number(value)
    except Exception:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
        number = None
    if number is None:
        problems.append(("", f"{describe_value(value)} is not a number of seconds."))
        return None
    return number * 1_000


def key_name(value: Any, problems: Problems) -> str | None:
    """Return the fingerprint of an API key. Keys themselves are never stored."""
    text = read_text(value, problems)
    return fingerprint(text) if text else None


OPERATION_ALIASES: Mapping[str, Alias] = {
    "latency_ms": Alias("duration_ms"),
    "response_time_ms": Alias("duration_ms"),
    "duration": Alias("duration_ms", seconds, "seconds, or a timedelta"),
    "started_at": Alias(
        "duration_ms", elapsed_ms, "time.time(), time.perf_counter() or a datetime; until now"
    ),
    "start_time": Alias("duration_ms", elapsed_ms, "the same"),
    "timestamp": Alias("occurred_at"),
    "created_at": Alias("occurred_at"),
    "end_user_id": Alias("user_id", None, "takes precedence over user_id"),
    "api_key": Alias("api_key_id", key_name, "stored as a fingerprint"),
    "client_type": Alias("client"),
    "tool_id": Alias("client"),
    "metadata": Alias("attributes"),
    "memory_id": Alias("resource_id"),
    "is_memory_operation": Alias("counts_against_plan", flag),
    "operation_mode": Alias("mode"),
    "tokens_used": Alias("tokens"),
    "user_email": Alias("email"),
    "error_message": Alias("error"),
    "stage_name": Alias("stage"),
}
"""Alternative names of the arguments of ``track_operation`` and the other recording methods."""
PREFERRED = frozenset({"end_user_id"})
"""Aliases that take precedence over the name they stand for."""

REQUEST_ALIASES: Mapping[str, str] = {"metadata": "attributes", "request_id": "id"}
SESSION_ALIASES: Mapping[str, str] = {
    "metadata": "attributes",
    "session_id": "id",
    "tool_id": "client",
    "client_type": "client",
}
LOG_ALIASES: Mapping[str, str] = {"event_type": "type", "stage_name": "stage"}
FAIL_ALIASES: Mapping[str, str] = {
    "error_message": "message",
    "error": "message",
    "error_details": "details",
    "error_stage": "stage",
    "stage_name": "stage",
    "is_retryable": "retryable",
}


def resolve(facts: dict[str, Any], problems: Problems) -> dict[str, Any]:
    """Replace alternative names by field names; an explicit field takes precedence."""
    resolved = {name: value for name, value in facts.items() if name not in OPERATION_ALIASES}
    for name in OPERATION_ALIASES.keys() & facts.keys():
        value, alias = facts[name], OPERATION_ALIASES[name]
        if value is None:
            continue
        before = len(problems)
        if alias.convert is not None:
            value = alias.convert(value, problems)
        for place in range(before, len(problems)):
            problems[place] = (name, problems[place][1])
        if value is None:
            continue
        if alias.name == "attributes":
            resolved["attributes"] = merged(resolved.get("attributes"), value)
        elif resolved.get(alias.name) is None or name in PREFERRED:
            resolved[alias.name] = value
        elif type(resolved[alias.name]) is not type(value) or resolved[alias.name] != value:
            problems.append((name, f"It stands for {alias.name}, which was passed too."))
    return resolved


def merged(first: Any, second: Any) -> Any:
    if issubclass(type(first), Mapping) and issubclass(type(second), Mapping):
        return {**second, **first}
    return second if first is None else first


def with_inner(data: dict[str, Any], name: str) -> dict[str, Any]:
    inner: Any = data.get(name)
    if not issubclass(type(inner), Mapping):
        return data
    return {**inner, **{key: value for key, value in data.items() if key != name}}
