"""What is read at a size that can be doubled: pages, filters, ids, aliases and groups."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from store.ids import new_id
from tests.api.scaling.cases import INGEST, Call
from tests.support.api import Api, Json

LARGEST = 40
SIZES = (10, 20, LARGEST)
ALIASES = (5, 10, 20)


@dataclass(frozen=True, slots=True)
class Records:
    """What there is to read, as many of each as the largest case asks for."""

    requests: list[str]
    busy_request: str
    """One with many stages and events."""
    nodes: list[str]
    """Global ids of records of two types."""


@dataclass(frozen=True, slots=True)
class ReadCase:
    """``call`` returns what is asked; ``count`` says how many records the answer has."""

    name: str
    call: Callable[[Records, int], Call]
    count: Callable[[Json], int]
    sizes: tuple[int, int, int] = SIZES
    is_constant: bool = True
    """Whether it takes no more statements for more, but one where a list of keys becomes too long for one."""

    def __str__(self) -> str:
        return self.name


async def record(api: Api) -> Records:
    """Record what is read."""
    requests = [str(new_id()) for _ in range(LARGEST)]
    busy = str(new_id())
    entries: list[Json] = []
    for n, id in enumerate(requests):
        entries += [
            {"createRequest": {"id": id, "type": f"t{n}", "stages": [{"name": "a"}]}},
            {"startStage": {"requestId": id, "stage": "a"}},
            {"session": {"id": f"s{n}"}},
            {"operation": {
                "kind": "LLM", "name": f"n{n}", "labels": {"userId": f"u{n}"}, "requestId": id,
                "sessionId": f"s{n}", "llm": {"model": f"m{n}", "inputTokens": n},
                "interaction": {"type": f"i{n}"},
            }},
            {"circuitBreaker": {"name": f"b{n}", "state": "CLOSED"}},
        ]  # fmt: skip
    entries.append({"createRequest": {"id": busy, "type": "busy"}})
    for n in range(LARGEST):
        entries += [
            {"startStage": {"requestId": busy, "stage": f"stage {n}"}},
            {"logEvent": {"requestId": busy, "type": "e"}},
        ]
    for start in range(0, len(entries), 200):
        answer = (await api(INGEST, {"v": entries[start : start + 200]}))["ingest"]
        assert answer["rejected"] == 0, answer
    listed = await api(f"""{{ operations(first: {LARGEST // 2}) {{ nodes {{ id }} }}
        requests(first: {LARGEST // 2}) {{ nodes {{ id }} }} }}""")
    nodes = [node["id"] for field in listed.values() for node in field["nodes"]]
    return Records(requests, busy, nodes)


def page(field: str, selection: str, of: str = "") -> ReadCase:
    """A page of n records."""
    document = f"query ($n: Int) {{ {field}(first: $n) {{ nodes {{ {selection} }} }} }}"
    return ReadCase(
        f"page of {field}{of}",
        lambda _, n: (document, {"n": n}),
        lambda d: len(d[field]["nodes"]),
    )


def filtered(name: str, field: str, type: str, where: Callable[[Records, int], Any]) -> ReadCase:
    """A page of records that a filter with n parts finds."""
    document = (
        f"query ($where: {type}) {{ {field}(where: $where, first: {LARGEST}) "
        "{ nodes { uuid } } }"
    )
    return ReadCase(
        name,
        lambda records, n: (document, {"where": where(records, n)}),
        lambda d: len(d[field]["nodes"]),
    )


def aliases(name: str, call: Callable[[Records, int], str]) -> ReadCase:
    """n fields of one document."""
    return ReadCase(
        name,
        lambda r, n: ("{ " + " ".join(f"a{i}: {call(r, i)}" for i in range(n)) + " }", {}),
        len,
        ALIASES,
        is_constant=False,
    )


def stats(name: str, by: str, more: str = "", selection: str = "count") -> ReadCase:
    """An aggregation with n groups."""
    document = f"""query ($names: [String!]!) {{ operationStats(
        where: {{name: {{in: $names}}}}, groupBy: [{by}] {more}) {{ rows {{ {selection} }} }} }}"""
    return ReadCase(
        name,
        lambda _, n: (document, {"names": [f"n{i}" for i in range(n)]}),
        lambda d: len(d["operationStats"]["rows"]),
    )


def of_one_request(name: str, selection: str, count: Callable[[Json], int]) -> ReadCase:
    """What one request has n of."""
    return ReadCase(
        name,
        lambda r, n: (
            f"query ($id: UUID!) {{ request(id: $id) {{ {selection.replace('N', str(n))} }} }}",
            {"id": r.busy_request},
        ),
        lambda d: count(d["request"]),
    )


READ_CASES = [
    page("operations", "uuid name userId model inputTokens attributes message"),
    page("operations", "uuid request { uuid stages { name } } session { uuid }",
         " with edges"),
    page("requests", "uuid stages { name attempts { attempt } } events(first: 5) { nodes { seq } } "
         "operations(first: 5) { nodes { uuid session { uuid } } }"),
    page("sessions", "uuid operations(first: 5) { nodes { uuid } }"),
    page("interactions", "interactionType units"),
    of_one_request("events of a request", "events(first: N) { nodes { seq type stage } }",
                   lambda r: len(r["events"]["nodes"])),
    filtered("values of a filter", "operations", "OperationFilter",
             lambda _, n: {"name": {"in": [f"n{i}" for i in range(n)]}}),
    filtered("alternatives of a filter", "operations", "OperationFilter",
             lambda _, n: {"or": [{"userId": {"eq": f"u{i}"}} for i in range(n)]}),
    filtered("ids of a filter", "requests", "RequestFilter",
             lambda r, n: {"correlationId": {"in": r.requests[:n]}}),
    ReadCase("ids of nodes", lambda r, n: (
        "query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Request { stages { name } } } }",
        {"ids": r.nodes[:: LARGEST // n]}), lambda d: sum(node is not None for node in d["nodes"])),
    aliases("aliases of a record", lambda r, i: f'request(id: "{r.requests[i]}") {{ type }}'),
    aliases("aliases of a page", lambda _r, _i: 'operations(first: 5) { nodes { uuid } }'),
    aliases("aliases of an aggregation",
            lambda _, i: f'operationStats(where: {{name: {{eq: "n{i}"}}}}) {{ rows {{ count }} }}'),
    stats("groups", "{field: NAME}", selection="key { name } count inputTokens { sum p95 }"),
    stats("groups of two fields", "{field: NAME}, {field: USER_ID}"),
    stats("groups in time", "{field: NAME}", more=', bucket: {unit: HOUR}'),
]  # fmt: skip
