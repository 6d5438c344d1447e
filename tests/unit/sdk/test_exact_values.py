"""Values that are right already are left as they are, by the quick test of each rule as by its converter."""

import inspect
from typing import Any

import msgspec
import pytest

from tests.unit.sdk.invalid_values import ODD
from trackstore import entries, new_id
from trackstore.entries import ApiCall, Entry, Input, LlmCall, ToolUse
from trackstore.normalization import rules_of
from trackstore.operation_drafts import PARTS
from trackstore.testing import RecordingTracker

KINDS = [
    kind
    for _, kind in inspect.getmembers(entries, inspect.isclass)
    if issubclass(kind, Input) and kind not in (Input, Entry)
]
PLAIN: dict[str, Any] = {
    "text": "read", "unicode": "größe", "empty": "", "long": "x" * 10**6, "zero": "a\0b",
    "surrogate": "\ud800", "mode": "FULL", "known mode": "full", "word": "ERROR", "kind": "TOOL",
    "none": 0, "one": 1, "large": 10**30, "negative": -1, "half": 0.5, "infinite": float("inf"),
    "not a number": float("nan"), "true": True, "id": new_id(), "part": ToolUse(tool_name="x"),
    "odd part": ToolUse(tokens_original=-1), "call": LlmCall(model="m"), "api": ApiCall(route=""),
    "labels": entries.Labels(user_id="ana"), "no type": entries.Interaction(type=None),  # type: ignore[arg-type]
    "no units": entries.Interaction(type="chat", units=None),  # type: ignore[arg-type]
    "unit": entries.Interaction(type="chat"), "flag": LlmCall(input_tokens_exclude_cache=None),  # type: ignore[arg-type]
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_what_a_rule_accepts_its_converter_returns_unchanged(kind: type[msgspec.Struct]) -> None:
    values = [*PLAIN.values(), *(make() for make in ODD.values())]
    accepted = 0
    for name, accepts, convert in rules_of(kind)[0]:
        for value in values:
            if not accepts(value):
                continue
            accepted += 1
            problems: list[tuple[str, str]] = []
            converted = convert(value, problems)
            assert type(converted) is type(value), (name, value)
            assert converted == value, (name, value)
            assert problems == [], (name, value)
    assert accepted >= len(rules_of(kind)[0]) // 2


VALUES = {"dict": {"a": 1}, "bool": True, "int": 1, "str": "x"}
METHODS = {
    "api": lambda tracker, **facts: tracker.track_api_operation(route="/a", method="GET", **facts),
    "tool": lambda tracker, **facts: tracker.track_tool_operation(**facts),
    "llm": lambda tracker, **facts: tracker.track_chat(message="hello", **facts),
}


@pytest.mark.parametrize("as_dict", [True, False])
@pytest.mark.parametrize("part", PARTS)
def test_facts_of_a_whole_part_are_kept_by_every_method(part: str, as_dict: bool) -> None:
    shape = PARTS[part]
    for field in msgspec.structs.fields(shape):
        name = field.name
        if name in ("route", "method", "message", "status_code", "tokens_prevented"):
            continue
        value = next(v for kind, v in VALUES.items() if kind in str(field.type))
        part_value: dict[str, Any] = {name: value}
        if part == "tool" and name != "tool_name":
            part_value["tool_name"] = "read"
        if part == "llm":
            part_value = {"input_tokens": 1, "output_tokens": 1, **part_value}
        tracker = RecordingTracker()
        METHODS[part](tracker, **{part: part_value if as_dict else shape(**part_value)})
        (operation,) = tracker.operations
        assert getattr(getattr(operation, part), name) == value, operation


@pytest.mark.parametrize(
    ("part", "name", "explicit", "others"),
    [
        ("api", "route", "/a", "/b"),
        ("api", "status_code", 200, 500),
        ("tool", "tool_name", "read", "write"),
        ("tool", "tokens_original", 1, 2),
        ("llm", "model", "one", "two"),
        ("llm", "input_tokens", 1, 2),
    ],
)
def test_what_is_passed_by_itself_takes_precedence_over_the_part(
    part: str, name: str, explicit: Any, others: Any
) -> None:
    for facts in ({name: explicit, part: {name: others}}, {part: {name: others}, name: explicit}):
        tracker = RecordingTracker()
        tracker.track_operation(kind="API", name="x", **facts)
        (operation,) = tracker.operations
        assert getattr(getattr(operation, part), name) == explicit
