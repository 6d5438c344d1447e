"""Rules for code files: short, well named, opened by a sentence, and free of dialect names."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from codegen.regions import renew
from tests.house.checkout import PACKAGES, ROOT, files, trees

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 50

# How long functions outside of Python are is checked where they can be parsed: dashboard/scripts/house.mjs.
CODE = {".py", ".ts", ".tsx", ".mjs", ".css"}
# A name that says nothing collects everything.
EMPTY_NAMES = {"common", "helper", "helpers", "misc", "util", "utils"}

DIALECT = re.compile(r"\b(postgresql|sqlite|asyncpg|aiosqlite)\b")
# Where a dialect may be told from another: SQL that differs, column types, what a URL may say.
DIALECT_HOMES = (
    "store/dialects/",
    "models/types.py",
    "migrations/",
    "server/settings/database.py",
)


def test_generated_regions_are_current() -> None:
    assert not renew(is_check=True), "run make generate"


def test_no_file_is_long() -> None:
    long = {
        str(file): lines
        for file in files()
        if file.suffix in CODE
        and (lines := len((ROOT / file).read_bytes().splitlines())) > MAX_FILE_LINES
    }
    assert not long, "split by noun"


def test_no_function_is_long() -> None:
    long = {
        f"{file}:{node.lineno} {node.name}": lines
        for file, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MAX_FUNCTION_LINES
    }
    assert not long, "name its parts"


def test_every_name_says_something() -> None:
    empty = [
        str(file)
        for file in files()
        if file.suffix in CODE and EMPTY_NAMES.intersection((file.stem, *file.parts[:-1]))
    ]
    assert not empty, "name it by the noun it is about"


def test_a_sentence_opens_every_file() -> None:
    silent = [
        str(file)
        for file, tree in trees()
        if not (ast.get_docstring(tree) or "").partition("\n\n")[0].endswith(".")
    ]
    assert not silent, "say in one sentence what the file is for"


def test_dialects_are_named_at_home_only() -> None:
    named = [
        f"{file}:{line} {name}"
        for file, tree in trees()
        if file.parts[0] in PACKAGES and not file.as_posix().startswith(DIALECT_HOMES)
        for line, name in _dialect_names(tree)
    ]
    assert not named, "ask the dialect of the store instead"


def _dialect_names(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield imports and strings that name a dialect; prose, with its spaces, may speak of one."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                told = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), names=names):
                told = [f"{module}.{alias.name}" for alias in names]
            case ast.Constant(value=str(text)) if not re.search(r"\s", text):
                told = [text]
            case _:
                continue
        yield from ((node.lineno, name) for name in told if DIALECT.search(name))


def test_the_rule_on_dialects_sees_them() -> None:
    source = '''
"""Prose may say that sqlite is the default."""
import asyncpg
from sqlalchemy.dialects import postgresql
if name == "sqlite" or url.startswith("postgresql+asyncpg://"):
    raise ValueError("use sqlite or postgresql")
'''
    assert [line for line, _ in _dialect_names(ast.parse(source))] == [3, 4, 5, 5]


def test_the_checkout_lists_this_file() -> None:
    assert Path(__file__).relative_to(ROOT) in files()


def test_types_reach_the_store_through_the_context_only() -> None:
    reaching = [
        f"{file}:{node.lineno}"
        for file, tree in trees()
        if file.parts[0] == "schema" and file != Path("schema/context.py")
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "store"
    ]
    assert not reaching, (
        "load edges by info.context.loaders; root fields of resolvers call the store"
    )
