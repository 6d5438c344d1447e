"""Define Relay's node and nodes: records by global id, within the caller's bounds."""

import asyncio
from typing import Annotated

import strawberry

from schema.api_keys import ApiKey
from schema.arguments import about
from schema.circuit_breakers import CircuitBreaker
from schema.context import Info
from schema.events import Event
from schema.interactions import Interaction
from schema.limits import Limit
from schema.nodes import GlobalId, Node
from schema.operations import Operation
from schema.requests import Request
from schema.sessions import Session
from schema.stages import Stage
from store.errors import InvalidInputError
from store.nodes import load_node

MAX_NODES = 1_000
CONVERTERS = {
    "Operation": Operation.from_row,
    "Request": Request.from_row,
    "Session": Session.from_row,
    "Stage": Stage.from_row,
    "Event": Event.from_row,
    "Limit": Limit.from_row,
    "Interaction": Interaction.from_row,
    "CircuitBreaker": CircuitBreaker.from_row,
    "ApiKey": ApiKey.from_row,
}


async def find_node(info: Info, id: str) -> Node | None:
    global_id = GlobalId.decode(id)
    hydrate = CONVERTERS.get(global_id.type)
    if hydrate is None:
        raise InvalidInputError(f"Unknown type {global_id.type!r}.", ("id",))
    row = await load_node(
        info.context.loaders, info.context.principal, global_id.type, global_id.key
    )
    return hydrate(row) if row else None


@strawberry.type
class NodeQueries:
    @strawberry.field(description="Returns a record by its global id.")
    async def node(
        self, info: Info, id: Annotated[strawberry.ID, about("Global id of the record.")]
    ) -> Node | None:
        info.context.reader()
        return await find_node(info, id)

    @strawberry.field(
        description="Returns up to 1,000 records by their global ids, in the requested order."
    )
    async def nodes(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], about("Global ids of the records.")],
    ) -> list[Node | None]:
        info.context.reader()
        if len(ids) > MAX_NODES:
            raise InvalidInputError(
                f"ids must not hold more than {MAX_NODES:,} ids (got {len(ids):,}).", ("ids",)
            )
        return list(await asyncio.gather(*(find_node(info, id) for id in ids)))
