"""Describe interaction counters: units per month and full set of labels."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar

import strawberry

from schema.conditions import FieldCondition, condition, operators_in
from schema.enums import Direction, register
from schema.filter_operators import (
    BooleanFilter,
    DateTimeFilter,
    IDFilter,
    IntFilter,
    LongFilter,
    StringFilter,
)
from schema.filters import OPERATORS
from schema.hydration import FromRow, described
from schema.labels import Labelled
from schema.nodes import GlobalId, Node
from schema.scalars import Long
from store.calendar import MONTHS, calendar_conditions
from store.errors import InvalidInputError
from store.query.filters import Compare, Condition
from store.query.records import Order


@strawberry.type(description="Monthly usage of one interaction type by one full set of labels.")
class Interaction(Node, Labelled, FromRow):
    """Represent a row of ``interaction_counters``; months are UTC calendar months."""

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
        return self.month_start.year

    @strawberry.field(description="Calendar month, 1 to 12.")
    def month(self) -> int:
        return self.month_start.month


@strawberry.input(description="Filters counters. Conditions are combined with AND.")
class InteractionFilter:
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
    year: IntFilter | None = condition("Filters by calendar year, in UTC.")
    month: IntFilter | None = condition("Filters by calendar month, 1 to 12, of any year.")
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
    counts_against_limits: BooleanFilter | None = condition(
        "Filters by whether limits counted the units."
    )
    units: LongFilter | None = condition("Filters by units.")
    last_at: DateTimeFilter | None = condition("Filters by the time of the last call.")

    def own_conditions(self, parts: Iterable[FieldCondition]) -> list[Condition]:
        comparisons_of = {
            part.name: [
                number_in(part.name, operator) for operator in operators_in(part.value, part.path)
            ]
            for part in parts
        }
        return calendar_conditions(
            "month", comparisons_of.get("year", ()), comparisons_of.get("month", ())
        )


def number_in(name: str, operator: FieldCondition) -> Compare:
    """Return a comparison of a year or a month; raise ``InvalidInputError`` for one that never is."""
    highest = MONTHS if name == "month" else date.max.year
    numbers = operator.value if isinstance(operator.value, list) else [operator.value]
    for place, number in enumerate(numbers):
        if not isinstance(number, bool) and not 1 <= number <= highest:
            path = (*operator.path, place) if numbers is operator.value else operator.path
            raise InvalidInputError(f"Invalid {name} {number}. Use 1 to {highest}.", path)
    return Compare(name, OPERATORS[operator.name], operator.value)


class InteractionOrderField(StrEnum):
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
    field: InteractionOrderField = described("Field to order by.")
    direction: Direction = described("Sort direction.", default=Direction.DESC)

    def order(self) -> Order:
        return Order(self.field.value, self.direction is Direction.DESC)
