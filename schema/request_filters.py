"""How requests are filtered and ordered."""

from enum import StrEnum
from uuid import UUID

import strawberry

from schema.conditions import condition
from schema.enums import Direction, RequestStatus, register
from schema.filters import AttributeFilter, FloatFilter, IDFilter, StringFilter, TimeFilter
from schema.hydration import described
from store.query.records import Order


@strawberry.input(description="Which requests. All that is given must hold.")
class RequestFilter:
    """By state, labels, times and attributes."""

    and_: list["RequestFilter"] | None = condition("All of these.", name="and")
    or_: list["RequestFilter"] | None = condition("Any of these.", name="or")
    not_: "RequestFilter | None" = condition("The opposite of this.", name="not")
    id: list[UUID] | None = condition("One of these own ids (uuid).")
    correlation_id: StringFilter | None = condition("By correlation id.")
    type: StringFilter | None = condition("By type.")
    title: StringFilter | None = condition("By title.")
    status: list[RequestStatus] | None = condition("One of these states.")
    current_stage: StringFilter | None = condition("By the stage that runs.")
    error_stage: StringFilter | None = condition("By the stage that failed.")
    progress: FloatFilter | None = condition("By progress, 0 to 1.")
    created_at: TimeFilter | None = condition("By when it was created.")
    started_at: TimeFilter | None = condition("By when it was started.")
    ended_at: TimeFilter | None = condition("By when it ended.")
    updated_at: TimeFilter | None = condition("By when it last changed.")
    organization_id: IDFilter | None = condition("By organization.")
    namespace_id: IDFilter | None = condition("By namespace.")
    workspace_id: IDFilter | None = condition("By workspace.")
    user_id: IDFilter | None = condition("By user.")
    developer_id: IDFilter | None = condition("By developer.")
    api_key_id: IDFilter | None = condition("By API key label.")
    company_id: IDFilter | None = condition("By company.")
    subscription_id: IDFilter | None = condition("By subscription.")
    attributes: list[AttributeFilter] | None = condition("By places in attributes.")


class RequestOrderField(StrEnum):
    """What requests can be ordered by; values are columns."""

    ID = "id"
    CREATED_AT = "created_at"
    UPDATED_AT = "updated_at"
    STARTED_AT = "started_at"
    ENDED_AT = "ended_at"
    PROGRESS = "progress"


register(
    RequestOrderField,
    "What requests can be ordered by.",
    ID="The time inside its id; the default, newest first.",
    CREATED_AT="When it was created.",
    UPDATED_AT="When it last changed.",
    STARTED_AT="When it was started.",
    ENDED_AT="When it ended.",
    PROGRESS="How far it is.",
)


@strawberry.input(description="One step of an order of requests.")
class RequestOrder:
    """A field and a direction."""

    field: RequestOrderField = described("What to order by.")
    direction: Direction = described("Which way.", default=Direction.DESC)

    def order(self) -> Order:
        """The same for the store."""
        return Order(self.field.value, self.direction is Direction.DESC)
