"""Define the filter and the order of requests."""

from enum import StrEnum

import strawberry

from schema.conditions import condition
from schema.enums import Direction, RequestStatus, register
from schema.filter_operators import (
    AttributeFilter,
    DateTimeFilter,
    FloatFilter,
    IDFilter,
    StringFilter,
    UUIDFilter,
    ValueFilter,
)
from schema.hydration import described
from store.query.records import Order


@strawberry.input(description="Filters requests. Conditions are combined with AND.")
class RequestFilter:
    and_: list["RequestFilter"] | None = condition(
        "Matches records that satisfy all of these filters.", name="and"
    )
    or_: list["RequestFilter"] | None = condition(
        "Matches records that satisfy any of these filters.", name="or"
    )
    not_: "RequestFilter | None" = condition(
        "Matches records that do not satisfy this filter.", name="not"
    )
    id: UUIDFilter | None = condition("Filters by uuid.")
    correlation_id: StringFilter | None = condition("Filters by correlation id.")
    type: StringFilter | None = condition("Filters by type.")
    title: StringFilter | None = condition("Filters by title.")
    status: ValueFilter[RequestStatus] | None = condition("Filters by status.")
    current_stage: StringFilter | None = condition("Filters by the running stage.")
    error_stage: StringFilter | None = condition("Filters by the failed stage.")
    progress: FloatFilter | None = condition("Filters by progress, 0 to 1.")
    created_at: DateTimeFilter | None = condition("Filters by creation time.")
    started_at: DateTimeFilter | None = condition("Filters by start time.")
    ended_at: DateTimeFilter | None = condition("Filters by end time.")
    updated_at: DateTimeFilter | None = condition("Filters by the time of the last change.")
    organization_id: IDFilter | None = condition("Filters by organization.")
    namespace_id: IDFilter | None = condition("Filters by namespace.")
    workspace_id: IDFilter | None = condition("Filters by workspace.")
    user_id: IDFilter | None = condition("Filters by user.")
    developer_id: IDFilter | None = condition("Filters by developer.")
    api_key_id: IDFilter | None = condition("Filters by API key label.")
    company_id: IDFilter | None = condition("Filters by company.")
    subscription_id: IDFilter | None = condition("Filters by subscription.")
    attributes: list[AttributeFilter] | None = condition("Filters by paths in attributes.")


class RequestOrderField(StrEnum):
    ID = "id"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    STARTED_AT = "started_at"
    ENDED_AT = "ended_at"
    PROGRESS = "progress"


register(
    RequestOrderField,
    "Fields that requests can be ordered by.",
    ID="Time in the id. The default, newest first.",
    CREATED_AT="Creation time.",
    UPDATED_AT="Time of the last change.",
    STARTED_AT="Start time.",
    ENDED_AT="End time.",
    PROGRESS="Progress.",
)


@strawberry.input(description="One term of the order of requests.")
class RequestOrder:
    field: RequestOrderField = described("Field to order by.")
    direction: Direction = described("Sort direction.", default=Direction.DESC)

    def order(self) -> Order:
        return Order(self.field.value, self.direction is Direction.DESC)
