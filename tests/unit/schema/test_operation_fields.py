"""Holds what is written out for type checkers against ``models.operation_fields``."""

from dataclasses import fields
from typing import get_type_hints

import pytest
from sqlalchemy import BigInteger, Boolean, Double, Uuid

from models import Operation as OperationRow
from models import OperationText, table_of
from models.field_declarations import Check, OperationField, Part, Role, Storage, ValueType
from models.operation_fields import OPERATION_FIELD, OPERATION_FIELDS, fields_in, fields_with
from models.types import CleanText, Instant, SessionKey
from schema import operation_inputs
from schema.operation_filters import OperationFilter, OperationOrderField
from schema.operations import Operation as OperationType
from store.auth.access import LabelsDraft
from store.operations import drafts
from store.operations.columns import COLUMNS
from store.operations.field_groups import GROUPS, NESTED_PARTS
from store.pricing.token_counts import TOKEN_COLUMNS
from trackstore import entries

KEY = {"organization_id", "occurred_at", "id"}
NESTED = {"labels", "api", "tool", "llm", "interaction"}
"""Fields of an operation that hold the other parts."""
COLUMN_TYPES = {
    ValueType.TEXT: CleanText,
    ValueType.ID: CleanText,
    ValueType.SESSION_ID: SessionKey,
    ValueType.KIND: CleanText,
    ValueType.OUTCOME: CleanText,
    ValueType.PRICE_STATUS: CleanText,
    ValueType.UUID: Uuid,
    ValueType.INSTANT: Instant,
    ValueType.BOOLEAN: Boolean,
    ValueType.MILLISECONDS: Double,
    ValueType.INTEGER: BigInteger,
    ValueType.INT32: BigInteger,
    ValueType.MONEY: BigInteger,
}


def names_in(part: Part) -> set[str]:
    return {field.draft_name for field in OPERATION_FIELDS if field.part is part}


def written_names(written: type) -> set[str]:
    properties = {name for name, value in vars(written).items() if isinstance(value, property)}
    return set(get_type_hints(written)) - {"field"} | properties


def test_every_field_is_declared_once() -> None:
    assert len(OPERATION_FIELD) == len(OPERATION_FIELDS)
    described = fields_with(Role.GROUP) + fields_with(Role.AGGREGATE)
    assert all(field.description.endswith(".") for field in described)


def test_the_tables_have_the_columns() -> None:
    stored = {f.name for f in OPERATION_FIELDS if f.storage is Storage.COLUMN}
    texts = {f.name for f in OPERATION_FIELDS if f.storage is Storage.TEXT_TABLE}
    assert set(COLUMNS) == stored
    assert {column.name for column in table_of(OperationText).columns} == KEY | texts


@pytest.mark.parametrize(
    "field",
    [f for f in OPERATION_FIELDS if f.storage is Storage.COLUMN and f.type in COLUMN_TYPES],
    ids=lambda field: field.name,
)
def test_a_column_has_the_type_of_its_field(field: OperationField) -> None:
    assert isinstance(table_of(OperationRow).columns[field.name].type, COLUMN_TYPES[field.type])


@pytest.mark.parametrize(
    ("part", "written"),
    [
        (Part.LABELS, LabelsDraft),
        (Part.LABELS, entries.Labels),
        (Part.API, drafts.ApiCallDraft),
        (Part.API, operation_inputs.ApiCallInput),
        (Part.API, entries.ApiCall),
        (Part.TOOL, drafts.ToolUseDraft),
        (Part.TOOL, operation_inputs.ToolUseInput),
        (Part.TOOL, entries.ToolUse),
        (Part.LLM, drafts.LlmCallDraft),
        (Part.LLM, operation_inputs.LlmCallInput),
        (Part.LLM, entries.LlmCall),
        (Part.INTERACTION, drafts.InteractionUseDraft),
        (Part.INTERACTION, operation_inputs.InteractionUseInput),
        (Part.INTERACTION, entries.Interaction),
        (Part.COMMON, drafts.OperationDraft),
        (Part.COMMON, operation_inputs.OperationInput),
        (Part.COMMON, entries.Operation),
    ],
)
def test_drafts_inputs_and_entries_have_the_fields_of_their_part(part: Part, written: type) -> None:
    nested = NESTED if part is Part.COMMON else set()
    assert written_names(written) == names_in(part) | nested


@pytest.mark.parametrize(
    ("part", "written", "set_by_name"),
    [
        (Part.API, operation_inputs.ApiOperationInput, set[str]()),
        (Part.TOOL, operation_inputs.ToolOperationInput, {"tool_name", "operation_mode", "client"}),
        (Part.LLM, operation_inputs.ChatInput, {"operation_type"}),
    ],
)
def test_shorter_inputs_take_every_field(part: Part, written: type, set_by_name: set[str]) -> None:
    """The others are set by the mutation, or have a name of their own, such as ``mode``."""
    common = names_in(Part.COMMON) - {"kind", "name"}
    nested = NESTED - {part.value}
    assert (names_in(part) | common | nested) - written_names(written) == set_by_name


def test_every_field_is_checked_once_on_each_path() -> None:
    for part, groups in GROUPS.items():
        nested = set(NESTED_PARTS) if part is Part.COMMON else set()
        assert set(groups.draft_names) == names_in(part) | nested
        places = (getattr(groups, f.name) for f in fields(groups) if f.name != "draft_names")
        names = [name for group in places for name, *_ in group]
        by_hand = {
            f.draft_name
            for f in fields_in(part)
            if f.check is Check.BY_HAND or f.storage is not Storage.COLUMN
        }
        enums = {"kind", "outcome"} & names_in(part)
        derived = names_in(part) if part is Part.DERIVED else set()
        assert len(set(names)) == len(names)
        assert set(names) | by_hand | enums | derived == names_in(part)


def test_the_counts_of_tokens_are_fields_of_a_model_call() -> None:
    counted = [f.name for f in OPERATION_FIELDS if f.part is Part.LLM and Role.AGGREGATE in f.roles]
    assert counted == list(TOKEN_COLUMNS)


def test_the_filter_has_the_fields_that_are_filtered() -> None:
    definition = vars(OperationFilter)["__strawberry_definition__"]
    written = {field.python_name for field in definition.fields} & set(OPERATION_FIELD)
    assert written == {field.name for field in fields_with(Role.FILTER)}


def test_the_order_has_the_fields_that_are_ordered_by() -> None:
    assert set(OperationOrderField) == {field.name for field in fields_with(Role.ORDER)}


def test_the_type_shows_every_field_that_is_stored() -> None:
    definition = vars(OperationType)["__strawberry_definition__"]
    fields = {f.python_name for f in definition.fields}
    assert {f.name for f in OPERATION_FIELDS if f.storage is not Storage.NONE} - fields == {
        "further_interactions",  # shown by interactions
        "feed_position",  # shown by feedCursor
    }
