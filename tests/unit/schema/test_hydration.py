"""Types that are made from rows: every plain field has its column, of the same kind and nullness."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy
import strawberry
from graphql import GraphQLEnumType
from sqlalchemy import BigInteger, Boolean, Column, Date, Double, Integer, Table, Uuid
from strawberry.types.base import StrawberryList, StrawberryOptional
from strawberry.types.enum import StrawberryEnumDefinition

from models import (
    ApiKey,
    CircuitBreaker,
    CircuitBreakerInstance,
    CircuitBreakerTransition,
    InteractionCounter,
    Limit,
    Operation,
    Request,
    RequestEvent,
    RequestStage,
    Reservation,
    Session,
    StageAttempt,
    table_of,
)
from models.types import CleanText, Instant
from schema import (
    api_keys,
    circuit_breakers,
    events,
    interactions,
    limits,
    operations,
    prices,
    requests,
    sessions,
    stages,
)
from schema.scalars import JSON, Long
from tests.unit.schema.vocabulary import api, definition_of

ROWS: dict[type[Any], Table] = {
    operations.Operation: table_of(Operation),
    requests.Request: table_of(Request),
    sessions.Session: table_of(Session),
    stages.Stage: table_of(RequestStage),
    stages.Attempt: table_of(StageAttempt),
    events.Event: table_of(RequestEvent),
    limits.Limit: table_of(Limit),
    limits.Reservation: table_of(Reservation),
    interactions.Interaction: table_of(InteractionCounter),
    circuit_breakers.CircuitBreaker: table_of(CircuitBreaker),
    circuit_breakers.CircuitBreakerInstance: table_of(CircuitBreakerInstance),
    circuit_breakers.CircuitBreakerTransition: table_of(CircuitBreakerTransition),
    api_keys.ApiKey: table_of(ApiKey),
}
MADE_ONE_BY_ONE = {prices.Price}
"""Made from rows as well, but each field is named where it is made."""

DERIVED = {
    (circuit_breakers.CircuitBreakerInstance, "instance"),
    (circuit_breakers.CircuitBreakerInstance, "is_live"),
}
"""Fields that are not read off a column as they are; each has a test below."""

OWN_ID, MONEY = "uuid", ("cost_baseline", "cost_actual", "cost_saved")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
KINDS: tuple[tuple[type[Any], tuple[Any, ...]], ...] = (
    (Instant, (datetime,)),
    (sqlalchemy.JSON, (JSON,)),
    (Uuid, (UUID,)),
    (Boolean, (bool,)),
    (Double, (float,)),
    (BigInteger, (Long,)),
    (Integer, (int,)),
    (CleanText, (str, strawberry.ID)),
)
VALUES: tuple[tuple[type[Any], Any], ...] = (
    (Instant, NOON),
    (sqlalchemy.JSON, {}),
    (Uuid, UUID(int=1)),
    (Boolean, True),
    (Double, 0.5),
    (BigInteger, 2**62),
    (Integer, 1),
    (Date, NOON.date()),
    (CleanText, "text"),
)


def plain_fields(cls: type[Any]) -> list[Any]:
    """The fields that are read off the object as they are."""
    return [field for field in definition_of(cls).fields if field.base_resolver is None]


def column_of(cls: type[Any], name: str) -> Column[Any] | None:
    """The column that a field shows; None where there is none."""
    return ROWS[cls].columns.get("id" if name == OWN_ID else name)


FIELDS = [
    pytest.param(cls, field, id=f"{cls.__name__}.{field.python_name}")
    for cls in ROWS
    for field in plain_fields(cls)
    if (cls, field.python_name) not in DERIVED
]


@pytest.mark.parametrize(("cls", "field"), FIELDS)
def test_every_plain_field_has_a_column(cls: type[Any], field: Any) -> None:
    column = column_of(cls, field.python_name)
    assert column is not None
    shown = field.type
    nullable = isinstance(shown, StrawberryOptional)
    assert nullable == column.nullable, "as nullable as its column"
    shown = shown.of_type if nullable else shown
    if field.python_name in MONEY:
        assert shown is float, "dollars, made of nano-dollars"
    elif isinstance(shown, StrawberryEnumDefinition):
        assert isinstance(column.type, CleanText)
    elif isinstance(shown, StrawberryList):
        assert isinstance(column.type, sqlalchemy.JSON)
    else:
        kinds = next(kinds for type_, kinds in KINDS if isinstance(column.type, type_))
        assert shown in kinds


def test_every_type_that_is_made_from_rows_is_known_here() -> None:
    extensions = [made.extensions for made in api()._schema.type_map.values()]
    definitions: list[Any] = [found.get("strawberry-definition") for found in extensions]
    origins = {d.origin for d in definitions if hasattr(getattr(d, "origin", None), "from_row")}
    assert origins == {cls for cls in ROWS if hasattr(cls, "from_row")} | MADE_ONE_BY_ONE


def row_of(table: Table) -> dict[str, Any]:
    """A row with a value in every column."""
    row = {}
    for column in table.columns:
        found = [value for type_, value in VALUES if isinstance(column.type, type_)]
        row[column.name] = found[0] if found else b"bytes"
    return row


def made_from(cls: Any, row: dict[str, Any]) -> Any:
    """Return the object that a type makes of a row."""
    if cls is circuit_breakers.CircuitBreakerInstance:
        return cls.from_row(row, NOON)
    return cls.from_row(row)


@pytest.mark.parametrize(
    "cls", [cls for cls in ROWS if hasattr(cls, "from_row")], ids=lambda cls: str(cls.__name__)
)
def test_a_row_fills_every_plain_field(cls: Any) -> None:
    row = row_of(ROWS[cls])
    made = made_from(cls, row)
    for field in plain_fields(cls):
        if (cls, field.python_name) in DERIVED:
            continue
        value = getattr(made, field.python_name)
        told = row["id" if field.python_name == OWN_ID else field.python_name]
        assert value == (told / 10**9 if field.python_name in MONEY else told)


@pytest.mark.parametrize(("stored", "shown"), [("", None), ("worker-1", "worker-1")])
def test_an_instance_without_a_name_has_none(stored: str, shown: str | None) -> None:
    row = row_of(table_of(CircuitBreakerInstance)) | {"instance": stored}
    assert circuit_breakers.CircuitBreakerInstance.from_row(row, NOON).instance == shown


@pytest.mark.parametrize(("minutes", "is_live"), [(0, True), (29, True), (31, False)])
def test_an_instance_is_live_by_its_last_report(minutes: int, is_live: bool) -> None:
    row = row_of(table_of(CircuitBreakerInstance))
    newest = NOON + timedelta(minutes=minutes)
    assert circuit_breakers.CircuitBreakerInstance.from_row(row, newest).is_live is is_live


def test_the_digest_of_a_secret_is_left_behind() -> None:
    made = api_keys.ApiKey.from_row(row_of(table_of(ApiKey)))
    assert "secret_hash" not in made.__dict__
    assert b"bytes" not in made.__dict__.values()


def test_enums_show_the_values_that_columns_hold() -> None:
    """A column holds the value of a member as plain text; GraphQL must be able to show it."""
    for cls in ROWS:
        for field in plain_fields(cls):
            shown = field.type.of_type if isinstance(field.type, StrawberryOptional) else field.type
            if isinstance(shown, StrawberryEnumDefinition):
                made = api()._schema.type_map[shown.name]
                assert isinstance(made, GraphQLEnumType)
                members: dict[str, Any] = dict(shown.wrapped_cls.__members__)
                for name, member in members.items():
                    assert made.serialize(member.value) == name
