"""How stages and events of requests are filtered."""

from uuid import UUID

import strawberry

from schema.enums import RequestStatus, Severity, StageStatus
from schema.filters import AttributeFilter, FloatFilter, IDFilter, StringFilter, TimeFilter
from schema.hydration import described


@strawberry.input(description="Which stages. All that is given must hold.")
class StageFilter:
    """By name and state, and by their requests."""

    and_: list["StageFilter"] | None = described("All of these.", default=None, name="and")
    or_: list["StageFilter"] | None = described("Any of these.", default=None, name="or")
    not_: "StageFilter | None" = described("The opposite of this.", default=None, name="not")
    name: StringFilter | None = described("By name.", default=None)
    status: list[StageStatus] | None = described("One of these states.", default=None)
    attempt: list[int] | None = described("One of these present attempts.", default=None)
    progress: FloatFilter | None = described("By progress, 0 to 1.", default=None)
    retryable: bool | None = described(
        "Whether a failure was said to be worth another try.", default=None
    )
    error_message: StringFilter | None = described("By the error in words.", default=None)
    message: StringFilter | None = described("By what it last said.", default=None)
    started_at: TimeFilter | None = described("When the present attempt began.", default=None)
    ended_at: TimeFilter | None = described("When the present attempt ended.", default=None)
    request_id: list[UUID] | None = described("One of these requests.", default=None)
    request_type: StringFilter | None = described("By the type of the request.", default=None)
    request_status: list[RequestStatus] | None = described(
        "One of these states of the request.", default=None
    )
    organization_id: IDFilter | None = described("By organization.", default=None)
    namespace_id: IDFilter | None = described("By namespace.", default=None)
    workspace_id: IDFilter | None = described("By workspace.", default=None)
    user_id: IDFilter | None = described("By user.", default=None)
    developer_id: IDFilter | None = described("By developer.", default=None)
    api_key_id: IDFilter | None = described("By API key label.", default=None)
    company_id: IDFilter | None = described("By company.", default=None)
    subscription_id: IDFilter | None = described("By subscription.", default=None)


@strawberry.input(description="Which events. All that is given must hold.")
class EventFilter:
    """By what happened, and by their requests."""

    and_: list["EventFilter"] | None = described("All of these.", default=None, name="and")
    or_: list["EventFilter"] | None = described("Any of these.", default=None, name="or")
    not_: "EventFilter | None" = described("The opposite of this.", default=None, name="not")
    occurred_at: TimeFilter | None = described("When it happened.", default=None)
    recorded_at: TimeFilter | None = described("When the server took it.", default=None)
    type: StringFilter | None = described("By what happened.", default=None)
    severity: list[Severity] | None = described("One of these severities.", default=None)
    stage: StringFilter | None = described("By stage.", default=None)
    attempt: list[int] | None = described("One of these attempts of the stage.", default=None)
    message: StringFilter | None = described("By message.", default=None)
    request_id: list[UUID] | None = described("One of these requests.", default=None)
    request_type: StringFilter | None = described("By the type of the request.", default=None)
    request_status: list[RequestStatus] | None = described(
        "One of these states of the request.", default=None
    )
    organization_id: IDFilter | None = described("By organization.", default=None)
    namespace_id: IDFilter | None = described("By namespace.", default=None)
    workspace_id: IDFilter | None = described("By workspace.", default=None)
    user_id: IDFilter | None = described("By user.", default=None)
    developer_id: IDFilter | None = described("By developer.", default=None)
    api_key_id: IDFilter | None = described("By API key label.", default=None)
    company_id: IDFilter | None = described("By company.", default=None)
    subscription_id: IDFilter | None = described("By subscription.", default=None)
    attributes: list[AttributeFilter] | None = described("By places in data.", default=None)
