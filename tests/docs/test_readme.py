"""The examples of README.md and docs/ are run, and answer what is printed below them."""

import shutil
from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from server.graphql.schema import schema_sdl
from tests.docs.examples import calls_without_answer, documents, examples_of, lay_out, pages, shape
from tests.docs.running import run_examples, running_server

TOOLS = ("bash", "curl")
ON_BOTH = {
    "README.md", "docs/tutorial.md", "docs/guide/cookbook.md", "docs/guide/operations.md",
}  # fmt: skip
"""Pages whose answers depend on the database most; those of the others are the same on either."""


@pytest.mark.parametrize("page", pages(), ids=str)
def test_a_page_shows_what_a_fresh_server_answers(
    page: Path, dialect: str, database_url: str, tmp_path: Path
) -> None:
    if dialect == "postgresql" and str(page) not in ON_BOTH:
        return  # not skipped: there is nothing more to find
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    assert not missing, "the examples are written for these tools: install them"
    examples = list(examples_of(page))
    with running_server(database_url, tmp_path) as address:
        outputs = run_examples(examples, database_url, address, tmp_path)
    for example, output in zip(examples, outputs, strict=True):
        where = f"{page}:{example.line}"
        printed, answered = shape(example.language, example.answer), shape(example.language, output)
        assert answered == printed, f"{where}: print it again with `python -m tests.docs.renew`"


@pytest.mark.parametrize("page", pages(), ids=str)
def test_every_call_shows_its_answer(page: Path) -> None:
    assert not calls_without_answer(page)


@pytest.mark.parametrize("page", pages(), ids=str)
def test_an_example_reaches_nothing_but_its_own_server(page: Path) -> None:
    elsewhere = [
        example.line
        for example in examples_of(page)
        if any(word in example.commands for word in ("trackstore serve", "DATABASE_URL="))
    ]
    assert not elsewhere, "a block that must not be run stands apart from any answer"


def test_documents_are_of_this_schema() -> None:
    schema = build_schema(schema_sdl())
    found = [document for page in pages() for document in documents(page)]
    assert found
    assert not [error for document in found for error in validate(schema, parse(document))]


def test_the_readme_has_examples() -> None:
    assert Path("README.md") in pages()


def test_a_shape_is_all_but_chance() -> None:
    first = '{"a": ["2026-11-21T09:30:00Z"], "ms": 1.5, "b": 2, "c": "until 2026-12-01T00:00:00Z"}'
    other = (
        '{"a": ["2027-01-01T00:00:00.5Z"], "ms": 7.0, "b": 2, "c": "until 2030-01-01T00:00:00Z"}'
    )
    assert shape("json", first) == shape("json", other)
    assert shape("json", first) != shape("json", first.replace("2,", "3,"))
    assert shape("json", "no JSON") != shape("json", first)


def test_json_is_laid_out_to_be_read() -> None:
    assert lay_out({"a": [1, 2]}) == '{"a": [1, 2]}'
    assert lay_out({"a": ["x" * 60, "y" * 60]}).splitlines() == [
        "{",
        '  "a": [',
        f'    "{"x" * 60}",',
        f'    "{"y" * 60}"',
        "  ]",
        "}",
    ]
