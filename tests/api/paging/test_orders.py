"""Every order of every list, read forward and backward, with ties and with nulls."""

from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any
from uuid import UUID

from store.ids import new_id
from tests.api.invalid_input.batches import ingest, track
from tests.api.paging.walking import document_of, in_order, walk
from tests.support.api import Api, Json

OPERATIONS = document_of(
    "operations",
    "OperationOrder",
    """id uuid organizationId occurredAt durationMs statusCode tokensOriginal tokensActual
    tokensPrevented inputTokens outputTokens costActual costSaved""",
)
OPERATION_FIELDS = {
    "OCCURRED_AT": "occurredAt",
    "DURATION_MS": "durationMs",
    "STATUS_CODE": "statusCode",
    "TOKENS_ORIGINAL": "tokensOriginal",
    "TOKENS_ACTUAL": "tokensActual",
    "TOKENS_PREVENTED": "tokensPrevented",
    "INPUT_TOKENS": "inputTokens",
    "OUTPUT_TOKENS": "outputTokens",
    "COST_ACTUAL": "costActual",
    "COST_SAVED": "costSaved",
}
REQUESTS = document_of(
    "requests",
    "RequestOrder",
    "id uuid organizationId createdAt updatedAt startedAt endedAt progress status",
)
REQUEST_FIELDS = {
    "ID": "uuid",
    "CREATED_AT": "createdAt",
    "UPDATED_AT": "updatedAt",
    "STARTED_AT": "startedAt",
    "ENDED_AT": "endedAt",
    "PROGRESS": "progress",
}
START = datetime(2026, 6, 1, tzinfo=UTC)


def text_key(name: str) -> Any:
    """A field as it is ordered: instants as instants, ids as ids."""

    def key(node: Json) -> Any:
        value = node[name]
        if value is None:
            return None
        if name == "uuid":
            return UUID(value).int
        return datetime.fromisoformat(value) if name.endswith("At") else value

    return key


def some_operations(dice: Random, count: int) -> list[Json]:
    """Operations of all kinds, in two organizations, full of ties and of nulls."""
    made = []
    for i in range(count):
        kind = dice.choice(["API", "TOOL", "LLM"])
        details: dict[str, Json] = {
            "API": {"api": {"statusCode": dice.choice([200, 404, None])}},
            "TOOL": {"tool": {"tokensOriginal": dice.choice([0, 100, 5_000]),
                              "tokensActual": dice.choice([0, 100, 7_000])}},
            "LLM": {"llm": {"inputTokens": dice.choice([1, 2, None]),
                            "outputTokens": dice.choice([1, None])}},
        }  # fmt: skip
        made.append(
            {
                "id": str(new_id()),
                "occurredAt": (START + timedelta(minutes=dice.randrange(8))).isoformat(),
                "kind": kind,
                "name": "n",
                "durationMs": dice.choice([None, 0.0, 1.5, 1.5, 2.25]),
                "labels": {"organizationId": "one"},
                **details[kind],
            }
        )
        if i % 5 == 0:  # the same id at the same time in another organization
            made.append(made[-1] | {"labels": {"organizationId": "two"}})
    return made


async def check(api: Api, document: str, steps: list[tuple[str, bool]], fields: dict[str, str],
                ties: list[str], size: int, total: int) -> None:  # fmt: skip
    """Every way of reading gives all nodes, each once, in the order of the steps."""
    order = [{"field": f, "direction": "DESC" if d else "ASC"} for f, d in steps]
    everything = await walk(api, document, 1_000, orderBy=order)
    assert len({node["id"] for node in everything}) == len(everything) == total
    named = [fields[field] for field, _ in steps]
    rest = [name for name in ties if name not in named]
    keys = [(text_key(fields[field]), way) for field, way in steps]
    keys += [(text_key(name), steps[0][1]) for name in rest]
    assert everything == in_order(everything, keys), steps
    for forward in (True, False):
        read = await walk(api, document, size, forward=forward, orderBy=order)
        assert read == everything, (steps, forward)


