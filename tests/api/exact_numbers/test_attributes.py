"""Numbers in attributes: every way in and out, on both databases."""

import csv
import io
import json
from typing import Any

import pytest
from pyarrow import parquet

from tests.api.exact_numbers.edge_numbers import ATTRIBUTES, LONGS, REFUSED, same, value_of
from tests.api.exact_numbers.test_columns import BULK, INGEST, OPERATORS, SINGLE, post
from tests.api.exporting.calls import export
from tests.support.api import Api, StartApi

READ = "{ operations(first: 200) { nodes { name attributes } } }"
WHOLE = tuple(t for t in ATTRIBUTES if isinstance(value_of(t), int))


def item(name: str, text: str) -> str:
    """An operation whose attributes hold the number, as JSON text."""
    return f'{{"kind": "API", "name": "{name}", "attributes": {{"x": {{"n": [{text}], "v": {text}}}}}}}'


async def record(api: Api, texts: tuple[str, ...]) -> None:
    """Record each number by every way in; names say which and how."""
    for n, text in enumerate(texts):
        await post(api, SINGLE, item(f"{n}-single", text))
        literal = f'kind: API, name: "{n}-literal", attributes: {{x: {{n: [{text}], v: {text}}}}}'
        await api(f"mutation {{ trackOperation(input: {{{literal}}}) {{ status }} }}")
    bulk = ", ".join(item(f"{n}-bulk", text) for n, text in enumerate(texts))
    assert (await post(api, BULK, f"[{bulk}]"))["trackOperations"]["accepted"] == len(texts)
    entries = ", ".join(
        f'{{"operation": {item(f"{n}-ingest", text)}}}' for n, text in enumerate(texts)
    )
    assert (await post(api, INGEST, f"[{entries}]"))["ingest"]["accepted"] == len(texts)


def text_of(name: str) -> str:
    """The number that the name of an operation stands for."""
    return ATTRIBUTES[int(name.split("-", maxsplit=1)[0])]


def check(rows: list[Any]) -> None:
    """Every number came back as it was sent."""
    assert len(rows) == 4 * len(ATTRIBUTES)
    for row in rows:
        found = row["attributes"]
        found = json.loads(found) if isinstance(found, str) else found
        assert same(found["x"]["v"], text_of(row["name"])), (row["name"], found)
        assert same(found["x"]["n"][0], text_of(row["name"])), (row["name"], found)


@pytest.mark.parametrize("fast_path", [True, False])
async def test_every_way_in_and_out(start_api: StartApi, fast_path: bool) -> None:
    api = await start_api(fast_path=fast_path)
    await record(api, ATTRIBUTES)
    raw = json.loads((await api.raw({"query": READ})).text)
    check(raw["data"]["operations"]["nodes"])
    document = "{ operations { nodes { name attributes } } }"
    check(list(map(json.loads, (await export(api, document, format="jsonl")).text.splitlines())))
    check(list(csv.DictReader(io.StringIO((await export(api, document, format="csv")).text))))
    content = (await export(api, document, format="parquet")).content
    check(parquet.read_table(io.BytesIO(content)).to_pylist())


async def test_conditions_are_exact(api: Api) -> None:
    items = ", ".join(item(f"{n}-x", text) for n, text in enumerate(ATTRIBUTES))
    await post(api, BULK, f"[{items}]")
    values = [value_of(text) for text in ATTRIBUTES]
    document = """query ($w: OperationFilter) { operations(where: $w, first: 100) {
      nodes { name } } }"""
    for text, number in zip(ATTRIBUTES, values, strict=True):
        for op, holds in {**OPERATORS, "in": OPERATORS["eq"]}.items():
            given = [number] if op == "in" else number
            found = await api(document, {"w": {"attributes": [{"path": "x.v", op: given}]}})
            names = {node["name"] for node in found["operations"]["nodes"]}
            assert names == {f"{n}-x" for n, v in enumerate(values) if holds(v, number)}, (op, text)


