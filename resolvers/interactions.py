"""Define the root fields of interaction counters."""

from typing import Annotated

import strawberry

from resolvers.pages import connection
from schema.arguments import After, Before, First, Last, about, where_of
from schema.connections import Connection
from schema.context import Info
from schema.filters import condition_of
from schema.interactions import Interaction, InteractionFilter, InteractionOrder
from store.query.paging import PageRequest
from store.query.records import RecordQuery


@strawberry.type
class InteractionQueries:
    @strawberry.field(
        description="Interaction counters per month and full set of labels, newest month first."
    )
    async def interactions(
        self,
        info: Info,
        where: Annotated[InteractionFilter | None, where_of("counters")] = None,
        order_by: Annotated[
            list[InteractionOrder] | None, about("Sort order, most significant field first.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[Interaction]:
        store = info.context.store
        question = RecordQuery(
            condition_of(where, store.now()), tuple(step.order() for step in order_by or ())
        )
        page = PageRequest(first, after, last, before)
        return await connection(info, store.interactions, question, page, Interaction.from_row)
