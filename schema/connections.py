"""Build Relay connections over keyset pages; the total is counted only if selected."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, Generic, TypeVar, overload

import strawberry

from schema.hydration import described
from schema.scalars import Long
from store.database import Row
from store.query.paging import Page

T = TypeVar("T")


@strawberry.type(description="Paging information.")
class PageInfo:
    has_next_page: bool = described("Whether more records follow this page.")
    has_previous_page: bool = described("Whether more records precede this page.")
    start_cursor: str | None = described("Cursor of the first record on the page.")
    end_cursor: str | None = described(
        "Cursor of the last record on the page. Pass it as after to read the next page."
    )


@strawberry.type(description="A record and its cursor.")
class Edge(Generic[T]):
    cursor: str = described("Opaque cursor of the record. Valid only with the same order.")
    node: T = described("The record.")


class Items(Sequence[T]):
    """Convert the items on first access."""

    def _make(self) -> list[T]:
        raise NotImplementedError

    @cached_property
    def _loaded(self) -> list[T]:
        return self._make()

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        return self._loaded[index]

    def __iter__(self) -> Iterator[T]:
        return iter(self._loaded)

    def __len__(self) -> int:
        return len(self._loaded)


class Nodes(Items[T]):
    def __init__(self, page: Page, make: Callable[[Row], T]) -> None:
        self.page = page
        self.make = make

    def _make(self) -> list[T]:
        return [self.make(row) for row in self.page.rows]


class WrittenNodes(Sequence[Any]):
    """The records of a page that the database wrote as JSON objects; only the fast path reads them."""

    def __init__(self, objects: Sequence[str]) -> None:
        self.objects = objects

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[str]: ...
    def __getitem__(self, index: int | slice) -> str | Sequence[str]:
        return self.objects[index]

    def __len__(self) -> int:
        return len(self.objects)


class Edges(Items[Edge[T]]):
    def __init__(self, nodes: Nodes[T]) -> None:
        self.nodes = nodes

    def _make(self) -> list[Edge[T]]:
        cursors = self.nodes.page.cursors
        return [Edge(cursor=c, node=n) for c, n in zip(cursors, self.nodes, strict=True)]


@strawberry.type(description="A page of records.")
class Connection(Generic[T]):
    nodes: Sequence[T] = described("Records on this page.")
    page_info: PageInfo = described("Paging information.")
    counter: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="Records on this page with their cursors.")
    def edges(self) -> Sequence[Edge[T]]:
        assert isinstance(self.nodes, Nodes)
        return Edges(self.nodes)

    @strawberry.field(description="Total number of records on all pages. Requires a count query.")
    async def total_count(self) -> Long:
        return Long(await self.counter())


def connect(page: Page, nodes: Sequence[T], counter: Callable[[], Awaitable[int]]) -> Connection[T]:
    """Return the connection of a page; a page without its order has no cursors."""
    has_cursors = len(page) > 0 and len(page.terms) > 0
    info = PageInfo(
        has_next_page=page.has_next,
        has_previous_page=page.has_previous,
        start_cursor=page.cursor(0) if has_cursors else None,
        end_cursor=page.cursor(-1) if has_cursors else None,
    )
    return Connection(nodes=nodes, page_info=info, counter=counter)
