"""The five sources of aggregations, each declared once."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Table, and_

from models import (
    InteractionCounter,
    Operation,
    Request,
    RequestEvent,
    RequestStage,
    table_of,
)
from models.enums import Outcome, PriceStatus, RequestStatus, Severity, StageStatus
from models.field_declarations import OperationField, Role, ValueType
from models.labels import LABELS
from models.operation_fields import fields_with
from store.aggregation.catalog import (
    BucketUnit,
    Dimension,
    Elapsed,
    Flag,
    Number,
    Parent,
    Scale,
    Source,
    Stat,
)
from store.calendar import calendar_fields

EVERY_LABEL = ("organization_id", *LABELS)
OPERATION, REQUEST = table_of(Operation), table_of(Request)
STAGE, EVENT = table_of(RequestStage), table_of(RequestEvent)
COUNTER = table_of(InteractionCounter)


ACTIVE_STATUSES = [
    status.value for status in (RequestStatus.PENDING, RequestStatus.RUNNING, RequestStatus.STALLED)
]
"""Requests that have not ended."""


def dimensions(table: Table, *names: str, **renamed: str) -> dict[str, Dimension]:
    pairs = [(name, name) for name in names] + list(renamed.items())
    return {name: Dimension(name, table.columns[column]) for name, column in pairs}


def integer_numbers(table: Table, *names: str) -> dict[str, Number]:
    return {n: Number(n, table.columns[n], is_integer=True) for n in names}


def elapsed(table: Table, name: str, start: str, end: str) -> dict[str, Number]:
    value = Elapsed(table.columns[start], table.columns[end])
    return {name: Number(name, value, is_integer=False, scale=Scale.MILLISECONDS)}


def operation_number(field: OperationField) -> Number:
    scale = Scale.PLAIN
    if field.type is ValueType.MONEY:
        scale = Scale.NANODOLLARS
    elif field.type is ValueType.MILLISECONDS:
        scale = Scale.MILLISECONDS
    is_integer = field.type is not ValueType.MILLISECONDS
    return Number(field.name, OPERATION.columns[field.name], is_integer=is_integer, scale=scale)


def named(flags: Iterable[Flag]) -> Mapping[str, Flag]:
    return {flag.name: flag for flag in flags}


OPERATIONS = Source(
    name="operations",
    table=OPERATION,
    time="occurred_at",
    dimensions=dimensions(OPERATION, *(field.name for field in fields_with(Role.GROUP))),
    numbers={field.name: operation_number(field) for field in fields_with(Role.AGGREGATE)},
    flags=named(
        [
            Flag("error", OPERATION.c.outcome == Outcome.ERROR.value),
            Flag("cache_hit", OPERATION.c.cache_hit.is_(True), OPERATION.c.cache_hit.is_not(None)),
            Flag(
                "unpriced",
                OPERATION.c.price_status == PriceStatus.UNPRICED.value,
                OPERATION.c.price_status.is_not(None),
            ),
        ]
    ),
    attributes="attributes",
    savings=("cost_saved", "cost_baseline"),
    has_tokens=True,
)

REQUESTS = Source(
    name="requests",
    table=REQUEST,
    time="created_at",
    dimensions=dimensions(
        REQUEST,
        "type",
        "status",
        "title",
        "current_stage",
        "error_stage",
        "error_message",
        "cancel_reason",
        "correlation_id",
        *EVERY_LABEL,
    ),
    numbers={
        **elapsed(REQUEST, "duration_ms", "started_at", "ended_at"),
        **elapsed(REQUEST, "wait_ms", "created_at", "started_at"),
        "progress": Number("progress", REQUEST.c.progress, is_integer=False),
    },
    flags=named(
        [
            Flag("error", REQUEST.c.status == RequestStatus.FAILED.value),
            Flag("completed", REQUEST.c.status == RequestStatus.COMPLETED.value),
            Flag("cancelled", REQUEST.c.status == RequestStatus.CANCELLED.value),
            Flag("active", REQUEST.c.status.in_(ACTIVE_STATUSES)),
        ]
    ),
    attributes="attributes",
)

STAGES = Source(
    name="stages",
    table=STAGE,
    time="started_at",
    dimensions={
        **dimensions(
            STAGE,
            "name",
            "status",
            "organization_id",
            "request_id",
            "attempt",
            "retryable",
            "error_message",
        ),
        **dimensions(REQUEST, *LABELS, request_type="type", request_status="status"),
    },
    numbers={
        **elapsed(STAGE, "duration_ms", "started_at", "ended_at"),
        **integer_numbers(STAGE, "attempt"),
        "progress": Number("progress", STAGE.c.progress, is_integer=False),
    },
    flags=named(
        [
            Flag("error", STAGE.c.status == StageStatus.FAILED.value),
            Flag("completed", STAGE.c.status == StageStatus.COMPLETED.value),
            Flag("retried", STAGE.c.attempt > 1),
        ]
    ),
    parent=Parent(
        REQUEST,
        and_(
            REQUEST.c.organization_id == STAGE.c.organization_id, REQUEST.c.id == STAGE.c.request_id
        ),
    ),
)

EVENTS = Source(
    name="events",
    table=EVENT,
    time="occurred_at",
    dimensions={
        **dimensions(
            EVENT, "type", "severity", "stage", "attempt", "organization_id", "request_id"
        ),
        **dimensions(REQUEST, *LABELS, request_type="type", request_status="status"),
    },
    numbers={},
    flags=named(
        [
            Flag("error", EVENT.c.severity.in_([Severity.ERROR.value, Severity.CRITICAL.value])),
            Flag("warning", EVENT.c.severity == Severity.WARNING.value),
        ]
    ),
    attributes="data",
    parent=Parent(
        REQUEST,
        and_(
            REQUEST.c.organization_id == EVENT.c.organization_id, REQUEST.c.id == EVENT.c.request_id
        ),
    ),
)

SUM_STATS = frozenset({Stat.SUM, Stat.AVG})
INTERACTIONS = Source(
    name="interactions",
    table=COUNTER,
    time="month",
    dimensions=dimensions(
        COUNTER,
        "interaction_type",
        "operation_type",
        "route",
        "method",
        "counts_against_limits",
        *EVERY_LABEL,
    ),
    numbers={
        # A row is a sum of calls: what a single one of them was is not known any more.
        "units": Number("units", COUNTER.c.units, is_integer=True, stats=SUM_STATS),
    },
    weight="calls",
    units=frozenset({BucketUnit.MONTH, BucketUnit.QUARTER, BucketUnit.YEAR}),
    extra_fields=calendar_fields(COUNTER.columns["month"]),
)

SOURCES: Mapping[str, Source] = {
    source.name: source for source in (OPERATIONS, REQUESTS, STAGES, EVENTS, INTERACTIONS)
}
"""Every source by its name."""
