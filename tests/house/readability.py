"""Print how readable the code is by a few numbers: ``python -m tests.house.readability``.

Per package: lines, docstrings and banned names per 1,000 lines, banned words, and exceptions whose
name does not end in Error; then the words of the front page.
"""

import ast
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.house.checkout import ROOT, trees
from tests.house.code_words import banned_bindings, banned_texts, source_of

DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
HEADINGS = (
    "package",
    "lines",
    "docstrings",
    "per 1,000",
    "banned names",
    "banned words",
    "exceptions",
)
FRONT_PAGE = "README.md"


@dataclass
class Numbers:
    """Count one package."""

    lines: int = 0
    docstrings: int = 0
    names: int = 0
    words: int = 0
    exceptions: int = 0

    def add(self, file: Path, tree: ast.Module) -> None:
        source = source_of(file)
        self.lines += len(source.splitlines())
        nodes = list(ast.walk(tree))
        self.docstrings += sum(
            ast.get_docstring(node) is not None for node in nodes if isinstance(node, DOCUMENTED)
        )
        self.names += len(banned_bindings(tree))
        self.words += len(banned_texts(source))
        self.exceptions += sum(_is_misnamed(node) for node in nodes)

    @property
    def density(self) -> float:
        """Return the docstrings per 1,000 lines."""
        return 1_000 * self.docstrings / max(1, self.lines)

    def cells(self) -> list[str]:
        counts = (self.names, self.words, self.exceptions)
        return [f"{self.lines:,}", f"{self.docstrings:,}", f"{self.density:.1f}", *map(str, counts)]


def _is_misnamed(node: ast.AST) -> bool:
    """Return whether a class is derived from an exception but not named as one."""
    if not isinstance(node, ast.ClassDef) or node.name.endswith("Error"):
        return False
    bases = [base.id for base in node.bases if isinstance(base, ast.Name)]
    return any(base.endswith(("Error", "Exception")) for base in bases)


def numbers_by_package() -> dict[str, Numbers]:
    packages: dict[str, Numbers] = {}
    for file, tree in trees():
        package = file.parts[0] if len(file.parts) > 1 else "."
        packages.setdefault(package, Numbers()).add(file, tree)
    return packages


def main() -> None:
    rows = [[name, *numbers.cells()] for name, numbers in sorted(numbers_by_package().items())]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    for row in (list(HEADINGS), *rows):
        cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        sys.stdout.write("  ".join((row[0].ljust(widths[0]), *cells)) + "\n")
    words = len((ROOT / FRONT_PAGE).read_text(encoding="utf-8").split())
    sys.stdout.write(f"{FRONT_PAGE}: {words} words\n")


if __name__ == "__main__":
    main()
