"""Documents that ask for too much: refused before they cost anything, in a moment."""

import time

import pytest
from graphql import get_introspection_query

from tests.support.api import Api

SECONDS = 8.0
"""What any of these may take; each takes a fraction, a busy machine needs room."""


async def refused(api: Api, document: str) -> str:
    """What is said of a document that must be refused at once."""
    started = time.perf_counter()
    refusal = await api.refused(document)
    assert time.perf_counter() - started < SECONDS
    assert refusal.code == "BAD_USER_INPUT"
    assert len(refusal.errors) <= 101
    return refusal.message


def doubled(type_: str, last: str, times: int = 30) -> str:
    """Fragments of which each spreads the next one twice: 2 to the power of ``times`` in all."""
    spread = (f"fragment f{i} on {type_} {{ ...f{i + 1} ...f{i + 1} }}" for i in range(times))
    return " ".join(spread) + f" fragment f{times} on {type_} {{ {last} }}"


async def test_too_deep(api: Api) -> None:
    def nested(times: int) -> str:
        inner = "uuid"
        for _ in range(times):
            inner = f"operations(first: 2) {{ nodes {{ request {{ {inner} }} }} }}"
        return f"{{ requests(first: 2) {{ nodes {{ {inner} }} }} }}"

    assert await api(nested(3)) == {"requests": {"nodes": []}}
    assert (
        await refused(api, nested(4))
        == "The document has 15 levels of fields (maximum 12). Split it into several requests."
    )
    fragments = "".join(
        f"fragment f{i} on Request {{ operations {{ nodes {{ request {{ ...f{i + 1} }} }} }} }} "
        for i in range(4)
    )
    hidden = f"{{ requests {{ nodes {{ ...f0 }} }} }} {fragments} fragment f4 on Request {{ uuid }}"
    assert "levels of fields (maximum 12)" in await refused(api, hidden)
    for document in (
        "{" * 3_000,
        "{ viewer" * 900 + "}" * 900,
        "{" + "... {" * 900 + "viewer { name }" + "}" * 901,
        f"{{ node(id: {'[' * 3_000}{']' * 3_000}) {{ id }} }}",
        f"query ($v: {'[' * 3_000}Int{']' * 3_000}) {{ viewer {{ name }} }}",
        f"{{ nodes(ids: {'{a: ' * 2_000}1{'}' * 2_000}) {{ id }} }}",
    ):
        assert await refused(api, document)


async def test_too_many_aliases_fields_and_tokens(api: Api) -> None:
    viewers = " ".join(f"a{i}: viewer {{ name }}" for i in range(20))
    assert len(await api(f"{{ {viewers} }}")) == 20
    names = " ".join(f"a{i}: name" for i in range(31))
    assert "31 aliases (maximum 30)" in await refused(api, f"{{ viewer {{ {names} }} }}")
    roots = "viewer { name } " * 21
    assert "21 root fields (maximum 20)" in await refused(api, f"{{ {roots} }}")
    assert "more than 10000 tokens" in await refused(api, f"{{ viewer {{ {'name ' * 10_000} }} }}")
    hidden = (
        f"{{ viewer {{ ...f ...f }} }} fragment f on Viewer {{ {names[: names.index(' a16')]} }}"
    )
    assert "32 aliases (maximum 30)" in await refused(api, hidden)


@pytest.mark.parametrize(
    "server_settings", [{"max_depth": 2, "max_aliases": 1, "max_root_fields": 1, "max_tokens": 20}]
)
async def test_the_bounds_are_settings(api: Api) -> None:
    assert await api("{ a: viewer { name } }")
    for document in (
        "{ operations { nodes { uuid } } }",
        "{ a: viewer { b: name } }",
        "{ viewer { name } prices { name } }",
        f"{{ viewer {{ {'name ' * 20} }} }}",
    ):
        assert await refused(api, document)


async def test_fragments_doubled_thirty_times(api: Api) -> None:
    started = time.perf_counter()
    answer = await api(f"{{ viewer {{ ...f0 }} }} {doubled('Viewer', 'name')}")
    assert answer == {"viewer": {"name": "open"}}  # the same field however often: it is asked once
    assert time.perf_counter() - started < SECONDS
    assert "1,073,741,824 aliases" in await refused(
        api, f"{{ viewer {{ ...f0 }} }} {doubled('Viewer', 'a: name')}"
    )
    assert "1,073,741,824 root fields" in await refused(
        api, f"{{ ...f0 }} {doubled('Query', 'viewer { name }')}"
    )
    mutation = 'trackOperation(input: {kind: API, name: "n"}) { uuid }'
    assert await refused(api, f"mutation {{ ...f0 }} {doubled('Mutation', mutation)}")
    for name in ("a", "b"):
        inner = f"{name}: operations {{ totalCount }}"
        assert await refused(
            api, f"{{ sessions {{ nodes {{ ...f0 }} }} }} {doubled('Session', inner)}"
        )


