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


@strawberry.type(description="Monthly usage of one interaction type by one full set of labels.")
class Interaction(Node, Labelled, FromRow):
    """A row of ``interaction_counters``; months are UTC calendar months."""

    month_start: strawberry.Private[date]
    interaction_type: str = described("Interaction type, such as mini, premium or api_operation.")
    operation_type: str | None = described("Operation type, such as add_memory_v1.")
    route: str | None = described("Route of the API call.")
    method: str | None = described("HTTP method of the API call.")
    counts_against_limits: bool = described(
        "Whether limits counted these units. Units that limits did not count have a "
        "separate counter."
    )
    units: Long = described("Units used.")
    calls: Long = described("Number of calls.")
    first_at: datetime = described("Time of the first call.")
    last_at: datetime = described("Time of the last call.")

    RENAMED: ClassVar = {"month_start": "month"}

    def global_id(self) -> GlobalId:
        month = self.month_start.isoformat()
        return GlobalId("Interaction", (self.organization_id, month, self.__dict__["key"].hex))

    @strawberry.field(description="Calendar year.")
    def year(self) -> int:
        """Of the month."""
        return self.month_start.year

    @strawberry.field(description="Calendar month, 1 to 12.")
    def month(self) -> int:
        """Of the year."""
        return self.month_start.month


@strawberry.input(description="Filters counters. Conditions are combined with AND.")
class InteractionFilter:
    """By month, type and labels."""

    OWN: ClassVar[frozenset[str]] = frozenset({"year", "month"})

    and_: list["InteractionFilter"] | None = condition(
        "Matches records that satisfy all of these filters.", name="and"
    )
    or_: list["InteractionFilter"] | None = condition(
        "Matches records that satisfy any of these filters.", name="or"
    )
    not_: "InteractionFilter | None" = condition(
        "Matches records that do not satisfy this filter.", name="not"
    )
    year: int | None = condition("Calendar year. Requires month.")
    month: int | None = condition("Calendar month, 1 to 12. Requires year.")
    interaction_type: StringFilter | None = condition("Filters by interaction type.")
    operation_type: StringFilter | None = condition("Filters by operation type.")
    route: StringFilter | None = condition("Filters by route.")
    method: StringFilter | None = condition("Filters by HTTP method.")
    organization_id: IDFilter | None = condition("Filters by organization.")
    namespace_id: IDFilter | None = condition("Filters by namespace.")
    workspace_id: IDFilter | None = condition("Filters by workspace.")
    user_id: IDFilter | None = condition("Filters by user.")
    developer_id: IDFilter | None = condition("Filters by developer.")
    api_key_id: IDFilter | None = condition("Filters by API key label.")
    company_id: IDFilter | None = condition("Filters by company.")
    subscription_id: IDFilter | None = condition("Filters by subscription.")
    counts_against_limits: bool | None = condition("Whether limits counted the units.")
    units: LongFilter | None = condition("Filters by units.")
    last_at: TimeFilter | None = condition("Filters by the time of the last call.")

    def own_conditions(self) -> list[Condition]:
        """The calendar month, or all months of the year."""
        year, month = (None if n is strawberry.UNSET else n for n in (self.year, self.month))
        if year is None:
            if month is None:
                return []
            raise InvalidInputError(
                "month requires year. Add year to the filter.", ("where", "year")
            )
        try:
            first = date(year, 1 if month is None else month, 1)
        except ValueError as error:
            raise InvalidInputError(f"Invalid month: {error}.", ("where",)) from None
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
    "Fields that counters can be ordered by.",
    MONTH="Month. The default, newest first.",
    UNITS="Units used.",
    CALLS="Number of calls.",
    LAST_AT="Time of the last call.",
)


@strawberry.input(description="One term of the order of counters.")
class InteractionOrder:
    """A field and a direction."""

    field: InteractionOrderField = described("Field to order by.")
    direction: Direction = described("Sort direction.", default=Direction.DESC)

    def order(self) -> Order:
        """The same for the store."""
        return Order(self.field.value, self.direction is Direction.DESC)
