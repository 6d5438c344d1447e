"""Bodies that are told by how they begin: the same request as when their parts are read apart."""

import json
from collections.abc import Callable

import pytest
from graphql import parse

from server.fast_path.body_decoder_cache import (
    MAX_CACHED_PREFIXES,
    MAX_PREFIX_BYTES,
    BodyDecoderCache,
    prefix_of,
)
from server.fast_path.documents import DocumentCache
from server.fast_path.inputs import CompiledInputs, Decoded
from server.fast_path.pipeline import COMPILED_INPUTS
from server.graphql.schema import build_schema
from server.http.bodies import GraphQLRequest

MANY = "mutation Many($v: [OperationInput!]!) { trackOperations(operations: $v) { accepted } }"
OTHER = "mutation Other($v: [OperationInput!]!) { trackOperations(operations: $v) { rejected } }"
BOTH = "mutation Both($v: [OperationInput!]!, $n: Int) { trackOperations(operations: $v) { accepted } }"
ITEM = {"kind": "API", "name": "a call", "attributes": {"a": [1, None]}}
Read = Callable[[bytes], tuple[bool, GraphQLRequest | None]]


@pytest.fixture(scope="module")
def inputs() -> CompiledInputs:
    """The codecs of the server's own schema."""
    return CompiledInputs(build_schema(), COMPILED_INPUTS)


@pytest.fixture
def read(inputs: CompiledInputs) -> Read:
    """Reads a body as the fast path does; says whether it was read in one step."""
    guesses, documents = BodyDecoderCache(), DocumentCache()

    def read(body: bytes) -> tuple[bool, GraphQLRequest | None]:
        guess = guesses.find(body)
        whole = guess.read(body) if guess is not None else None
        envelope = inputs.open(body)
        if envelope is None:
            assert whole is None
            return False, None
        documents.keep(envelope.query, parse(envelope.query))
        plan = documents.plan(envelope.query, envelope.operationName, inputs)
        assert plan is not None
        apart = inputs.read(envelope, plan)
        if apart is not None:
            guesses.learn(body, envelope, plan)
        if whole is not None:
            assert whole == apart
        return whole is not None, apart

    return read


def body(query: str = MANY, variables: object = None, **more: object) -> bytes:
    """A request as most clients write it."""
    given = {"v": [ITEM]} if variables is None else variables
    return json.dumps({"query": query, "variables": given, **more}).encode()


def is_whole(read: Read, content: bytes) -> bool:
    """Whether a body is read in one step."""
    return read(content)[0]


def test_from_the_third_time_on(read: Read) -> None:
    assert [is_whole(read, body()) for _ in range(4)] == [False, False, True, True]
    request = read(body(variables={"v": [ITEM, ITEM]}))[1]
    assert request is not None
    assert request.variables is not None
    decoded = request.variables["v"]
    assert isinstance(decoded, Decoded)
    assert [item.name for item in decoded.value] == ["a call", "a call"]


def test_what_begins_alike_is_read_as_what_it_is(read: Read) -> None:
    def late(query: str) -> bytes:
        return json.dumps({"variables": {"v": [ITEM]}, "query": query}).encode()

    def named(query: str, name: str) -> bytes:
        return json.dumps(
            {"operationName": name, "variables": {"v": [ITEM]}, "query": query}
        ).encode()

    assert not prefix_of(late(MANY)).strip(b"{"), "such bodies begin with nothing"
    assert [is_whole(read, named(MANY, "Many")) for _ in range(3)] == [False, False, True]
    # Another document behind the same beginning is read apart, and nothing is guessed any more.
    for query in (f"{MANY} {OTHER}", MANY, MANY, MANY):
        assert not is_whole(read, named(query, "Many"))


@pytest.mark.parametrize(
    "other",
    [
        body(extensions={"a": 1}, more=1),
        body(variables={"v": [ITEM], "w": 1}),
        body(variables={}),
        body(variables={"v": None}),
        body(variables={"v": [{"kind": "API"}]}),
        body(variables={"v": [ITEM | {"unknown": 1}]}),
        body(variables=[]),
        body()[:-1],
        body() + b"x",
        body().replace(b"a call", b"a \xffcall"),
        body()[:-1] + b', "variables": {}}',
    ],
)
def test_whatever_is_different_is_read_apart(read: Read, other: bytes) -> None:
    for _ in range(3):
        read(body())
    assert is_whole(read, body())
    assert not is_whole(read, other)
    assert is_whole(read, body(extensions={"a": 1})), "and what is alike goes on as before"


@pytest.mark.parametrize(
    "other",
    [body(operationName="Many"), body()[:-1] + b', "query": "{ viewer { name } }"}'],
)
def test_another_operation_ends_the_guessing(read: Read, other: bytes) -> None:
    for _ in range(3):
        read(body())
    assert is_whole(read, body())
    for content in (other, body(), body(), body()):
        assert not is_whole(read, content)


def test_variables_that_are_not_decoded_are_read_apart(read: Read) -> None:
    for _ in range(4):
        assert not is_whole(read, body(BOTH, {"v": [ITEM], "n": 1}))
    # Without the one that is plain JSON there is nothing else to be read.
    assert [is_whole(read, body(BOTH)) for _ in range(2)] == [False, True]
    assert not is_whole(read, body(BOTH, {"v": [ITEM], "n": 1}))
    assert is_whole(read, body(BOTH)), "it is the same document"


def test_text_that_is_not_ascii(read: Read) -> None:
    named = json.dumps(
        {"query": MANY, "variables": {"v": [ITEM | {"name": "caf\u00e9"}]}}, ensure_ascii=False
    )
    for _ in range(3):
        read(body())
    assert is_whole(read, named.encode())


def test_beginnings_are_bounded(inputs: CompiledInputs) -> None:
    guesses, documents = BodyDecoderCache(), DocumentCache()
    documents.keep(MANY, parse(MANY))
    plan = documents.plan(MANY, None, inputs)
    assert plan is not None

    def learn(content: bytes) -> None:
        envelope = inputs.open(content)
        assert envelope is not None
        guesses.learn(content, envelope, plan)

    first, spaced = body(), b"{" + b" " * MAX_PREFIX_BYTES + body()[1:]
    for _ in range(2):
        learn(first)
        guesses.learn(spaced, inputs.open(first), plan)  # type: ignore[arg-type]  # it is one
    assert guesses.find(first) is not None
    assert guesses.find(spaced) is None, "too long a beginning"
    for n in range(1, MAX_CACHED_PREFIXES + 1):
        learn(b"{" + b" " * n + first[1:])
    assert guesses.find(first) is None, "not used for longest"
    assert guesses.find(b"{ " + first[1:]) is None, "seen once"
