"""Walks through all pages of a connection, forward or backward."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from tests.support.api import Api, Json

PAGE_INFO = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
MAX_PAGES = 1_000
Key = Callable[[Json], Any]


def document_of(field: str, order: str, node: str) -> str:
    """A query of one page of a root field; ``order`` is the type of its orderBy, or nothing."""
    declared, given = (f"$orderBy: [{order}!], ", "orderBy: $orderBy, ") if order else ("", "")
    return f"""query ({declared}$first: Int, $after: String, $last: Int, $before: String) {{
        {field}({given}first: $first, after: $after, last: $last, before: $before) {{
          nodes {{ {node} }} edges {{ cursor node {{ uuid: id }} }} {PAGE_INFO} }} }}"""


async def pages(
    api: Api, document: str, size: int, *, forward: bool = True, **variables: Any
) -> AsyncIterator[Json]:
    """The pages in the order they are turned; checks what each says of itself."""
    cursor: str | None = None
    for number in range(MAX_PAGES):
        asked = {"first": size, "after": cursor} if forward else {"last": size, "before": cursor}
        (page,) = (await api(document, variables | asked)).values()
        info, edges = page["pageInfo"], page["edges"]
        assert len(page["nodes"]) == len(edges) <= size
        cursors = [edge["cursor"] for edge in edges]
        assert len(set(cursors)) == len(cursors)
        assert [info["startCursor"], info["endCursor"]] == (
            [cursors[0], cursors[-1]] if cursors else [None, None]
        )
        more, back = (
            ("hasNextPage", "hasPreviousPage") if forward else ("hasPreviousPage", "hasNextPage")
        )
        assert info[back] is (number > 0)
        yield page
        if not info[more]:
            return
        assert len(edges) == size
        cursor = info["endCursor" if forward else "startCursor"]
    raise AssertionError("the pages do not end")


async def walk(
    api: Api, document: str, size: int, *, forward: bool = True, **variables: Any
) -> list[Json]:
    """All nodes, in the order of the connection whichever way they are read."""
    found: list[list[Json]] = [
        page["nodes"] async for page in pages(api, document, size, forward=forward, **variables)
    ]
    return [node for nodes in (found if forward else reversed(found)) for node in nodes]


def in_order(nodes: Sequence[Json], steps: Sequence[tuple[Key, bool]]) -> list[Json]:
    """``nodes`` sorted by several keys; of each, null values come last and True means descending."""
    ordered = list(nodes)
    for key, descending in reversed(steps):
        known = [node for node in ordered if key(node) is not None]
        unknown = [node for node in ordered if key(node) is None]
        ordered = sorted(known, key=key, reverse=descending) + unknown
    return ordered