async def test_groups_and_folds_are_exact(api: Api) -> None:
    items = ", ".join(item(f"{n}-x", text) for n, text in enumerate(ATTRIBUTES))
    await post(api, BULK, f"[{items}]")
    values = {value_of(text) for text in ATTRIBUTES}
    answer = await api("""{ operationStats(groupBy: [{attribute: "x.v"}], limit: 100,
        orderBy: [{by: {group: {attribute: "x.v"}}, direction: ASC}]) {
      rows { key { attribute(path: "x.v") } attribute(path: "x.v") { sum min max } } } }""")
    rows = answer["operationStats"]["rows"]
    keys = [row["key"]["attribute"] for row in rows]
    assert list(map(float, keys)) == list(map(float, sorted(values)))
    assert {int(text) for text in WHOLE} <= {key for key in keys if isinstance(key, int)}
    for row in rows:
        key, folds = row["key"]["attribute"], row["attribute"]
        assert (folds["min"], folds["max"]) == (key, key)
    named = await api("""{ operationStats(groupBy: [{field: NAME}], limit: 100) {
      rows { key { name } attribute(path: "x.v") { sum min max avg p50 } } } }""")
    for row in named["operationStats"]["rows"]:
        number = value_of(text_of(row["key"]["name"]))
        folds = row["attribute"]
        kind = type(number)  # PostgreSQL reads 1.2e18 as its digits say
        assert [kind(folds[name]) for name in ("sum", "min", "max")] == [number] * 3
        assert (folds["avg"], folds["p50"]) == (float(number),) * 2


async def test_sums_and_having_are_exact(api: Api) -> None:
    texts = (
        "9007199254740993",
        "9007199254740993",
        "1",
        "-9223372036854775808",
        "9223372036854775807",
    )
    await post(api, BULK, "[" + ", ".join(item("s", text) for text in texts) + "]")
    total = sum(map(int, texts))
    document = """query ($n: Number) { operationStats(groupBy: [{field: NAME}],
      having: {attribute: [{path: "x.v", sum: {eq: $n}}]}) {
      rows { attribute(path: "x.v") { sum } } } }"""
    for number, found in ((total, 1), (total - 1, 0), (total + 1, 0)):
        rows = (await api(document, {"n": number}))["operationStats"]["rows"]
        assert rows == [{"attribute": {"sum": total}}] * found


async def test_numbers_beyond_64_bits_are_refused_by_name(api: Api) -> None:
    for text in REFUSED:
        for query, variables in (
            (SINGLE, item("x", text)), (BULK, f"[{item('x', text)}]"),
        ):  # fmt: skip
            body = f'{{"query": {json.dumps(query)}, "variables": {{"v": {variables}}}}}'
            answer = (await api.raw(body)).text
            assert "64 bits" in answer or "is not a valid JSON number" in answer, answer
        where = f'{{"w": {{"attributes": [{{"path": "x.v", "gt": {text}}}]}}}}'
        query = "query ($w: OperationFilter) { operations(where: $w) { totalCount } }"
        body = f'{{"query": {json.dumps(query)}, "variables": {where}}}'
        assert "errors" in (await api.raw(body)).json(), text
    assert (await api("{ operations { totalCount } }"))["operations"]["totalCount"] == 0


async def test_other_json_comes_back_as_it_was_sent(api: Api) -> None:
    values = "[" + ", ".join(ATTRIBUTES) + "]"
    id = "01a1f84a-95c0-7000-8000-000000000031"
    create = f'{{"id": "{id}", "type": "t", "stages": [{{"name": "a"}}], "attributes": {{"n": {values}}}}}'
    entries = f"""[{{"createRequest": {create}}}, {{"startStage": {{"requestId": "{id}", "stage": "a"}}}},
      {{"logEvent": {{"requestId": "{id}", "type": "x", "data": {{"n": {values}}}}}}},
      {{"completeStage": {{"requestId": "{id}", "stage": "a", "output": {{"n": {values}}}}}}},
      {{"completeRequest": {{"requestId": "{id}", "result": {{"n": {values}}}}}}},
      {{"session": {{"id": "{id}", "attributes": {{"n": {values}}}}}}}]"""
    found = (await post(api, INGEST, entries))["ingest"]
    assert found["accepted"] == 6
    answer = await api(f"""{{ request(id: "{id}") {{ attributes result
        stages {{ output }} events(first: 50) {{ nodes {{ type data }} }} }}
      session(id: "{id}") {{ attributes }} }}""")
    request = answer["request"]
    logged = next(e["data"] for e in request["events"]["nodes"] if e["type"] == "x")
    for place in (
        request["attributes"], request["result"], request["stages"][0]["output"], logged,
        answer["session"]["attributes"],
    ):  # fmt: skip
        assert [repr(n) for n in place["n"]] == [repr(value_of(t)) for t in ATTRIBUTES]


def test_the_tables_hold_what_matters() -> None:
    assert set(LONGS) <= set(ATTRIBUTES)
    assert len(WHOLE) > len(LONGS)
