"""What callers are told of an error, and what is kept from them and from the log."""

import logging

import pytest

from server.graphql.errors import plain_message
from server.graphql.persisted_documents import digest
from tests.support.api import Api, Json

MANY = "mutation ($operations: [OperationInput!]!) { trackOperations(operations: $operations) { accepted } }"
COUNT = "query ($where: OperationFilter, $n: Int) { operations(where: $where, first: $n) { totalCount } }"
NODE = "query ($id: ID!) { node(id: $id) { id } }"
REQUEST = "query ($id: UUID!) { request(id: $id) { uuid } }"
ONE: Json = {"kind": "API", "name": "n"}


PLACES: list[tuple[str, Json, str]] = [
    (
        MANY,
        {"operations": [ONE, ONE, ONE, {**ONE, "durationMs": "fast"}]},
        "operations[3].durationMs: Float cannot represent non numeric value: 'fast'",
    ),
    (MANY, {"operations": [{**ONE, "kind": "APIX"}]}, "operations[0].kind: Value 'APIX' does"),
    (MANY, {"operations": [None]}, "operations[0]: Expected value of non-null type"),
    (MANY, {}, "operations: Expected a value of non-null type '[OperationInput!]!'"),
    (COUNT, {"n": "x"}, "n: Int cannot represent non-integer value: 'x'"),
    (COUNT, {"where": {"id": {"in": ["x"]}}}, "where.id.in[0]: Invalid UUID 'x'."),
    (REQUEST, {"id": "x"}, "id: Invalid UUID 'x'."),
    (NODE, {"id": "x"}, "id: Invalid global id"),
]


async def test_the_place_comes_first(api: Api) -> None:
    for document, variables, message in PLACES:
        refusal = await api.refused(document, variables)
        assert refusal.code == "BAD_USER_INPUT"
        assert refusal.message.startswith(message), refusal.message
        assert "encountered error" not in refusal.message


def test_messages_without_a_place_stay_as_they_are() -> None:
    assert (
        plain_message("Syntax Error: Expected Name, found '}'.")
        == "Syntax Error: Expected Name, found '}'."
    )
    assert plain_message("Variable '$a' is never used.") == "Variable '$a' is never used."
    assert plain_message("Unknown type 'Intt'. Did you mean 'Int'?") == "Unknown type 'Intt'."


MISSPELT: list[tuple[str, Json]] = [
    (MANY, {"operations": [{**ONE, "nam": 1}]}),
    (MANY, {"operations": [{**ONE, "labels": {"organizatioId": "a"}}]}),
    (MANY, {"operations": [{**ONE, "kind": "APIX"}]}),
    (COUNT, {"where": {"nam": {"eq": "x"}}}),
    (COUNT.replace("Int", "Intt"), {}),
    ("{ operations(order: 1) { totalCount } }", {}),
    ("{ operationz { totalCount } }", {}),
    ("{ operations { totalCont } }", {}),
    ("{ viewer { ... on Viewe { name } } }", {}),
    ("{ viewer @skp(if: true) { name } }", {}),
    ("{ viewer { ...nam } } fragment name on Viewer { name }", {}),
    ('{ __type(nam: "Query") { name } }', {}),
]


async def test_nothing_is_suggested_to_strangers(api: Api) -> None:
    for document, variables in MISSPELT:
        refusal = await api.refused(document, variables)
        assert not any("mean" in error["message"].lower() for error in refusal.errors)


