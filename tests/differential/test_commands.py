"""Every field of Query and Mutation, answered and stored alike, on both databases."""

from typing import Any

import pytest
from graphql import GraphQLObjectType, OperationDefinitionNode, parse
from graphql.language import FieldNode

from tests.differential.commands import STORY, Step
from tests.differential.pair import Pair, own_id
from tests.differential.selections import contract

pytestmark = pytest.mark.asyncio(loop_scope="module")


def root_fields(document: str) -> set[tuple[str, str]]:
    """The root fields of a document, each with the kind of its operation."""
    return {
        (operation.operation.value, node.name.value)
        for operation in parse(document).definitions
        if isinstance(operation, OperationDefinitionNode)
        for node in operation.selection_set.selections
        if isinstance(node, FieldNode)
    }


async def test_every_root_field_is_in_the_story() -> None:
    told = set[tuple[str, str]]().union(*(root_fields(step.document) for step in STORY))
    schema = contract()
    missing = {
        (kind, name)
        for kind, root in (("query", schema.query_type), ("mutation", schema.mutation_type))
        for name in (root.fields if isinstance(root, GraphQLObjectType) else ())
    } - told
    assert not missing, "tell of these as well"


class Teller:
    """Tells the story once: chooses ids, and keeps what answers held."""

    def __init__(self, telling: int) -> None:
        self._telling = telling
        self._known: dict[str, str] = {}

    def filled(self, value: Any) -> Any:
        """Variables with the texts that stand for others replaced."""
        if isinstance(value, dict):
            return {name: self.filled(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.filled(member) for member in value]
        if isinstance(value, str) and value.startswith("#"):
            return str(own_id(sum(map(ord, value)), self._telling))
        if isinstance(value, str) and value.startswith("@"):
            return self._known[value[1:]]
        return value

    def keep(self, step: Step, data: Any) -> None:
        """Remember what later steps need."""
        for name, path in step.keep.items():
            found = data
            for part in path:
                found = found[part]
            self._known[name] = found


async def test_the_whole_story_told_often(pair: Pair) -> None:
    for telling in range(1, 4):
        teller = Teller(telling)
        for step in STORY:
            body = {"query": step.document, "variables": teller.filled(step.variables)}
            answer = (await pair.same(body, f"telling {telling}")).json()
            teller.keep(step, answer.get("data"))
    await pair.same_rows()


@pytest.mark.parametrize("step", range(len(STORY)))
async def test_a_step_with_wrong_variables(pair: Pair, step: int) -> None:
    told = STORY[step]
    wrong: list[Any] = [None, {}, dict.fromkeys(told.variables)]
    values: list[Any] = ["", 1, [], {}, {"unknown": 1}]
    wrong += [dict.fromkeys(told.variables, value) for value in values]
    for name, given in told.variables.items():
        if isinstance(given, dict):
            wrong += [{**told.variables, name: {**given, part: None}} for part in given]
            wrong += [{**told.variables, name: {**given, part: {}}} for part in given]
    for variables in wrong:
        await pair.same({"query": told.document, "variables": variables})
    await pair.same_rows()
