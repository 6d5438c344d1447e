"""How stages and events of requests are filtered."""

from uuid import UUID

import strawberry

from schema.conditions import condition
from schema.enums import RequestStatus, Severity, StageStatus
from schema.filters import AttributeFilter, FloatFilter, IDFilter, StringFilter, TimeFilter


@strawberry.input(description="Which stages. All that is given must hold.")
class StageFilter:
    """By name and state, and by their requests."""

    and_: list["StageFilter"] | None = condition("All of these.", name="and")
    or_: list["StageFilter"] | None = condition("Any of these.", name="or")
    not_: "StageFilter | None" = condition("The opposite of this.", name="not")
    name: StringFilter | None = condition("By name.")
    status: list[StageStatus] | None = condition("One of these states.")
    attempt: list[int] | None = condition("One of these present attempts.")
    progress: FloatFilter | None = condition("By progress, 0 to 1.")
    retryable: bool | None = condition("Whether a failure was said to be worth another try.")
    error_message: StringFilter | None = condition("By the error in words.")
    message: StringFilter | None = condition("By what it last said.")
    started_at: TimeFilter | None = condition("When the present attempt began.")
    ended_at: TimeFilter | None = condition("When the present attempt ended.")
    request_id: list[UUID] | None = condition("One of these requests.")
    request_type: StringFilter | None = condition("By the type of the request.")
    request_status: list[RequestStatus] | None = condition("One of these states of the request.")
    organization_id: IDFilter | None = condition("By organization.")
    namespace_id: IDFilter | None = condition("By namespace.")
    workspace_id: IDFilter | None = condition("By workspace.")
    user_id: IDFilter | None = condition("By user.")
    developer_id: IDFilter | None = condition("By developer.")
    api_key_id: IDFilter | None = condition("By API key label.")
    company_id: IDFilter | None = condition("By company.")
    subscription_id: IDFilter | None = condition("By subscription.")


@strawberry.input(description="Which events. All that is given must hold.")
class EventFilter:
    """By what happened, and by their requests."""

    and_: list["EventFilter"] | None = condition("All of these.", name="and")
    or_: list["EventFilter"] | None = condition("Any of these.", name="or")
    not_: "EventFilter | None" = condition("The opposite of this.", name="not")
    occurred_at: TimeFilter | None = condition("When it happened.")
    recorded_at: TimeFilter | None = condition("When the server took it.")
    type: StringFilter | None = condition("By what happened.")
    severity: list[Severity] | None = condition("One of these severities.")
    stage: StringFilter | None = condition("By stage.")
    attempt: list[int] | None = condition("One of these attempts of the stage.")
    message: StringFilter | None = condition("By message.")
    request_id: list[UUID] | None = condition("One of these requests.")
    request_type: StringFilter | None = condition("By the type of the request.")
    request_status: list[RequestStatus] | None = condition("One of these states of the request.")
    organization_id: IDFilter | None = condition("By organization.")
    namespace_id: IDFilter | None = condition("By namespace.")
    workspace_id: IDFilter | None = condition("By workspace.")
    user_id: IDFilter | None = condition("By user.")
    developer_id: IDFilter | None = condition("By developer.")
    api_key_id: IDFilter | None = condition("By API key label.")
    company_id: IDFilter | None = condition("By company.")
    subscription_id: IDFilter | None = condition("By subscription.")
    attributes: list[AttributeFilter] | None = condition("By places in data.")
