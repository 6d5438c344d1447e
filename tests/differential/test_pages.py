"""Pages that are written straight from their columns: which ones, and with what no column should hold."""

import logging
from dataclasses import replace
from typing import Any

import pytest

from schema.connections import Nodes
from store.query.paging import Page
from store.query.records import Records
from tests.differential.invalid_values import MISSING, SPOILED
from tests.differential.pair import Pair
from tests.differential.reads import headed
from tests.differential.test_invalid_rows import FIELDS
from tests.support.databases import ON_SQLITE

pytestmark = [pytest.mark.asyncio(loop_scope="module"), ON_SQLITE]

STRAIGHT = {
    "nodes": f"nodes {{ {FIELDS} }}",
    "edges": f"edges {{ cursor node {{ {FIELDS} }} }}",
    "both": "nodes { name } edges { cursor node { kind uuid } } pageInfo { endCursor } totalCount",
    "aliases": """a: nodes { x: name y: name }
        b: edges { c: cursor d: cursor e: node { name } f: node { kind } }""",
    "aliases of names in use": "nodes { name: kind kind: name f0: uuid f1: outcome __typename }",
    "typenames": "nodes { __typename a: __typename } edges { __typename node { __typename } }",
    "money": "nodes { costBaseline costActual costSaved tokensOriginal inputTokens }",
    "nodes in parts": "nodes { name } edges { node { name } } nodes { kind } edges { node { uuid } }",
    "fragments": """... on OperationConnection { nodes { ... on Labelled { userId } ... { name } } }
        edges { ... on OperationEdge { node { ... on Operation { kind } } cursor } }""",
    "what is skipped": """nodes { name @skip(if: $yes) kind @include(if: $yes) id @include(if: $no) }
        edges { cursor @include(if: $no) node { name message @skip(if: $yes) } }""",
}  # fmt: skip
"""Selections for which no object is made."""
MADE = {
    "global ids": "nodes { id name }",
    "loaders": "nodes { name } edges { node { session { name } message } }",
    "one of two": "edges { a: node { name } b: node { id } }",
    "nothing": "nodes { name @include(if: $no) }",
    "no edge": "edges { cursor @include(if: $no) } nodes { id }",
}
"""Selections for which objects are made."""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pages were made into objects so far, by both servers."""
    found: list[int] = []
    make = Nodes._make

    def spy(self: Nodes[Any]) -> list[Any]:
        found.append(len(self.page))
        return make(self)

    monkeypatch.setattr(Nodes, "_make", spy)
    return found


@pytest.mark.parametrize("shape", STRAIGHT | MADE)
async def test_objects_are_made_only_where_they_are_needed(
    seeded: Pair, shape: str, made: list[int]
) -> None:
    selection = (STRAIGHT | MADE)[shape]
    for arguments in ("first: 9", "last: 9", "first: 24, orderBy: [{field: DURATION_MS}]"):
        asked = {"query": headed(f"{{ operations({arguments}) {{ {selection} }} }}")}
        made.clear()
        answer = await seeded.same(asked)
        assert "errors" not in answer.json(), answer.text
        # The plain server makes each page's objects once.
        assert len(made) == (1 if shape in STRAIGHT else 2)


async def test_pages_of_edges(seeded: Pair, made: list[int]) -> None:
    document = """{ requests(first: 9) { nodes { operations { nodes { name } edges { cursor } }
        events(first: 9) { edges { cursor node { seq type } } nodes { uuid data } } } } }"""
    await seeded.same({"query": document})
    # Of nine logs the plain server makes objects; of the requests around them, both do.
    assert made.count(9) == 9 + 2


@pytest.mark.parametrize("attribute", SPOILED)
async def test_a_value_that_no_column_should_hold(
    seeded: Pair, attribute: str, monkeypatch: pytest.MonkeyPatch, subtests: pytest.Subtests
) -> None:
    for name in ("trackstore.graphql", "trackstore.access"):
        monkeypatch.setattr(logging.getLogger(name), "disabled", True)
    list_page = Records.list_page
    column = "id" if attribute == "uuid" else attribute
    values: list[Any] = [value for value in SPOILED[attribute] if value is not MISSING]
    for index, value in enumerate(values):

        async def spoiled(self: Records, *args: Any, value: Any = value) -> Page:
            page = await list_page(self, *args)
            held = list(page.columns[column])
            held[4] = value
            return replace(page, columns={**page.columns, column: held})

        with subtests.test(f"{index}"), pytest.MonkeyPatch.context() as patch:
            patch.setattr(Records, "list_page", spoiled)
            for selection in (
                STRAIGHT["nodes"],
                f"edges {{ node {{ {FIELDS} }} }} nodes {{ name }}",
            ):
                await seeded.same({"query": f"{{ operations(first: 9) {{ {selection} }} }}"})
