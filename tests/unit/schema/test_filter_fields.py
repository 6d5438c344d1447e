"""Filters and orders name columns, and ask of each what its kind can answer."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

import pytest
from sqlalchemy import JSON, BigInteger, Boolean, Column, ColumnElement, Double, Integer, Uuid
from strawberry.types.base import StrawberryList, StrawberryOptional
from strawberry.types.enum import StrawberryEnumDefinition

import schema.enums
from models import (
    ApiKey,
    CircuitBreaker,
    InteractionCounter,
    Limit,
    Operation,
    Request,
    Session,
    table_of,
)
from models.base import Base
from models.types import CleanText, Instant
from schema.api_keys import ApiKeyFilter
from schema.circuit_breakers import CircuitBreakerFilter
from schema.enums import Direction
from schema.filter_operators import (
    AttributeFilter,
    BooleanFilter,
    DateTimeFilter,
    FloatFilter,
    IDFilter,
    IntFilter,
    LongFilter,
    StringFilter,
    UUIDFilter,
    ValueFilter,
)
from schema.interactions import InteractionFilter, InteractionOrder, InteractionOrderField
from schema.limits import LimitFilter
from schema.operation_filters import OperationFilter, OperationOrder, OperationOrderField
from schema.prices import PriceFilter
from schema.request_filters import RequestFilter, RequestOrder, RequestOrderField
from schema.sessions import SessionFilter
from schema.stage_filters import EventFilter, StageFilter
from store.aggregation import sources
from store.operations.sources import OPERATIONS
from store.pricing.price_list import FILTER_FIELDS
from store.query.records import Order, Source
from store.requests.sources import REQUESTS
from store.sources import INTERACTIONS
from tests.unit.schema.vocabulary import definition_of, own_types


def columns_of(model: type[Base]) -> Mapping[str, Column[Any]]:
    """The columns of a table, by name."""
    return {column.name: column for column in table_of(model).columns}


FILTERS: dict[type[Any], Mapping[str, ColumnElement[Any]]] = {
    OperationFilter: columns_of(Operation),
    RequestFilter: columns_of(Request),
    SessionFilter: columns_of(Session),
    InteractionFilter: columns_of(InteractionCounter),
    LimitFilter: columns_of(Limit),
    CircuitBreakerFilter: columns_of(CircuitBreaker),
    ApiKeyFilter: columns_of(ApiKey),
    PriceFilter: FILTER_FIELDS,
    StageFilter: sources.STAGES.filter_columns,
    EventFilter: sources.EVENTS.filter_columns,
}
JOINS = {"and_", "or_", "not_"}
KINDS: dict[type[Any], type[Any]] = {
    StringFilter: CleanText,
    IDFilter: CleanText,
    LongFilter: BigInteger,
    FloatFilter: Double,
    DateTimeFilter: Instant,
    IntFilter: Integer,
    BooleanFilter: Boolean,
    UUIDFilter: Uuid,
}
ORDERS: list[tuple[type[Enum], Any, Source]] = [
    (OperationOrderField, OperationOrder, OPERATIONS),
    (RequestOrderField, RequestOrder, REQUESTS),
    (InteractionOrderField, InteractionOrder, INTERACTIONS),
]
NOT_ASKED_FOR = {
    OperationFilter: {
        "parameters", "cost_baseline", "cost_actual", "cost_saved", "further_interactions",
        "feed_position",
    },
    RequestFilter: {
        "result", "error", "error_message", "cancel_reason", "last_seq", "last_heartbeat_at", "stalled_at",
        "deadline_at",
    },
    StageFilter: {
        "position", "weight", "max_attempts", "done", "total", "output", "error", "last_heartbeat_at",
        "stall_after_ms", "stalled_at",
    },
    LimitFilter: set(),
    CircuitBreakerFilter: set(),
    ApiKeyFilter: {"scopes", "secret_hash"},
    PriceFilter: set(),
    EventFilter: {"seq", "id", "feed_position"},
}  # fmt: skip
"""Columns that their filter leaves out."""

FIELDS = [
    pytest.param(cls, field, id=f"{cls.__name__}.{field.python_name}")
    for cls in FILTERS
    for field in definition_of(cls).fields
    if field.python_name not in JOINS | getattr(cls, "OWN", set())
]


@pytest.mark.parametrize(("cls", "field"), FIELDS)
def test_every_filter_names_a_column_of_its_kind(cls: type[Any], field: Any) -> None:
    column = FILTERS[cls].get(field.python_name)
    assert column is not None
    assert isinstance(field.type, StrawberryOptional), "no condition has to be given"
    asked: Any = field.type.of_type
    if isinstance(asked, StrawberryList):
        assert asked.of_type is AttributeFilter
        assert isinstance(column.type, JSON)
    elif asked in KINDS:
        assert isinstance(column.type, KINDS[asked])
    else:
        assert issubclass(asked, ValueFilter)
        (operand,) = definition_of(asked).type_var_map.values()
        assert isinstance(operand, StrawberryEnumDefinition)
        assert isinstance(column.type, CleanText)


def test_every_filter_is_known_here() -> None:
    parts = {kind.__name__ for kind in KINDS} | {"AttributeFilter", "NumberFilter"}
    enums = {
        f"{made.__name__}Filter" for made in vars(schema.enums).values() if isinstance(made, type)
    }
    names = {made.name for made in own_types() if made.name.endswith("Filter")}
    assert names - enums == {cls.__name__ for cls in FILTERS} | parts


@pytest.mark.parametrize("cls", NOT_ASKED_FOR, ids=lambda cls: str(cls.__name__))
def test_every_other_column_can_be_asked_for(cls: type[Any]) -> None:
    named = {field.python_name for field in definition_of(cls).fields}
    assert set(FILTERS[cls]) - named == NOT_ASKED_FOR[cls]


@pytest.mark.parametrize(("field", "step", "source"), ORDERS)
def test_every_order_is_one_that_the_store_knows(
    field: type[Enum], step: Any, source: Source
) -> None:
    assert {member.value for member in field} == source.orders
    assert source.orders <= set(source.table.columns.keys())
    for member in field:
        assert step(field=member).order() == Order(member.value, descending=True)
        ascending = step(field=member, direction=Direction.ASC)
        assert ascending.order() == Order(member.value, descending=False)


@pytest.mark.parametrize(("field", "step", "source"), ORDERS)
def test_nulls_come_last_either_way(field: type[Enum], step: Any, source: Source) -> None:
    """That the databases do so is shown with pages; here, that nullable columns are known as such."""
    for member in field:
        for direction in Direction:
            term, *_ = source.terms([step(field=member, direction=direction).order()])
            assert term.nullable == source.table.columns[member.value].nullable