PRIVATE = {"introspection": False}
CURSOR = "query ($where: OperationFilter) { operations(where: $where) { totalCount } }"
KINDS = ("TOOL", "LLM")
OPERATORS = ("startsWith", "notIn")
UNLISTED: list[tuple[str, Json, tuple[str, ...]]] = [
    ("{ operations(where: {kind: {eq: APIX}}) { totalCount } }", {}, KINDS),
    ('{ operations(where: {kind: {eq: "API"}}) { totalCount } }', {}, KINDS),
    (CURSOR, {"where": {"kind": {"in": "APIX"}}}, KINDS),
    (CURSOR, {"where": {"kind": {"eq": 1}}}, KINDS),
    (CURSOR, {"where": {"name": {}}}, OPERATORS),
    ("{ operations(where: {name: {}}) { totalCount } }", {}, OPERATORS),
    (
        "query ($k: [OperationKind!] = APIX) { operations(where: {kind: {in: $k}}) { totalCount } }",
        {},
        KINDS,
    ),
    (MANY, {"operations": [{**ONE, "kind": "APIX"}]}, KINDS),
    ('mutation { trackOperation(input: {kind: APIX, name: "n"}) { status } }', {}, KINDS),
    *((document, variables, ("mean",)) for document, variables in MISSPELT),
]
"""Mistakes, and names that the error would list of what there is."""


@pytest.mark.parametrize("server_settings", [PRIVATE])
async def test_without_introspection_no_values_or_fields_are_listed(api: Api) -> None:
    for document, variables, names in UNLISTED:
        for _ in range(3):  # also by the way of documents that are known
            refusal = await api.refused(document, variables)
            assert refusal.code == "BAD_USER_INPUT"
            told = str([error["message"] for error in refusal.errors])
            assert not [name for name in names if name in told], told
    exported = {"query": "{ operations { edges { node { uuid } } } }"}
    for body in (exported, *({"query": d, "variables": v} for d, v, _ in UNLISTED)):
        answer = await api.http.post("/export", json=body)
        told = str(answer.json()["errors"])
        assert answer.status_code == 400
        assert not [name for name in (*KINDS, *OPERATORS, "nodes", "mean") if name in told], told
    query = UNLISTED[0][0]
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest(query)}}
    for body in ({"query": query, "extensions": extensions}, {"extensions": extensions}):
        told = (await api.raw(body)).text
        assert "does not exist in 'OperationKind' enum" in told
        assert "TOOL" not in told


async def test_with_introspection_values_and_operators_are_listed(api: Api) -> None:
    for document, variables, names in UNLISTED[:1] + UNLISTED[2:3] + UNLISTED[4:9]:
        told = str(await api.refused(document, variables))
        assert [name for name in names if name in told] == list(names), told


MISTAKES = [
    '{ operations(after: "%") { totalCount } }',
    '{ operations(after: "b2Zmc2V0OjE=") { totalCount } }',
    "{ operations(first: -1) { totalCount } }",
    "{ operations(first: 1, last: 1) { totalCount } }",
    f"{{ operations(first: {'9' * 5_000}) {{ totalCount }} }}",
    '{ node(id: "%%%") { id } }',
    '{ node(id: "T3BlcmF0aW9uOm5vbmU=") { id } }',
    '{ nodes(ids: ["=", ""]) { id } }',
    f"{{ node(id: {'9' * 5_000}) {{ id }} }}",
    f"query ($v: Int = {'9' * 5_000}) {{ operations(first: $v) {{ totalCount }} }}",
]


async def test_cursors_ids_and_pages_are_the_callers_mistakes(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for document in MISTAKES:
        refusal = await api.refused(document)
        assert {e["extensions"]["code"] for e in refusal.errors} == {"BAD_USER_INPUT"}
        assert "sys." not in str(refusal)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_documents_variables_and_keys_are_not_logged(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="trackstore")
    secret = "a-secret-that-nobody-reads"
    await api.raw({"query": f'{{ node(id: "{secret}") {{ id }} }}'})
    await api.raw({"query": NODE, "variables": {"id": secret}})
    await api.raw({"query": "{ viewer { name } }"}, headers={"Authorization": f"Bearer {secret}"})
    await api.raw({"query": MANY, "variables": {"operations": [{**ONE, "error": secret}]}})
    await api.raw({"query": MANY, "variables": {"operations": [{**ONE, "durationMs": secret}]}})
    await api.raw(method="GET", params={"query": f'{{ node(id: "{secret}") {{ id }} }}'})
    assert len(caplog.records) >= 6
    for record in caplog.records:
        assert secret not in f"{record.getMessage()} {vars(record)}"
