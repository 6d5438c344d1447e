"""The recipes of CONTRIBUTING.md: their changes, as the diffs on the page state them."""

import re
from dataclasses import dataclass
from pathlib import Path

from tests.house.checkout import ROOT

PAGE = ROOT / "CONTRIBUTING.md"
SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
DIFF = re.compile(r"^ *```diff\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Change:
    """Lines of one file and what they become."""

    file: str
    before: str
    after: str

    def applied_to(self, text: str) -> str:
        """Return the text of the file after the change; fails where the page is out of date."""
        count = text.count(self.before)
        assert count == 1, f"{self.file} has {count} times:\n{self.before}"
        return text.replace(self.before, self.after)


def changes_of(recipe: str) -> list[Change]:
    """Return the changes of a section; each diff starts with ``# FILE``, ``@@`` parts its changes."""
    title, *parts = SECTION.split(PAGE.read_text(encoding="utf-8"))
    sections = dict(zip(parts[::2], parts[1::2], strict=True))
    assert recipe in sections, title
    return [change for diff in DIFF.findall(sections[recipe]) for change in _changes(diff)]


def _changes(diff: str) -> list[Change]:
    file, *lines = diff.splitlines()
    indent = len(file) - len(file.lstrip())
    parts: list[list[str]] = [[]]
    for line in (line[indent:] for line in lines):
        if line == "@@":
            parts.append([])
        else:
            parts[-1].append(line)
    return [
        Change(file.strip().removeprefix("# "), _side(part, "-"), _side(part, "+"))
        for part in parts
    ]


def _side(lines: list[str], mark: str) -> str:
    return "".join(f"{line[1:]}\n" for line in lines if line[:1] in (mark, " ", ""))


def apply(recipe: str, root: Path) -> list[str]:
    """Apply a recipe to a copy of the tree; return the files that it changed."""
    changes = changes_of(recipe)
    for change in changes:
        file = root / change.file
        file.write_text(change.applied_to(file.read_text(encoding="utf-8")), encoding="utf-8")
    return sorted({change.file for change in changes})
