"""Interaction counters: units per month and full set of labels."""

from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

import strawberry

from schema.conditions import condition
from schema.enums import Direction, register
from schema.filters import IDFilter, LongFilter, StringFilter, TimeFilter
from schema.hydration import FromRow, described
from schema.labels import Labelled
from schema.nodes import GlobalId, Node
from schema.scalars import Long
from store.errors import InvalidInputError
from store.query.filters import Compare, ComparisonOperator, Condition
from store.query.records import Order

MONTHS = 12


@strawberry.type(description="What one full set of labels used of one interaction in one month.")
class Interaction(Node, Labelled, FromRow):
    """A row of ``interaction_counters``; months are UTC calendar months."""

    month_start: strawberry.Private[date]
    interaction_type: str = described("What was used, such as mini, premium or api_operation.")
    operation_type: str | None = described("What for, such as add_memory_v1.")
    route: str | None = described("API: the route.")
    method: str | None = described("API: the HTTP method.")
    counts_against_limits: bool = described(
        "Whether limits counted these units, too; what they did not has a counter of its own."
    )
    units: Long = described("Units used.")
    calls: Long = described("Calls that used them.")
    first_at: datetime = described("The first of these calls.")
    last_at: datetime = described("The last of these calls.")

    RENAMED: ClassVar = {"month_start": "month"}

    def global_id(self) -> GlobalId:
        month = self.month_start.isoformat()
        return GlobalId("Interaction", (self.organization_id, month, self.__dict__["key"].hex))

    @strawberry.field(description="The calendar year.")
    def year(self) -> int:
        """Of the month."""
        return self.month_start.year

    @strawberry.field(description="The calendar month, 1 to 12.")
    def month(self) -> int:
        """Of the year."""
        return self.month_start.month


@strawberry.input(description="Which counters. All that is given must hold.")
class InteractionFilter:
    """By month, type and labels."""

    OWN: ClassVar[frozenset[str]] = frozenset({"year", "month"})

    and_: list["InteractionFilter"] | None = condition("All of these.", name="and")
    or_: list["InteractionFilter"] | None = condition("Any of these.", name="or")
    not_: "InteractionFilter | None" = condition("The opposite of this.", name="not")
    year: int | None = condition("The calendar year (with month).")
    month: int | None = condition("The calendar month, 1 to 12 (with year).")
    interaction_type: StringFilter | None = condition("By interaction type.")
    operation_type: StringFilter | None = condition("By operation type.")
    route: StringFilter | None = condition("By route.")
    method: StringFilter | None = condition("By HTTP method.")
    organization_id: IDFilter | None = condition("By organization.")
    namespace_id: IDFilter | None = condition("By namespace.")
    workspace_id: IDFilter | None = condition("By workspace.")
    user_id: IDFilter | None = condition("By user.")
    developer_id: IDFilter | None = condition("By developer.")
    api_key_id: IDFilter | None = condition("By API key label.")
    company_id: IDFilter | None = condition("By company.")
    subscription_id: IDFilter | None = condition("By subscription.")
    counts_against_limits: bool | None = condition("Whether limits counted them.")
    units: LongFilter | None = condition("By units.")
    last_at: TimeFilter | None = condition("By the last call.")

    def own_conditions(self) -> list[Condition]:
        """The calendar month, or all months of the year."""
        year, month = (None if n is strawberry.UNSET else n for n in (self.year, self.month))
        if year is None:
            if month is None:
                return []
            raise InvalidInputError("a month needs its year", ("where", "year"))
        try:
            first = date(year, 1 if month is None else month, 1)
        except ValueError as error:
            raise InvalidInputError(f"there is no such month: {error}", ("where",)) from None
        months = MONTHS if month is None else 1
        year, month = divmod(first.year * MONTHS + first.month - 1 + months, MONTHS)
        found: list[Condition] = [Compare("month", ComparisonOperator.GTE, first)]
        if year <= date.max.year:
            found.append(Compare("month", ComparisonOperator.LT, date(year, month + 1, 1)))
        return found


class InteractionOrderField(StrEnum):
    """What counters can be ordered by; values are columns."""

    MONTH = "month"
    UNITS = "units"
    CALLS = "calls"
    LAST_AT = "last_at"


register(
    InteractionOrderField,
    "What counters can be ordered by.",
    MONTH="The month; the default, newest first.",
    UNITS="Units used.",
    CALLS="Calls.",
    LAST_AT="The last call.",
)


@strawberry.input(description="One step of an order of counters.")
class InteractionOrder:
    """A field and a direction."""

    field: InteractionOrderField = described("What to order by.")
    direction: Direction = described("Which way.", default=Direction.DESC)

    def order(self) -> Order:
        """The same for the store."""
        return Order(self.field.value, self.direction is Direction.DESC)
