"""Large bodies are decoded in pieces between other calls: the same request as when decoded at once."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from graphql import parse
from hypothesis import given, settings
from hypothesis import strategies as st

from server.fast_path import inputs as inputs_module
from server.fast_path.inputs import CompiledInputs
from server.fast_path.pipeline import COMPILED_INPUTS
from server.graphql.schema import build_schema

DOCUMENT = (
    "mutation ($v: [OperationInput!]!, $one: OperationInput!, $n: Int, $e: [EntryInput!]!) "
    "{ trackOperations(operations: $v) { accepted } }"
)
VALID = {"kind": "API", "name": "a call", "attributes": {"a": [1, None], "text": "\u20ac]},{"}}
ITEMS: list[Any] = [
    VALID, {**VALID, "durationMs": 1.5}, {"kind": "TOOL", "name": ""}, {"kind": "NONE", "name": "a"},
    {"name": "a"}, {**VALID, "unknown": 1}, None, 1, [], "text",
]  # fmt: skip


@pytest.fixture(scope="module")
def inputs() -> CompiledInputs:
    return CompiledInputs(build_schema(), COMPILED_INPUTS)


def check_same(inputs: CompiledInputs, variables: object, piece_bytes: int) -> bool:
    """Compare both ways of decoding; return whether there is a request."""
    body = json.dumps({"query": DOCUMENT, "variables": variables}).encode()
    envelope = inputs.open(body)
    assert envelope is not None
    plan = inputs.plan(parse(DOCUMENT), None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs_module, "MAX_BYTES_PER_TURN", piece_bytes)
        in_turns = asyncio.run(inputs.read_in_turns(envelope, plan))
    assert in_turns == inputs.read(envelope, plan)
    return in_turns is not None


@settings(max_examples=150)
@given(
    numbers=st.lists(st.integers(0, 2), max_size=12),
    odd=st.none() | st.tuples(st.integers(0, 11), st.sampled_from(ITEMS)),
    piece_bytes=st.integers(1, 500),
)
def test_any_batch_in_pieces_of_any_size(
    inputs: CompiledInputs, numbers: list[int], odd: tuple[int, Any] | None, piece_bytes: int
) -> None:
    items = [ITEMS[number] for number in numbers]
    if odd is not None:
        items.insert(*odd)
    entries = [{"operation": item} for item in items]
    is_valid = check_same(inputs, {"v": items, "one": VALID, "n": 1, "e": entries}, piece_bytes)
    assert is_valid is (odd is None or odd[1] in ITEMS[:3])


@pytest.mark.parametrize(
    "variables",
    [
        {}, {"v": []}, {"v": None, "one": VALID, "e": []}, {"v": VALID, "one": VALID, "e": []},
        {"v": [VALID], "one": [], "e": []}, {"v": [VALID], "one": VALID, "e": [{}]},
        {"v": [VALID], "one": VALID, "e": {}, "more": 1},
    ],
)  # fmt: skip
def test_other_variables(inputs: CompiledInputs, variables: dict[str, Any]) -> None:
    assert not check_same(inputs, variables, 10)


def test_pieces_hold_all_items_in_order() -> None:
    raw = msgspec.json.Decoder(list[msgspec.Raw]).decode(json.dumps(list(range(100))))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inputs_module, "MAX_BYTES_PER_TURN", 10)
        pieces = [json.loads(piece) for piece in inputs_module.pieces_of(raw)]
    assert [number for piece in pieces for number in piece] == list(range(100))
    assert len(pieces) > 10
    assert list(inputs_module.pieces_of([])) == []