async def test_operations(api: Api) -> None:
    sent = some_operations(Random(7), 40)
    assert (await track(api, *sent))["accepted"] == len(sent)
    ties = ["occurredAt", "uuid", "organizationId"]
    for field in OPERATION_FIELDS:
        for descending in (True, False):
            steps = [(field, descending)]
            await check(api, OPERATIONS, steps, OPERATION_FIELDS, ties, 13, len(sent))
    for steps in (
        [("DURATION_MS", False), ("STATUS_CODE", True)],
        [("STATUS_CODE", True), ("DURATION_MS", False), ("OCCURRED_AT", True)],
        [("COST_SAVED", True), ("TOKENS_ORIGINAL", False)],
    ):
        await check(api, OPERATIONS, steps, OPERATION_FIELDS, ties, 5, len(sent))


async def test_operations_are_newest_first_where_nothing_is_said(api: Api) -> None:
    sent = some_operations(Random(8), 20)
    await track(api, *sent)
    newest = [{"field": "OCCURRED_AT", "direction": "DESC"}]
    explicit = await walk(api, OPERATIONS, 6, orderBy=newest)
    for order in (None, [], newest * 2, [*newest, {"field": "OCCURRED_AT", "direction": "ASC"}]):
        assert await walk(api, OPERATIONS, 6, orderBy=order) == explicit


async def test_requests(api: Api) -> None:
    dice, entries = Random(9), []
    for i in range(30):
        id = str(new_id())
        labels = {"organizationId": "one"}
        stages = [{"name": "a"}, {"name": "b"}]
        entries.append(
            {"createRequest": {"id": id, "type": "t", "labels": labels, "stages": stages}}
        )
        at = (START + timedelta(minutes=dice.randrange(3))).isoformat()
        if i % 3:
            entries.append({"startStage": {"requestId": id, "stage": "a", "occurredAt": at}})
        if i % 3 and i % 4 == 1:
            entries.append({"completeStage": {"requestId": id, "stage": "a", "occurredAt": at}})
        if i % 5 == 2:
            entries.append({"cancelRequest": {"requestId": id, "occurredAt": at}})
        if i % 7 == 0:
            elsewhere = {"organizationId": "two"}
            entries.append({"createRequest": {"id": id, "type": "t", "labels": elsewhere}})
    key = """mutation ($o: ID!) { createApiKey(input: {name: "k", scopes: [INGEST, READ],
        organizationId: $o}) { secret } }"""
    one = api.as_key((await api(key, {"o": "one"}))["createApiKey"]["secret"])
    two = api.as_key((await api(key, {"o": "two"}))["createApiKey"]["secret"])
    of_two = [
        e for e in entries if e.get("createRequest", {}).get("labels") == {"organizationId": "two"}
    ]
    of_one = [e for e in entries if e not in of_two]
    assert (await ingest(one, *of_one[:20]))["accepted"] == 20  # written at another instant
    assert (await ingest(one, *of_one[20:]))["rejected"] == 0
    assert (await ingest(two, *of_two))["accepted"] == len(of_two)
    for field in REQUEST_FIELDS:
        for descending in (True, False):
            steps = [(field, descending)]
            ties = ["uuid", "organizationId"]
            await check(api, REQUESTS, steps, REQUEST_FIELDS, ties, 7, 30 + len(of_two))


