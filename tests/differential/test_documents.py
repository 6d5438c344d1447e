"""The cache of documents: bounded in number and size, and one plan for each operation of a document."""

from contextlib import suppress

import pytest
from graphql import parse
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError

from server.fast_path.documents import (
    MAX_CACHED_DOCUMENTS,
    MAX_DOCUMENT_CHARS,
    DocumentCache,
    KeepDocuments,
)
from server.fast_path.inputs import CompiledInputs
from server.fast_path.pipeline import COMPILED_INPUTS, FastPath
from server.graphql.schema import build_schema

MANY = "mutation Many($v: [OperationInput!]!) { trackOperations(operations: $v) { accepted } }"
ONE = "mutation One($v: OperationInput!, $n: Int) { trackOperation(input: $v) { status } }"
QUERY = "query Read($n: Int) { operations(first: $n) { totalCount } }"


@pytest.fixture(scope="module")
def inputs() -> CompiledInputs:
    """The codecs of the server's own schema."""
    return CompiledInputs(build_schema(), COMPILED_INPUTS)


def keep(cache: DocumentCache, text: str) -> None:
    """Remember a document."""
    cache.keep(text, parse(text))


def number(n: int) -> str:
    """One of many documents."""
    return f"{{ field{n} }}"


def test_a_document_is_found_by_every_character() -> None:
    cache = DocumentCache()
    keep(cache, MANY)
    assert cache.find(MANY) is not None
    for other in (MANY + " ", MANY.lower(), MANY.replace("$v", "$V"), "", QUERY):
        assert cache.find(other) is None


def test_the_one_not_used_for_longest_is_forgotten() -> None:
    cache = DocumentCache()
    for n in range(MAX_CACHED_DOCUMENTS):
        keep(cache, number(n))
    assert cache.find(number(0)) is not None, "used again"
    keep(cache, number(MAX_CACHED_DOCUMENTS))
    assert cache.find(number(1)) is None
    assert all(cache.find(number(n)) for n in (0, *range(2, MAX_CACHED_DOCUMENTS + 1)))


def test_a_document_that_is_kept_again_counts_once() -> None:
    cache = DocumentCache(max_documents=2)
    for text in (MANY, QUERY, MANY, QUERY, MANY):
        keep(cache, text)
    assert cache.find(MANY) is not None
    assert cache.find(QUERY) is not None


def test_large_documents_are_not_kept() -> None:
    cache = DocumentCache()
    for length, is_kept in ((MAX_DOCUMENT_CHARS, True), (MAX_DOCUMENT_CHARS + 1, False)):
        text = "{ a }".ljust(length)
        keep(cache, text)
        assert (cache.find(text) is not None) is is_kept


def test_each_operation_of_a_document_has_its_plan(inputs: CompiledInputs) -> None:
    cache = DocumentCache()
    text = f"{MANY} {ONE} {QUERY}"
    keep(cache, text)
    wanted = {"Many": {"v"}, "One": {"v"}, "Read": set(), "Nobody": set(), "": set(), None: set()}
    for _ in range(2):
        for name, variables in wanted.items():
            plan = cache.plan(text, name, inputs)
            assert plan is not None
            assert plan.decoders.keys() == variables
    assert cache.plan(text, "Many", inputs) is cache.plan(text, "Many", inputs)
    assert cache.plan("{ other }", None, inputs) is None


def test_names_that_callers_make_up_are_not_kept(inputs: CompiledInputs) -> None:
    cache = DocumentCache()
    text = f"{MANY} {ONE}"
    keep(cache, text)
    for n in range(1_000):
        cache.plan(text, f"name{n}", inputs)
    known = cache.find(text)
    assert known is not None
    assert len(known.plans) <= 3
    plan = cache.plan(text, "One", inputs)
    assert plan is not None
    assert plan.decoders.keys() == {"v"}


@pytest.mark.parametrize(
    ("declared", "is_decoded"),
    [
        ("[OperationInput!]!", True),
        ("OperationInput!", True),
        ("[EntryInput!]!", True),
        ("EntryInput!", True),
        ("[OperationInput!]! = []", True),
        ("[OperationInput!]", False),
        ("[OperationInput]!", False),
        ("OperationInput", False),
        ("[[OperationInput!]!]!", False),
        ("[[OperationInput!]]!", False),
        ("ApiCallInput!", False),
        ("[LabelsInput!]!", False),
        ("Nonsense!", False),
        ("Int!", False),
    ],
)
def test_which_variables_are_decoded(
    inputs: CompiledInputs, declared: str, is_decoded: bool
) -> None:
    plan = inputs.plan(parse(f"query ($v: {declared}, $w: Int) {{ any(a: $v, b: $w) }}"), None)
    assert plan.decoders.keys() == ({"v"} if is_decoded else set())


@pytest.mark.parametrize(
    ("text", "name", "is_kept"),
    [
        ("{ viewer { name } }", None, True),
        (QUERY, "Read", True),
        (QUERY, "Nobody", False),
        (f"{QUERY} query Other {{ viewer {{ name }} }}", "Other", True),
        (f"{QUERY} query Other {{ viewer {{ name }} }}", None, False),
        ("{ viewer { nobody } }", None, False),
        ("{ viewer { name }", None, False),
        ("{ viewer { " + "name " * 10_001 + "} }", None, False),
        ("{ " + " ".join(f"v{n}: viewer {{ name }}" for n in range(40)) + " }", None, False),
        ("query ($n: Int) { viewer { name } }", None, False),
        ("", None, False),
    ],
    ids=range(11),
)
async def test_only_valid_documents_are_kept(text: str, name: str | None, is_kept: bool) -> None:
    cache = DocumentCache()
    schema = build_schema(extensions_first=(lambda: KeepDocuments(cache),))
    for _ in range(2):
        # What does not even name an operation is refused before it is validated.
        with suppress(CannotGetOperationTypeError, MissingQueryError):
            await schema.execute(text, operation_name=name)
        assert (cache.find(text) is not None) is is_kept


async def test_a_document_without_introspection_stays_refused() -> None:
    schema = FastPath(introspection=False).schema
    for _ in range(3):
        result = await schema.execute("{ __schema { types { name } } }")
        assert result.errors
