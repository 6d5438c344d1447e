"""Whole numbers in columns: every way in and out, on both databases."""

import csv
import io
import json
import operator
from collections.abc import Callable
from typing import Any

import pytest
from pyarrow import parquet
from sqlalchemy import update

from models import Operation, table_of
from tests.api.exact_numbers.edge_numbers import LONGS, REFUSED
from tests.api.exporting.calls import export
from tests.api.live.conftest import Serve, live, serve
from tests.support.api import Api, Json, StartApi

__all__ = ["live", "serve"]

OPERATIONS = table_of(Operation)
SINGLE = "mutation ($v: OperationInput!) { trackOperation(input: $v) { status } }"
BULK = """mutation ($v: [OperationInput!]!) {
  trackOperations(operations: $v) { accepted results { message } } }"""
INGEST = "mutation ($v: [EntryInput!]!) { ingest(entries: $v) { accepted } }"
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}
READ = "{ operations(first: 100) { nodes { name inputTokens } } }"
LIVE = """subscription { operationFeed { ... on Operation { name inputTokens } } }"""


def item(name: str, text: str) -> str:
    """An operation with the number, as JSON text."""
    return f'{{"kind": "LLM", "name": "{name}", "llm": {{"inputTokens": {text}}}}}'


async def post(api: Api, query: str, variables: str) -> Any:
    """Send variables as the text they are."""
    body = f'{{"query": {json.dumps(query)}, "variables": {{"v": {variables}}}}}'
    answer = (await api.raw(body)).json()
    assert "errors" not in answer, answer
    return answer["data"]


async def record(api: Api, texts: tuple[str, ...]) -> None:
    """Record operations whose input tokens are the numbers; names say which.

    No caller may send so many tokens at once, and sums, imports and older servers may have stored them.
    """
    items = ", ".join(item(f"{n}-x", "1") for n in range(len(texts)))
    assert (await post(api, BULK, f"[{items}]"))["trackOperations"]["accepted"] == len(texts)
    async with api.server.store.database.write() as connection:
        for n, text in enumerate(texts):
            changed = update(OPERATIONS).where(OPERATIONS.c.name == f"{n}-x")
            await connection.execute(changed.values(input_tokens=int(text)))


def expected(texts: tuple[str, ...]) -> dict[str, int]:
    """What every recorded operation says."""
    return {f"{n}-x": int(text) for n, text in enumerate(texts)}


@pytest.fixture
async def exact(start_api: StartApi) -> Api:
    """A server that answers from the records themselves."""
    return await start_api(rollups=False)


async def test_every_way_in(api: Api) -> None:
    """Maxima of limits are the largest numbers that callers send."""
    largest = (2**63 - 1) // 4
    numbers = [int(text) for text in LONGS if int(text) <= largest] + [largest, largest - 1]
    for n, number in enumerate(numbers):
        common = f'subject: USER, interactionType: "i", organizationId: "o", maximum: {number}'
        await api(
            f'mutation {{ setLimit(input: {{{common}, subjectId: "{n}-literal"}}) {{ __typename }} }}'
        )
        for way, maximum in (("number", number), ("text", str(number))):
            limit: Json = {"subject": "USER", "interactionType": "i", "organizationId": "o"}
            limit |= {"maximum": maximum, "subjectId": f"{n}-{way}"}
            await api(
                "mutation ($v: LimitInput!) { setLimit(input: $v) { __typename } }", {"v": limit}
            )
    found = (await api("{ limits { subjectId maximum } }"))["limits"]
    ways = ("literal", "number", "text")
    wanted = {f"{n}-{way}": number for n, number in enumerate(numbers) for way in ways}
    assert {limit["subjectId"]: limit["maximum"] for limit in found} == wanted
    subject = {"organizationId": "o", "subject": "USER", "subjectId": f"{len(numbers) - 1}-text"}
    query = "query ($s: SubjectInput!) { usage(subject: $s) { maximum limit remaining } }"
    (level,) = (await api(query, {"s": subject}))["usage"]
    assert level == {"maximum": largest - 1, "limit": largest - 1, "remaining": largest - 1}


@pytest.mark.parametrize("fast_path", [True, False])
async def test_every_way_out(start_api: StartApi, fast_path: bool) -> None:
    api = await start_api(fast_path=fast_path, rollups=False)
    await record(api, LONGS)
    wanted = expected(LONGS)
    nodes = (await api(READ))["operations"]["nodes"]
    assert {node["name"]: node["inputTokens"] for node in nodes} == wanted
    document = "{ operations { nodes { name inputTokens } } }"
    lines = (await export(api, document, format="jsonl")).text.splitlines()
    assert {row["name"]: row["inputTokens"] for row in map(json.loads, lines)} == wanted
    table = csv.DictReader(io.StringIO((await export(api, document, format="csv")).text))
    assert {row["name"]: int(row["inputTokens"]) for row in table} == wanted
    content = (await export(api, document, format="parquet")).content
    rows = parquet.read_table(io.BytesIO(content)).to_pylist()
    assert {row["name"]: row["inputTokens"] for row in rows} == wanted


