"""The tables of root fields in docs/reference/api.md are complete and say what the schema says."""

import re
from pathlib import Path

import pytest
from graphql import GraphQLField, GraphQLObjectType

from tests.unit.schema.vocabulary import graphql

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "api.md"
HEADINGS = {"Query": "Queries", "Mutation": "Mutations", "Subscription": "Subscriptions"}


def row(name: str, field: GraphQLField) -> str:
    """Return the line of a root field: its arguments, its type, and the first sentence of its description."""
    arguments = f"({', '.join(field.args)})" if field.args else ""
    sentence = re.split(r"(?<=\.) ", field.description or "", maxsplit=1)[0]
    return f"| `{name}{arguments}` | `{field.type}` | {sentence} |"


@pytest.mark.parametrize("root", HEADINGS)
def test_the_table_lists_every_root_field_as_the_schema_describes_it(root: str) -> None:
    root_type = graphql().type_map[root]
    assert isinstance(root_type, GraphQLObjectType)
    section = PAGE.read_text(encoding="utf-8").split(f"\n### {HEADINGS[root]}\n", 1)[1]
    section = re.split(r"^#", section, maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    assert rows == [row(name, field) for name, field in root_type.fields.items()]