async def test_doubled_fragments_where_the_selection_is_looked_at(api: Api) -> None:
    """What is selected decides what is read and computed; looking at it takes a moment, too."""
    for type_, last, document in (
        ("Operation", "name", "{ operations { nodes { ...f0 } edges { node { ...f0 } } } }"),
        ("OperationStatsRow", "count", "{ operationStats { rows { ...f0 previous { count } } } }"),
        ("NumberStats", "p50", "{ operationStats { totals { durationMs { ...f0 } } } }"),
    ):
        started = time.perf_counter()
        assert await api(f"{document} {doubled(type_, last)}")
        assert time.perf_counter() - started < SECONDS


async def test_fragments_in_circles_and_chains(api: Api) -> None:
    for document in (
        "{ ...a } fragment a on Query { ...a }",
        "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a viewer { name } }",
        "{ ...nowhere }",
        "{ viewer { ...f } } fragment f on Operation { uuid }",
    ):
        assert await refused(api, document)
    for links in (100, 1_200):
        chain = " ".join(f"fragment f{i} on Viewer {{ ...f{i + 1} }}" for i in range(links))
        document = f"{{ viewer {{ ...f0 }} }} {chain} fragment f{links} on Viewer {{ name }}"
        started = time.perf_counter()
        answer = (await api.raw({"query": document})).json()
        assert time.perf_counter() - started < SECONDS
        if "errors" in answer:
            assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_documents_that_are_slow_to_validate(api: Api) -> None:
    for document in (
        f"{{ viewer {{ {'name ' * 9_000} }} }}",
        f"{{ viewer {{ {'... { name scopes } ' * 1_500} }} }}",
        "{ " + " ".join(f"operations(first: {i}) {{ totalCount }}" for i in range(20)) + " }",
        f"{{ viewer {{ name {'@x ' * 4_000} }} }}",
        f"{{ viewer {{ name {'@include(if: true) ' * 1_200} }} }}",
        f"{{ viewer {{ {' '.join(f'x{i}' for i in range(9_000))} }} }}",
        "query (" + " ".join(f"$v{i}: Int" for i in range(1_900)) + ") { viewer { name } }",
        f"{{ {'__typename ' * 9_000} }}",
    ):
        assert await refused(api, document)
    many = " ".join(f"query q{i} {{ viewer {{ name }} }}" for i in range(1_000))
    started = time.perf_counter()
    answer = await api.raw({"query": many, "operationName": "q5"})
    assert answer.json() == {"data": {"viewer": {"name": "open"}}}
    assert time.perf_counter() - started < SECONDS


async def test_introspection_is_bounded_too(api: Api) -> None:
    assert (await api(get_introspection_query()))["__schema"]["queryType"] == {
        "kind": "OBJECT",
        "name": "Query",
    }
    aliases = " ".join(f"a{i}: __schema {{ types {{ fields {{ name }} }} }}" for i in range(200))
    assert "200 aliases (maximum 30)" in await refused(api, f"{{ {aliases} }}")
    deep = "name"
    for _ in range(5):
        deep = f"fields {{ type {{ {deep} }} }}"
    assert await refused(api, f"{{ __schema {{ types {{ {deep} }} }} }}")


@pytest.mark.parametrize("server_settings", [{"introspection": False}])
async def test_introspection_can_be_switched_off(api: Api) -> None:
    for document in ("{ __schema { types { name } } }", '{ __type(name: "Query") { name } }'):
        assert "__" in await refused(api, document)
    assert (await api("{ __typename viewer { __typename } }"))["__typename"] == "Query"


async def test_strangers_get_no_suggestions(api: Api) -> None:
    for document in (
        "{ viewr { name } }",
        "{ viewer { nam } }",
        "{ operations(frst: 1) { totalCount } }",
        '{ operations(where: {nam: {eq: "x"}}) { totalCount } }',
        '{ __type(nam: "Query") { name } }',
        "query ($v: OperationFilte) { viewer { name } }",
        "{ viewer { ...f } } fragment f on Viewe { name }",
        'mutation { trackOperation(input: {kind: APIX, name: "n"}) { uuid } }',
    ):
        assert "Did you mean" not in await refused(api, document)
