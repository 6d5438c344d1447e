"""Each breaking change of the schema since the baseline is named in the changelog."""

import re
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, find_breaking_changes

ROOT = Path(__file__).parents[3]
BASELINE = build_schema((ROOT / "schema" / "baseline.graphql").read_text())
"""The schema to compare with: copy schema.graphql over it with each release."""
CURRENT = (ROOT / "schema" / "schema.graphql").read_text()
COORDINATE = re.compile(r"\b[A-Z]\w+\.(\w+)|^([A-Z]\w+) |\b(?:from|to) (?:\w+ type )?([A-Z]\w+)\b")


def announced() -> str:
    """Return what the changelog says under Changed and Removed since the baseline."""
    text = (ROOT / "CHANGELOG.md").read_text().split("## [Unreleased]", 1)[1]
    unreleased = re.split(r"^## ", text, maxsplit=1, flags=re.MULTILINE)[0]
    sections = re.split(r"^### ", unreleased, flags=re.MULTILINE)
    return "\n".join(s for s in sections if s.startswith(("Changed", "Removed")))


def unannounced(schema: GraphQLSchema, text: str) -> list[str]:
    """Return the breaking changes whose field or type the text does not name as code."""
    code = set(re.findall(r"\w+", " ".join(re.findall(r"`[^`]+`", text))))
    return [
        change.description
        for change in find_breaking_changes(BASELINE, schema)
        if not code.intersection(names_in(change.description))
    ]


def names_in(description: str) -> set[str]:
    """Return the field and the types that the description of a change names."""
    return {name for match in COORDINATE.finditer(description) for name in match.groups() if name}


def test_every_breaking_change_is_in_the_changelog() -> None:
    missing = unannounced(build_schema(CURRENT), announced())
    assert not missing, (
        "name each of them in CHANGELOG.md under Changed or Removed, with its new form"
    )


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("  operations(\n", "  recordedOperations(\n", "operations"),
        ("  totalFailures: Long!\n", "  totalFailures: Float!\n", "totalFailures"),
        ("  interactionType: String!\n", "  interactionKind: String!\n", "interactionType"),
    ],
)
def test_a_change_that_nobody_named_is_found(old: str, new: str, name: str) -> None:
    assert old in CURRENT
    schema = build_schema(CURRENT.replace(old, new))
    missing = unannounced(schema, "")
    assert any(name in names_in(description) for description in missing)
    named = unannounced(schema, f"`{name}`")
    assert named == [d for d in missing if name not in names_in(d)]
