"""The diffs of CONTRIBUTING.md fit the code; tests/system follows them."""

import pytest

from tests.house.checkout import ROOT
from tests.support.recipes import changes_of


@pytest.mark.parametrize(
    "recipe", ["Add a field of an operation", "Add a measure", "Add a mutation"]
)
def test_the_diffs_of_a_recipe_apply(recipe: str) -> None:
    texts: dict[str, str] = {}
    for change in changes_of(recipe):
        text = texts.get(change.file) or (ROOT / change.file).read_text(encoding="utf-8")
        texts[change.file] = change.applied_to(text)
    assert texts
