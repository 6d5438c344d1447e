"""Builds an operation from the arguments of a call, whatever their names."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import msgspec

from trackstore.aliases import OPERATION_ALIASES, merged, resolve
from trackstore.call_repair import MAX_NAME_CHARS, suggestion
from trackstore.context import EMPTY_CONTEXT, current
from trackstore.entries import ApiCall, Interaction, Labels, LlmCall, Operation, ToolUse
from trackstore.labels import LABELS
from trackstore.operation_types import infer_operation_type
from trackstore.token_usage import TokenUsage
from trackstore.usage_fields import unread_counts
from trackstore.values import NAME_CHARS, Problems, describe_value, key_of, read_number, read_text

API_OPERATION = "api_operation"
"""Default interaction type of an API call."""
UNLIMITED_INTERACTION = Interaction(type=API_OPERATION, counts_against_limits=False)
"""Interaction of an API call that only the monthly counter counts, not limits."""
CONTEXT_FIELDS = ("session_id", "request_id", "stage", "correlation_id", "trace_id")
"""Fields that default to the context."""
FAILED_STATUS = 500
PARTS: Mapping[str, type[ApiCall | ToolUse | LlmCall]] = {
    "api": ApiCall, "tool": ToolUse, "llm": LlmCall,
}  # fmt: skip
FIELD_OF_FACT: Mapping[str, tuple[str, str]] = {
    **{name: ("api", name) for name in ApiCall.__struct_fields__},
    **{name: ("tool", name) for name in ToolUse.__struct_fields__ if name != "tokens_prevented"},
    **{name: ("llm", name) for name in LlmCall.__struct_fields__},
    **{name: ("labels", name) for name in LABELS},
    **{
        name: ("", name)
        for name in Operation.__struct_fields__
        if name not in ("kind", "name", "id", "labels", *PARTS)
    },
    "mode": ("tool", "operation_mode"),
}
"""Part and field of the operation for each fact."""
COMBINED_FACTS = (
    "counts_against_plan",
    "tokens",
    "usage",
    "email",
    "tokens_prevented",
    "error_details",
)
"""Facts that depend on others of the operation."""
DIRECT_PART_FIELDS: Mapping[str, frozenset[str]] = {
    part: frozenset(
        name for name in shape.__struct_fields__ if FIELD_OF_FACT.get(name) == (part, name)
    )
    for part, shape in PARTS.items()
}
"""Names in a part that are exactly its fields, and need no resolution."""
KNOWN_NAMES = (*FIELD_OF_FACT, *PARTS, *COMBINED_FACTS, *OPERATION_ALIASES)


def api_facts(
    route: Any, method: Any, counts_against_plan: Any, facts: dict[str, Any]
) -> dict[str, Any]:
    known = {"route": route, "method": method, **facts}
    if counts_against_plan is not False:
        known["counts_against_plan"] = counts_against_plan
    elif facts.get("interaction") is None and facts.get("is_memory_operation") is None:
        known["interaction"] = UNLIMITED_INTERACTION
    if facts.get("operation_type") is None and type(route) is type(method) is str:
        known["operation_type"] = infer_operation_type(method, route)
    return known


def build_operation(
    kind: Any,
    name: Any,
    id: UUID,
    facts: dict[str, Any],
    default_labels: Labels | None,
    problems: Problems,
) -> Operation:
    fields: dict[str, Any] = {}
    parts: dict[str, dict[str, Any]] = {"": fields, "labels": {}, "api": {}, "tool": {}, "llm": {}}
    for fact, value in facts.items():
        place = FIELD_OF_FACT.get(fact)
        if place is not None:
            if value is not None:
                parts[place[0]][place[1]] = value
        elif value is not None and not _place_part(fact, value, facts, parts):
            _place_all(facts, parts, problems)
            break
    _complete(fields, parts["api"], problems)
    for part, shape in PARTS.items():
        if parts[part]:
            fields[part] = shape(**parts[part])
    if name is None and type(kind) is str and kind == "API":
        name = _name_of(parts["api"].get("method"), parts["api"].get("route"))
    return Operation(
        kind=kind, name=name, id=id, labels=_labels(parts["labels"], default_labels), **fields
    )


def _complete(fields: dict[str, Any], api: Mapping[str, Any], problems: Problems) -> None:
    here = current()
    if here is not EMPTY_CONTEXT:
        for field in CONTEXT_FIELDS:
            if field not in fields:
                fields[field] = getattr(here, field)
    if "interaction" in fields and type(fields["interaction"]) is not Interaction:
        fields["interaction"] = _interaction(fields["interaction"])
    if "interactions" in fields:
        fields["interactions"] = _interactions(fields["interactions"], problems)
    if "outcome" not in fields:
        fields["outcome"] = "ERROR" if _has_failed(fields, api) else "OK"


def _place_part(
    name: str, value: Any, facts: dict[str, Any], parts: dict[str, dict[str, Any]]
) -> bool:
    names = DIRECT_PART_FIELDS.get(name)
    if names is None or type(value) is not dict or not value.keys() <= names:
        return False
    if "operation_mode" in value and facts.get("mode") is not None:
        return False  # two names of one field: a difference between them is reported
    part = parts[name]
    for field, field_value in value.items():
        if field_value is not None:
            part.setdefault(field, field_value)
    return True


def _place_all(facts: dict[str, Any], parts: dict[str, dict[str, Any]], problems: Problems) -> None:
    together: dict[str, Any] = {}
    for part in parts.values():
        part.clear()
    for fact, value in resolve(_flattened(facts, problems), problems).items():
        if value is None:
            continue
        place = FIELD_OF_FACT.get(fact)
        if place is not None:
            parts[place[0]][place[1]] = value
        elif fact in COMBINED_FACTS:
            together[fact] = value
        else:
            problems.append((fact[:MAX_NAME_CHARS], suggestion(fact, KNOWN_NAMES)))
    if together:
        _apply_combined(together, parts, problems)


def _name_of(method: Any, route: Any) -> str | None:
    if (
        type(method) is str
        and type(route) is str
        and method
        and len(method) + len(route) < NAME_CHARS
    ):
        return f"{method} {route}"
    return None


def _labels(passed: dict[str, Any], default_labels: Labels | None) -> Labels | None:
    if not passed:
        return default_labels
    if default_labels is None:
        return Labels(**passed)
    return msgspec.structs.replace(default_labels, **passed)


def _has_failed(fields: Mapping[str, Any], api: Mapping[str, Any]) -> bool:
    if "error" in fields:
        return True
    status = api.get("status_code")
    if status is None:
        return False
    if type(status) is not int:
        try:
            status = read_number(status)
        except Exception:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
            status = None
    return status is not None and status >= FAILED_STATUS


def _interaction(value: Any) -> Any:
    is_part = issubclass(type(value), Mapping | Interaction)
    return value if is_part else Interaction(type=value)


def _interactions(value: Any, problems: Problems) -> list[Any] | None:
    if issubclass(type(value), str | Mapping | Interaction):
        return [_interaction(value)]
    try:
        return [_interaction(member) for member in value if member is not None]
    except Exception:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
        problems.append(("interactions", f"{describe_value(value)} is not a list of interactions."))
        return None


def _flattened(facts: dict[str, Any], problems: Problems) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for part, shape in PARTS.items():
        value: Any = facts.get(part)
        kind = type(value)
        if issubclass(kind, shape):
            flat |= {
                name: member
                for name in shape.__struct_fields__
                if (member := getattr(value, name)) is not None
            }
        elif issubclass(kind, Mapping):
            flat |= {key_of(name): member for name, member in list(value.items())}
        elif value is not None and part == "tool":
            flat["tool_name"] = value
        elif value is not None:
            problems.append(
                (part, f"{describe_value(value)} is not a {shape.__name__}. Pass one, or a dict.")
            )
    return flat | {
        name: value for name, value in facts.items() if value is not None and name not in PARTS
    }


def _apply_combined(
    together: dict[str, Any], parts: dict[str, dict[str, Any]], problems: Problems
) -> None:
    fields = parts[""]
    counts = together.get("counts_against_plan")
    if counts is not None and "interaction" not in fields:
        try:
            is_counted = bool(counts)
        except Exception:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
            problems.append(("counts_against_plan", "It is neither true nor false."))
            is_counted = False
        fields["interaction"] = (
            Interaction(type=API_OPERATION) if is_counted else UNLIMITED_INTERACTION
        )
    if "usage" in together:
        _take_usage(together["usage"], parts["llm"], problems)
    if "tokens" in together:
        _take_total(together["tokens"], parts["llm"], problems)
    extra: dict[str, Any] = {}
    if "email" in together:
        before = len(problems)
        extra["email"] = read_text(together["email"], problems)
        problems[before:] = [("email", problem) for _, problem in problems[before:]]
    if "error_details" in together:
        extra["error_details"] = together["error_details"]
    if extra:
        fields["attributes"] = merged(extra, fields.get("attributes"))
    if "tokens_prevented" in together:
        _prevented(together["tokens_prevented"], parts["tool"], problems)


def _take_usage(value: Any, llm: dict[str, Any], problems: Problems) -> None:
    counts = TokenUsage.of(value).counts()
    if not counts:
        problems.append(
            ("usage", f"{describe_value(value)} has no token counts that are known here.")
        )
    else:
        with suppress(Exception):  # somebody else's object: what could be read of it is enough
            unread = unread_counts(value)
            problems += [
                ("usage", f"{path}: must be an integer of at least 0 (got {describe_value(v)}).")
                for path, v in unread.items()
            ]
    if "input_tokens" in counts and "input_tokens" not in llm:
        llm.pop("input_tokens_exclude_cache", None)  # the counts of a usage include the cache
    for name, count in counts.items():
        llm.setdefault(name, count)


def _take_total(value: Any, llm: dict[str, Any], problems: Problems) -> None:
    """Count a total of tokens as input, as the server does: never beside input or output."""
    if "input_tokens" in llm or "output_tokens" in llm:
        problem = (
            "It is the total where input and output are not known apart. Pass one or the other."
        )
        problems.append(("tokens", problem))
        return
    excludes = llm.pop("input_tokens_exclude_cache", None)
    if excludes is not None and excludes is not False:
        problem = "tokens counts those of a cache, too. Pass input_tokens with it."
        problems.append(("input_tokens_exclude_cache", problem))
    llm["input_tokens"] = value


def _prevented(value: Any, tool: dict[str, Any], problems: Problems) -> None:
    """Derive the missing token count from the tokens prevented, original minus actual."""
    try:
        prevented = read_number(value)
        original, actual = (
            None if tool.get(name) is None else read_number(tool[name])
            for name in ("tokens_original", "tokens_actual")
        )
    except Exception:  # noqa: BLE001 - somebody else's object: tracking must outlive its mistakes
        prevented = original = actual = None
    if prevented is None:
        problems.append(("tokens_prevented", f"must be an integer (got {describe_value(value)})."))
    elif original is not None and actual is not None:
        if original - actual != prevented:
            difference = f"{original - actual:,}"
            problem = (
                f"{describe_value(value)} is not tokens_original - tokens_actual, {difference}."
            )
            problems.append(("tokens_prevented", problem))
    elif original is not None:
        tool["tokens_actual"] = original - prevented
    elif actual is not None:
        tool["tokens_original"] = actual + prevented
    else:
        tool["tokens_prevented"] = prevented
