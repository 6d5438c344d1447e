"""Documents that the pages show to people: each is one that this schema takes."""

import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from tests.house.checkout import ROOT

SCHEMA = build_schema((ROOT / "schema/schema.graphql").read_text(encoding="utf-8"))
EXAMPLES = sorted((ROOT / "dashboard/ide/examples").glob("*.graphql"))
SHOWN = re.compile(r"`((?:mutation|query|subscription)\b[^`$]*)`")
"""Texts inside the sources, such as those of empty pages."""


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_examples_of_the_ide(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert not validate(SCHEMA, parse(text))
    title = text.partition("\n")[0]
    assert title.startswith("# ")
    assert len(title) < 36, "the menu cuts it off"


def test_documents_of_empty_pages() -> None:
    found = [
        (file.parent.name, text)
        for file in sorted((ROOT / "dashboard/src").rglob("*.tsx"))
        for text in SHOWN.findall(file.read_text(encoding="utf-8"))
    ]
    assert {"usage", "savings", "breakers"} <= {page for page, _ in found}
    for page, text in found:
        problems = validate(SCHEMA, parse(text))
        assert not problems, f"{page}: {problems}"
