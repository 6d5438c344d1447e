"""Bodies, parameters and headers of any kind, nearly right or not at all."""

import gzip
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.conftest import BOUNDED, Target

Headers = dict[str, str]
MANY = settings(BOUNDED, max_examples=100)
JSON_VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)
QUERIES = st.sampled_from(
    [
        "{ viewer { name } }",
        "query a { viewer { name } } query b { viewer { scopes } }",
        "query ($n: Int) { operations(first: $n) { totalCount } }",
        "mutation ($o: [OperationInput!]!) { trackOperations(operations: $o) { accepted } }",
        "subscription { x }",
        "{",
    ]
)
REQUESTS = st.fixed_dictionaries(
    {"query": QUERIES | st.text() | JSON_VALUES},
    optional={
        "variables": JSON_VALUES
        | st.fixed_dictionaries({}, optional={"n": JSON_VALUES, "o": JSON_VALUES}),
        "operationName": JSON_VALUES,
        "extensions": JSON_VALUES | st.fixed_dictionaries({"persistedQuery": JSON_VALUES}),
        "documentId": JSON_VALUES,
    },
)
SPECIAL = st.sampled_from(
    [
        b"", b"null", b"NaN", b"-Infinity", b"0" * 50, b"1" * 10_000, b'"\\ud800"', b"[" * 100_000,
        b'{"query":' * 50_000, b'{"query":"{viewer{name}}","variables":' + b'{"a":' * 20_000,
        b'{"query":"{viewer{name}}","variables":{"a":' + b"9" * 10_000 + b"}}",
        b'{"query":"{viewer{name}}"}'[:-1], b"\xff\xfe{\0}\0", b"\xef\xbb\xbf{}", b"\x00",
        b'{"query":"{viewer{name}}","query":5}', b"1e999999", b'{"variables":{"\\u0000":1}}',
    ]
)  # fmt: skip
BODIES = st.binary(max_size=300) | SPECIAL | REQUESTS.map(lambda r: json.dumps(r).encode())
PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=50)
HEADERS = st.fixed_dictionaries(
    {
        "content-type": st.sampled_from(
            ["application/json"] * 6 + ["text/plain", "", "application/json; charset=utf-16"]
        )
    },
    optional={
        "accept": st.sampled_from(["*/*", "application/graphql-response+json", "text/html", ";q="]),
        "content-encoding": st.sampled_from(["gzip", "deflate", "br", "identity", "gzip, gzip"]),
        "authorization": st.sampled_from(["Bearer x", "Bearer", "Basic eA==", "bearer tsk_x_y"]),
        "origin": st.sampled_from(["null", "http://x", "http://["]),
        "x-correlation-id": PRINTABLE.map(str.strip),
        "traceparent": st.sampled_from(["", "00-" + "0" * 32, "ff-" + "1" * 32 + "-" + "1" * 16 + "-00"]),
    },
)  # fmt: skip
SYNTAX = st.sampled_from('{}()[]:$@!.,"#\n\\ a0-e&|=')


@MANY
@given(body=BODIES, headers=HEADERS, packed=st.booleans())
def test_bodies(target: Target, body: bytes, headers: Headers, packed: bool) -> None:
    target.ask(content=gzip.compress(body) if packed else body, headers=headers)


@MANY
@given(
    parameters=st.dictionaries(
        st.sampled_from(["query", "variables", "operationName", "extensions", "documentId", "x"]),
        QUERIES | st.text(st.characters(codec="utf-8")) | JSON_VALUES.map(json.dumps),
        max_size=5,
    ),
    method=st.sampled_from(["GET", "HEAD"]),
)
def test_parameters(target: Target, parameters: dict[str, str], method: str) -> None:
    target.ask(method=method, params=parameters)


@settings(BOUNDED, max_examples=60)
@given(
    query=st.text(
        st.sampled_from('{}()[]:$@!.,"#\n\\ a0-e&|=') | st.characters(codec="utf-8"), max_size=80
    )
)
def test_documents(target: Target, query: str) -> None:
    target.asks(query)
