"""Relay connections over keyset pages; the total is counted only when it is selected."""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

import strawberry

from schema.hydration import described
from schema.scalars import Long
from store.paging import Page

T = TypeVar("T")


@strawberry.type(description="Where a page stands among all records.")
class PageInfo:
    """As the Relay specification has it."""

    has_next_page: bool = described("Whether there are records after this page.")
    has_previous_page: bool = described("Whether there are records before this page.")
    start_cursor: str | None = described("Cursor of the first record.")
    end_cursor: str | None = described("Cursor of the last record: ask for the next page after it.")


@strawberry.type(description="A record and its place in the order.")
class Edge(Generic[T]):
    """As the Relay specification has it."""

    cursor: str = described("Opaque place of this record; valid with the same order only.")
    node: T = described("The record.")


@strawberry.type(description="A page of records.")
class Connection(Generic[T]):
    """As the Relay specification has it, and the nodes without their edges."""

    nodes: list[T] = described("The records of the page.")
    page_info: PageInfo = described("Where the page stands.")
    page: strawberry.Private[Page]
    counter: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="The records of the page, each with its cursor.")
    def edges(self) -> list[Edge[T]]:
        """Nodes and cursors side by side."""
        cursors = self.page.cursors
        return [Edge(cursor=c, node=n) for c, n in zip(cursors, self.nodes, strict=True)]

    @strawberry.field(description="How many records there are on all pages; costs a count.")
    async def total_count(self) -> Long:
        """Counted only when asked for."""
        return Long(await self.counter())


def connect(
    page: Page, make: Callable[[Any], T], counter: Callable[[], Awaitable[int]]
) -> Connection[T]:
    """The connection of a page of rows."""
    info = PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=page.cursor(0) if page.rows else None,
        end_cursor=page.cursor(-1) if page.rows else None,
    )
    return Connection(
        nodes=[make(row) for row in page.rows],
        page_info=info,
        page=page,
        counter=counter,
    )
