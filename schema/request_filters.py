"""How requests are filtered and ordered."""

from enum import StrEnum
from uuid import UUID

import strawberry

from schema.enums import Direction, RequestStatus, register
from schema.filters import AttributeFilter, FloatFilter, IDFilter, StringFilter, TimeFilter
from schema.hydration import described
from store.records import Order


@strawberry.input(description="Which requests. All that is given must hold.")
class RequestFilter:
    """By state, labels, times and attributes."""

    and_: list["RequestFilter"] | None = described("All of these.", default=None, name="and")
    or_: list["RequestFilter"] | None = described("Any of these.", default=None, name="or")
    not_: "RequestFilter | None" = described("The opposite of this.", default=None, name="not")
    id: list[UUID] | None = described("One of these own ids (uuid).", default=None)
    correlation_id: StringFilter | None = described("By correlation id.", default=None)
    type: StringFilter | None = described("By type.", default=None)
    title: StringFilter | None = described("By title.", default=None)
    status: list[RequestStatus] | None = described("One of these states.", default=None)
    current_stage: StringFilter | None = described("By the stage that runs.", default=None)
    error_stage: StringFilter | None = described("By the stage that failed.", default=None)
    progress: FloatFilter | None = described("By progress, 0 to 1.", default=None)
    created_at: TimeFilter | None = described("By when it was created.", default=None)
    started_at: TimeFilter | None = described("By when it was started.", default=None)
    ended_at: TimeFilter | None = described("By when it ended.", default=None)
    updated_at: TimeFilter | None = described("By when it last changed.", default=None)
    organization_id: IDFilter | None = described("By organization.", default=None)
    namespace_id: IDFilter | None = described("By namespace.", default=None)
    workspace_id: IDFilter | None = described("By workspace.", default=None)
    user_id: IDFilter | None = described("By user.", default=None)
    developer_id: IDFilter | None = described("By developer.", default=None)
    api_key_id: IDFilter | None = described("By API key label.", default=None)
    company_id: IDFilter | None = described("By company.", default=None)
    subscription_id: IDFilter | None = described("By subscription.", default=None)
    attributes: list[AttributeFilter] | None = described("By places in attributes.", default=None)


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