async def test_interactions(api: Api) -> None:
    dice = Random(10)
    sent = [
        {
            "kind": "API",
            "name": "n",
            "occurredAt": (START + timedelta(days=31 * dice.randrange(4))).isoformat(),
            "labels": {"organizationId": dice.choice(["one", "two"]), "userId": f"u{i % 25}"},
            "interaction": {"type": "mini", "units": dice.choice([1, 2])},
        }
        for i in range(120)
    ]
    assert (await track(api, *sent))["accepted"] == len(sent)
    node = "id organizationId userId year month units calls lastAt"
    document = document_of("interactions", "InteractionOrder", node)
    for field, way in product(("MONTH", "UNITS", "CALLS", "LAST_AT"), ("ASC", "DESC")):
        order = [{"field": field, "direction": way}]
        everything = await walk(api, document, 1_000, orderBy=order)
        assert len({n["id"] for n in everything}) == len(everything) > 50
        values = [
            (n["year"], n["month"]) if field == "MONTH" else text_key(NAMES[field])(n)
            for n in everything
        ]
        assert values == sorted(values, reverse=way == "DESC")
        assert await walk(api, document, 19, orderBy=order) == everything
        assert await walk(api, document, 19, forward=False, orderBy=order) == everything


NAMES = {"UNITS": "units", "CALLS": "calls", "LAST_AT": "lastAt"}


async def test_sessions(api: Api) -> None:
    ids = [str(new_id()) for _ in range(23)]
    await ingest(api, *({"session": {"id": id}} for id in ids))
    document = document_of("sessions", "", "id uuid")
    newest = [{"uuid": id} for id in reversed(ids)]
    for size in (1, 5, 23, 24):
        for forward in (True, False):
            found = await walk(api, document, size, forward=forward)
            assert [{"uuid": node["uuid"]} for node in found] == newest


async def test_what_hangs_on_a_request_or_session(api: Api) -> None:
    request, session = str(new_id()), str(new_id())
    events = [{"logEvent": {"requestId": request, "type": f"e{i}"}} for i in range(2, 24)]
    operations = [
        {"operation": {"kind": "API", "name": "n", "id": str(new_id()), "requestId": request,
                       "sessionId": session, "occurredAt": START.isoformat()}}
        for _ in range(23)
    ]  # fmt: skip
    await ingest(
        api, {"createRequest": {"id": request, "type": "t"}}, {"session": {"id": session}},
        *events, *operations,
    )  # fmt: skip
    ids = sorted((o["operation"]["id"] for o in operations), reverse=True)
    for size in (1, 6, 23, 24):
        log, of_request, of_session = [], [], []
        marks: Json = {"id": request, "session": session, "n": size}
        while True:
            answer = await api(EDGES, marks)
            pages = [answer["request"]["events"], answer["request"]["operations"],
                     answer["session"]["operations"]]  # fmt: skip
            log += [node["seq"] for node in pages[0]["nodes"]]
            of_request += [node["uuid"] for node in pages[1]["nodes"]]
            of_session += [node["uuid"] for node in pages[2]["nodes"]]
            assert [page["totalCount"] for page in pages] == [23, 23, 23]
            if not pages[0]["pageInfo"]["hasNextPage"]:
                break
            marks |= {f"c{i}": page["pageInfo"]["endCursor"] for i, page in enumerate(pages)}
        assert (log, of_request, of_session) == (list(range(1, 24)), ids, ids)
    newest = "query ($id: UUID!) { request(id: $id) { events(last: 3) { nodes { seq } } } }"
    assert (await api(newest, {"id": request}))["request"]["events"]["nodes"] == [
        {"seq": 21}, {"seq": 22}, {"seq": 23},
    ]  # fmt: skip
    after = "query ($id: UUID!) { request(id: $id) { events(afterSeq: 20, first: 2) { nodes { seq } } } }"
    assert (await api(after, {"id": request}))["request"]["events"]["nodes"] == [
        {"seq": 21}, {"seq": 22},
    ]  # fmt: skip


EDGES = """query ($id: UUID!, $session: ID!, $n: Int, $c0: String, $c1: String, $c2: String) {
    request(id: $id) {
      events(first: $n, after: $c0) { totalCount nodes { seq } pageInfo { hasNextPage endCursor } }
      operations(first: $n, after: $c1) { totalCount nodes { uuid }
        pageInfo { hasNextPage endCursor } } }
    session(id: $session) { operations(first: $n, after: $c2) { totalCount nodes { uuid }
      pageInfo { hasNextPage endCursor } } } }"""
