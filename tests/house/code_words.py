"""Find the names and words in Python code that the project does not use."""

import ast
import io
import tokenize
from collections.abc import Iterator
from pathlib import Path

from tests.house.checkout import ROOT
from tests.house.words import banned_words_in, entries

BANNED_NAMES = dict(entry.split(" => ") for entry in entries("banned_names.txt"))
UNCONVERTED = tuple(Path(entry) for entry in entries("unconverted_packages.txt"))


def is_converted(file: Path) -> bool:
    return not any(file.is_relative_to(folder) for folder in UNCONVERTED)


def bindings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and name of everything that the code binds: variables, parameters, attributes."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield node.lineno, name
            case ast.arg(arg=name):
                yield node.lineno, name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                yield node.lineno, name
            case ast.ExceptHandler(name=str(name)):
                yield node.lineno, name
            case _:
                continue


def banned_bindings(tree: ast.Module) -> list[tuple[int, str]]:
    return [(line, name) for line, name in bindings(tree) if name.strip("_") in BANNED_NAMES]


def banned_texts(source: str) -> list[tuple[int, str]]:
    """Return line and phrase of banned words in strings, docstrings and comments."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    kinds = {tokenize.STRING, tokenize.COMMENT, getattr(tokenize, "FSTRING_MIDDLE", -1)}
    return [
        (token.start[0], phrase)
        for token in tokens
        if token.type in kinds
        for phrase in sorted(banned_words_in(token.string))
    ]


def source_of(file: Path) -> str:
    return (ROOT / file).read_text(encoding="utf-8")
