"""Interaction counters: listed."""

import strawberry

from resolvers.pages import connection
from schema.connections import Connection
from schema.context import Info
from schema.filters import condition_of
from schema.interactions import Interaction, InteractionFilter, InteractionOrder
from store.paging import PageRequest
from store.records import Question


@strawberry.type
class InteractionQueries:
    """Reading counters."""

    @strawberry.field(description="Counters per month and full set of labels, newest month first.")
    async def interactions(
        self,
        info: Info,
        where: InteractionFilter | None = None,
        order_by: list[InteractionOrder] | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Interaction]:
        """A page of those within the caller's bounds."""
        store = info.context.store
        question = Question(
            condition_of(where, store.now()), tuple(step.order() for step in order_by or ())
        )
        page = PageRequest(first, after, last, before)
        return await connection(info, store.interactions, question, page, Interaction.from_row)
