"""The quick row of an operation is the examined row, or none: never another, never of a bad draft."""

import itertools
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strawberry import ID

from models.enums import AccessScope, OperationKind, Outcome
from schema.labels import LabelsInput
from schema.operation_inputs import (
    ApiCallInput,
    InteractionUseInput,
    LlmCallInput,
    OperationInput,
    ToolUseInput,
)
from store.auth.access import Principal, TenantBounds
from store.errors import InvalidInputError
from store.operations.fast_path import FastPathPreparer
from store.operations.prepare import OperationPreparer
from store.validation import InputBounds
from tests.differential.drafts import BOUNDS, FIELDS, drafts
from tests.differential.pair import NOW, own_id

EVERYTHING = frozenset(AccessScope)
PRINCIPALS = {
    "open": Principal("open", EVERYTHING, TenantBounds(), "own"),
    "of one organization": Principal("key", EVERYTHING, TenantBounds("own"), "own", own_id(1, 5)),
    "of one workspace": Principal(
        "key", EVERYTHING, TenantBounds("own", "own", "own"), "own", own_id(1, 5)
    ),
    "of all organizations": Principal("key", EVERYTHING, TenantBounds(), None),
    "of a long organization": Principal(
        "open", EVERYTHING, TenantBounds(), "longer than a label may be " * 2
    ),
    "of an empty organization": Principal("open", EVERYTHING, TenantBounds(), ""),
    "of an odd organization": Principal("open", EVERYTHING, TenantBounds(), "a\x00b"),
    "of a long namespace": Principal(
        "key", EVERYTHING, TenantBounds("own", "long names " * 4), "own"
    ),
}
ORDINARY = OperationInput(
    kind=OperationKind.API,
    name="a",
    id=None,
    occurred_at=None,
    operation_type=None,
    outcome=Outcome.OK,
)


def prepare(draft: Any, principal: Principal, bounds: InputBounds) -> tuple[Any, Any]:
    """The quick row and the examined one; each may be None."""
    quick_ids, examined_ids = itertools.count(1), itertools.count(1)
    quick = FastPathPreparer(principal, bounds, NOW, lambda: own_id(next(quick_ids)))
    preparer = OperationPreparer(principal, bounds, NOW, lambda: own_id(next(examined_ids)))
    row = quick.row(draft)
    drawn = next(quick_ids) - 1
    assert drawn == int(row is not None and draft.id is None), "an id is drawn only to be used"
    try:
        entry = preparer.validate(draft)
    except InvalidInputError:
        return row, None
    assert row is None or (entry.message, entry.response, entry.repaired) == (None, None, 0)
    return row, entry.row


def same(draft: Any, principal: Principal, bounds: InputBounds = BOUNDS) -> bool:
    """Hold one against the other; whether there is a quick row."""
    row, examined = prepare(draft, principal, bounds)
    if row is not None:
        assert examined is not None, "refused, but for the quick look"
        assert repr(row) == repr(examined)
        assert [type(value) for value in row] == [type(value) for value in examined]
    return row is not None


@pytest.mark.parametrize("principal", PRINCIPALS)
@pytest.mark.parametrize("labels", [None, LabelsInput(), LabelsInput(organization_id=ID("own"))])
def test_labels_that_come_from_the_caller(principal: str, labels: LabelsInput | None) -> None:
    same(replace(ORDINARY, labels=labels), PRINCIPALS[principal])


FULL = {
    "an API call": replace(
        ORDINARY,
        api=ApiCallInput(route="v1/memory", status_code=200, batch_size=7),
        labels=LabelsInput(user_id=ID("u")),
        attributes={"a": 1, "b": "text", "c": 1.5, "d": None, "e": True},
        duration_ms=12.5,
    ),
    "a tool's use": replace(
        ORDINARY,
        kind=OperationKind.TOOL,
        tool=ToolUseInput(tool_name="read", tokens_original=9, tokens_actual=10, parameters={}),
        interaction=InteractionUseInput(type="mini", units=3),
        error="",
    ),
    "a model's call": replace(
        ORDINARY,
        kind=OperationKind.LLM,
        llm=LlmCallInput(provider="p", model="m", input_tokens=9, cached_input_tokens=9),
        id=own_id(1, 7),
        session_id=ID(str(own_id(2, 7))),
        occurred_at=NOW,
    ),
}


@pytest.mark.parametrize("name", FULL)
@settings(max_examples=500)
@given(data=st.data(), principal=st.sampled_from(list(PRINCIPALS.values())))
def test_the_quick_row_is_the_examined_row(
    name: str, data: st.DataObject, principal: Principal
) -> None:
    same(data.draw(drafts(FULL[name])), principal)


def test_every_field_is_tried() -> None:
    assert {field.name for field in fields(OperationInput)} == set(FIELDS)


@pytest.mark.parametrize("name", FULL)
def test_ordinary_operations_have_a_quick_row(name: str) -> None:
    assert same(FULL[name], PRINCIPALS["open"], InputBounds())
    assert same(FULL[name], PRINCIPALS["of one workspace"], InputBounds())


@given(
    size=st.integers(40, 320),
    character=st.sampled_from(["a", '"', "\u00e9", "\u3042", "\U0001f600"]),
)
@example(size=292, character="a")
def test_json_around_its_largest_size(size: int, character: str) -> None:
    for value in (
        {"a": character * size},
        {character * size: 1},
        {f"k{n}": -1.5e-300 for n in range(size)},
    ):
        same(replace(ORDINARY, attributes=value), PRINCIPALS["open"])
