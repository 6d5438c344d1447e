"""Define the filters of stages and events."""

import strawberry

from schema.conditions import condition
from schema.enums import RequestStatus, Severity, StageStatus
from schema.filter_operators import (
    AttributeFilter,
    BooleanFilter,
    DateTimeFilter,
    FloatFilter,
    IDFilter,
    IntFilter,
    StringFilter,
    UUIDFilter,
    ValueFilter,
)


@strawberry.input(description="Filters stages. Conditions are combined with AND.")
class StageFilter:
    and_: list["StageFilter"] | None = condition(
        "Matches records that satisfy all of these filters.", name="and"
    )
    or_: list["StageFilter"] | None = condition(
        "Matches records that satisfy any of these filters.", name="or"
    )
    not_: "StageFilter | None" = condition(
        "Matches records that do not satisfy this filter.", name="not"
    )
    name: StringFilter | None = condition("Filters by name.")
    status: ValueFilter[StageStatus] | None = condition("Filters by status.")
    attempt: IntFilter | None = condition("Filters by the current attempt.")
    progress: FloatFilter | None = condition("Filters by progress, 0 to 1.")
    retryable: BooleanFilter | None = condition(
        "Filters by whether a failure was reported as retryable."
    )
    error_message: StringFilter | None = condition("Filters by error message.")
    message: StringFilter | None = condition("Filters by the last message.")
    started_at: DateTimeFilter | None = condition(
        "Filters by the start time of the current attempt."
    )
    ended_at: DateTimeFilter | None = condition("Filters by the end time of the current attempt.")
    request_id: UUIDFilter | None = condition("Filters by request.")
    request_type: StringFilter | None = condition("Filters by the type of the request.")
    request_status: ValueFilter[RequestStatus] | None = condition(
        "Matches any of these statuses of the request."
    )
    organization_id: IDFilter | None = condition("Filters by organization.")
    namespace_id: IDFilter | None = condition("Filters by namespace.")
    workspace_id: IDFilter | None = condition("Filters by workspace.")
    user_id: IDFilter | None = condition("Filters by user.")
    developer_id: IDFilter | None = condition("Filters by developer.")
    api_key_id: IDFilter | None = condition("Filters by API key label.")
    company_id: IDFilter | None = condition("Filters by company.")
    subscription_id: IDFilter | None = condition("Filters by subscription.")


@strawberry.input(description="Filters events. Conditions are combined with AND.")
class EventFilter:
    and_: list["EventFilter"] | None = condition(
        "Matches records that satisfy all of these filters.", name="and"
    )
    or_: list["EventFilter"] | None = condition(
        "Matches records that satisfy any of these filters.", name="or"
    )
    not_: "EventFilter | None" = condition(
        "Matches records that do not satisfy this filter.", name="not"
    )
    occurred_at: DateTimeFilter | None = condition("Filters by the time it happened.")
    recorded_at: DateTimeFilter | None = condition("Filters by the time the server recorded it.")
    type: StringFilter | None = condition("Filters by event type.")
    severity: ValueFilter[Severity] | None = condition("Filters by severity.")
    stage: StringFilter | None = condition("Filters by stage.")
    attempt: IntFilter | None = condition("Filters by attempt of the stage.")
    message: StringFilter | None = condition("Filters by message.")
    request_id: UUIDFilter | None = condition("Filters by request.")
    request_type: StringFilter | None = condition("Filters by the type of the request.")
    request_status: ValueFilter[RequestStatus] | None = condition(
        "Matches any of these statuses of the request."
    )
    organization_id: IDFilter | None = condition("Filters by organization.")
    namespace_id: IDFilter | None = condition("Filters by namespace.")
    workspace_id: IDFilter | None = condition("Filters by workspace.")
    user_id: IDFilter | None = condition("Filters by user.")
    developer_id: IDFilter | None = condition("Filters by developer.")
    api_key_id: IDFilter | None = condition("Filters by API key label.")
    company_id: IDFilter | None = condition("Filters by company.")
    subscription_id: IDFilter | None = condition("Filters by subscription.")
    data: list[AttributeFilter] | None = condition("Filters by paths in data.")