async def test_conditions_and_groups_are_exact(exact: Api) -> None:
    await record(exact, LONGS)
    wanted = expected(LONGS)
    filtered = """query ($w: OperationFilter) { operations(where: $w, first: 100) {
      totalCount } operationStats(where: $w) { totals { count
        inputTokens { min max } } } }"""
    for text in LONGS:
        number = int(text)
        for op, holds in OPERATORS.items():
            matching = [v for v in wanted.values() if holds(v, number)]
            for given in (number, text):
                found = await exact(filtered, {"w": {"inputTokens": {op: given}}})
                assert found["operations"]["totalCount"] == len(matching), (op, text)
                if op == "eq":
                    totals = found["operationStats"]["totals"]
                    folds = totals["inputTokens"]
                    assert (folds["min"], folds["max"]) == (number, number)
    grouped = await exact("""{ operationStats(groupBy: [{field: NAME}], limit: 100) {
      rows { key { name } inputTokens { sum min max } } } }""")
    for row in grouped["operationStats"]["rows"]:
        number = wanted[row["key"]["name"]]
        assert row["inputTokens"] == {"sum": number, "min": number, "max": number}
    for op in ("eq", "gte", "lte"):
        having = f"""query ($n: Number) {{ operationStats(groupBy: [{{field: NAME}}], limit: 100,
          having: {{inputTokens: {{sum: {{{op}: $n}}}}}}) {{ rows {{ key {{ name }} }} }} }}"""
        for text in LONGS:
            rows = (await exact(having, {"n": int(text)}))["operationStats"]["rows"]
            names = {row["key"]["name"] for row in rows}
            compare = {"eq": int.__eq__, "gte": int.__ge__, "lte": int.__le__}[op]
            assert names == {n for n, v in wanted.items() if compare(v, int(text))}, (op, text)


async def test_pages_go_on_after_any_number(exact: Api) -> None:
    await record(exact, LONGS)
    for field, direction in (("INPUT_TOKENS", "ASC"), ("TOKENS_ACTUAL", "DESC")):
        found, after = [], None
        while True:
            page = (await exact(
                f"""query ($after: String) {{ operations(first: 3, after: $after,
                  orderBy: {{field: {field}, direction: {direction}}}) {{
                  nodes {{ name inputTokens }} pageInfo {{ hasNextPage endCursor }} }} }}""",
                {"after": after},
            ))["operations"]  # fmt: skip
            found += page["nodes"]
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        assert {node["name"]: node["inputTokens"] for node in found} == expected(LONGS)
        assert len(found) == len(expected(LONGS))


async def test_sums_are_exact_or_refused(exact: Api) -> None:
    largest = str(2**63 - 1)
    names = {
        "fits": (str(2**62), str(2**62 - 1)),
        "odd": ("9007199254740993", "9007199254740993", "1"),
        "beyond": (largest, largest, largest),
    }
    await record(exact, tuple(text for texts in names.values() for text in texts))
    async with exact.server.store.database.write() as connection:
        for n, name in enumerate(name for name, texts in names.items() for _ in texts):
            renamed = update(OPERATIONS).where(OPERATIONS.c.name == f"{n}-x")
            await connection.execute(renamed.values(name=name))
    document = """query ($w: OperationFilter) { operationStats(where: $w,
      groupBy: [{field: NAME}]) { rows { key { name } inputTokens { sum avg max } } } }"""
    answer = (await exact.raw({"query": document})).json()
    rows = {r["key"]["name"]: r["inputTokens"] for r in answer["data"]["operationStats"]["rows"]}
    assert rows["fits"]["sum"] == 2**63 - 1
    assert rows["odd"]["sum"] == 2 * 9007199254740993 + 1
    assert rows["beyond"] == {"sum": None, "avg": pytest.approx(2**63), "max": 2**63 - 1}
    (error,) = answer["errors"]
    assert error["message"] == "The sum exceeds 64 bits. Narrow the filter or select avg."
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    fine = await exact(document, {"w": {"name": {"in": ["fits", "odd"]}}})
    assert len(fine["operationStats"]["rows"]) == 2


async def test_what_has_no_64_bits_is_refused(api: Api) -> None:
    for text in (*REFUSED, "9007199254740993.0", "1e18", "1.5", '"1.0"', '"9223372036854775808"'):
        body = f'{{"query": {json.dumps(SINGLE)}, "variables": {{"v": {item("x", text)}}}}}'
        answer = (await api.raw(body)).json()
        assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT", text
        body = f'{{"query": {json.dumps(BULK)}, "variables": {{"v": [{item("x", text)}]}}}}'
        assert "errors" in (await api.raw(body)).json(), text
    assert (await api("{ operations { totalCount } }"))["operations"]["totalCount"] == 0
    for text in ("1e3", "1.0", "7.0", "999999999999999.0"):
        await post(api, SINGLE, item(text, text))
        await post(api, BULK, f"[{item(text, text)}]")
    nodes = (await api(READ))["operations"]["nodes"]
    assert all(node["inputTokens"] == int(float(node["name"])) for node in nodes)
    assert len(nodes) == 8


async def test_a_feed_and_a_live_answer_are_exact(serve: Serve) -> None:
    live = await serve()
    async with live.socket() as socket:
        feed = await socket.subscribe(LIVE)
        stats = await socket.subscribe(
            "subscription { operationStatsLive { totals { inputTokens { sum } } } }"
        )
        await stats.next()
        for number in (2**31, 999_999_999_999_999, 10**15):
            await post(live, SINGLE, item(str(number), str(number)))
            assert await feed.next() == {"name": str(number), "inputTokens": number}
        while (await stats.next())["totals"]["inputTokens"] != {"sum": 2**31 + 2 * 10**15 - 1}:
            pass
