"""What an export holds is what GraphQL answers, in every format, however many pages it takes."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from server.exporting.columns import Column, Kind
from server.exporting.csv_text import CsvWriter
from tests.api.exporting.calls import (
    PLAIN,
    START,
    csv_rows,
    export,
    json_rows,
    parquet_rows,
    record,
)
from tests.support.api import Api, StartApi

ALL = PLAIN.replace("operations ", "operations(first: 1000) ")


async def test_all_pages_are_exported_once_and_in_order(start_api: StartApi) -> None:
    api = await start_api(max_page_size=50, default_page_size=10)
    await record(api, 333)
    wide = await start_api()
    expected = (await wide(ALL))["operations"]["nodes"]
    assert len(expected) == 333
    assert json_rows(await export(api, PLAIN, format="jsonl")) == expected


async def test_the_formats_say_the_same(api: Api) -> None:
    await record(api, 50, cacheHit=True)
    lines = json_rows(await export(api, PLAIN, format="jsonl"))
    cells = csv_rows(await export(api, PLAIN, format="csv"))
    typed = parquet_rows(await export(api, PLAIN, format="parquet"))
    assert len(lines) == len(cells) == len(typed) == 50
    for line, cell, one in zip(lines, cells, typed, strict=True):
        assert cell == {name: text(value) for name, value in line.items()}
        assert one.pop("occurredAt") == datetime.fromisoformat(line.pop("occurredAt"))
        assert one == line


def text(value: Any) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


async def test_instants_are_rfc_3339_and_numbers_unformatted(api: Api) -> None:
    await record(api, 1, durationMs=1234567.25)
    (row,) = csv_rows(await export(api, PLAIN))
    assert (row["occurredAt"], row["durationMs"]) == ("2026-11-01T12:00:00Z", "1234567.25")


async def test_objects_are_flat_in_csv_and_nested_in_json_lines(api: Api) -> None:
    session = "mutation { startSession(input: {}) { session { uuid } } }"
    uuid = (await api(session))["startSession"]["session"]["uuid"]
    await record(api, 2, sessionId=uuid, attributes={"a": [1, "x\n,y"]})
    await record(api, 1)
    query = """query ($yes: Boolean!) { operations { nodes {
      session { id: uuid ...More } attributes name @skip(if: $yes) } } }
      fragment More on Session { endedAt }"""
    lines = json_rows(await export(api, query, {"yes": True}, format="jsonl"))
    assert {"id": uuid, "endedAt": None} in [line["session"] for line in lines]
    rows = csv_rows(await export(api, query, {"yes": True}))
    assert list(rows[0]) == ["session.id", "session.endedAt", "attributes"]
    assert sorted(row["session.id"] for row in rows) == ["", uuid, uuid]
    assert {row["attributes"] for row in rows} == {"", '{"a":[1,"x\\n,y"]}'}


async def test_csv_is_rfc_4180(api: Api) -> None:
    await record(api, 1, name='a "quoted", name\nof two lines')
    answer = await export(api, "{ operations { nodes { name kind } } }")
    assert answer.text == 'name,kind\r\n"a ""quoted"", name\nof two lines",API\r\n'


FORMULAS = (
    *("=1+1", "+1", "-1", "@x", "\tx", "\n=1", "\r=1", "\r\n@x", "\t\t=1", "  =1", "\u3000=1"),
    *("\u200b=1", "\ufeff+1", "\xa0-1", '"=1', "'=1", '" =1', "\u201c=1\u201d", "\uff02=1"),
    *("\uff1d1", "\uff0b1", "\uff0d1", "\uff20SUM(1)", "\u22121", "\ufe661", "\u207a1", " \uff1d1"),
)
PLAIN_TEXTS = ("a=1", "1-2", "5", "  5", "", "  ", "x\n=1", "(-1)", "a@b.c", "\xb5=", "'quoted'")


@pytest.mark.parametrize("keep", [True, False])
async def test_what_may_be_run_as_a_formula_is_guarded(keep: bool) -> None:
    columns = [Column(("a",), Kind.TEXT), Column(("b", "c"), Kind.JSON)]
    texts = [*FORMULAS, *PLAIN_TEXTS]
    rows = msgspec.json.encode([{"a": text, "b": {"c": text}} for text in texts])
    writer = CsvWriter(columns, keep_formulas=keep)
    written = (await writer.start() + await writer.write(rows)).decode()
    lines = list(csv.DictReader(io.StringIO(written, newline="")))
    for text, line in zip(texts, lines, strict=True):
        guard = "'" if text in FORMULAS and not keep else ""
        assert line["a"] == guard + text
        json = msgspec.json.encode(text).decode()
        assert line["b.c"] in (json, f"'{json}")
        assert not guard or "\\" in json or line["b.c"] == f"'{json}", (
            "JSON in a cell is guarded, too"
        )


async def test_numbers_are_never_guarded() -> None:
    columns = [
        Column((kind.value,), kind) for kind in (Kind.WHOLE, Kind.NUMBER, Kind.EXACT, Kind.JSON)
    ]
    row = {column.name: -1.5 if column.kind is not Kind.WHOLE else -1 for column in columns}
    written = await CsvWriter(columns).write(msgspec.json.encode([row]))
    assert written == b"-1,-1.5,-1.5,-1.5\r\n"


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\tx", "\n=1", " =1", "\uff1d1"])
async def test_no_cell_is_a_formula_unless_asked_for(api: Api, name: str) -> None:
    await record(api, 1, name=f"{name}", durationMs=0)
    query = "{ operations { nodes { name durationMs } } }"
    (row,) = csv_rows(await export(api, query))
    (kept,) = csv_rows(await export(api, query, formulas="keep"))
    stored = (await api(query))["operations"]["nodes"][0]["name"]
    assert (row["name"], kept["name"]) == (f"'{stored}", stored)


async def test_statistics_are_exported_with_their_groups(api: Api) -> None:
    await record(api, 21)
    query = """{ operationStats(groupBy: [{field: NAME}], bucket: {unit: HOUR},
      where: {occurredAt: {since: "2026-11-01T12:00:00Z", until: "2026-11-01T13:00:00Z"}}) {
      rows { bucket { start } key { name } count ms: durationMs { sum }
        gpt: costAt(model: "gpt") { actual unpricedCount } } } }"""
    answer = await export(api, query)
    head = "bucket.start,key.name,count,ms.sum,gpt.actual,gpt.unpricedCount\r\n"
    assert answer.text.startswith(head)
    rows = csv_rows(answer)
    assert {row["key.name"]: row["count"] for row in rows} == {f"call-{n}": "3" for n in range(7)}
    assert {row["bucket.start"] for row in rows} == {"2026-11-01T12:00:00Z"}
    (first, *_) = parquet_rows(await export(api, query, format="parquet"))
    assert first["bucket.start"] == datetime(2026, 11, 1, 12, tzinfo=UTC)


async def test_statistics_are_whole_or_say_that_they_are_not(start_api: StartApi) -> None:
    api = await start_api(max_answer_rows=5)
    await record(api, 21)
    query = "{ operationStats(groupBy: [{field: NAME}]%s) { rows { count } } }"
    refused = await export(api, query % "")
    assert refused.status_code == 400
    assert "more rows than its maximum" in refused.text
    cut = await export(api, query % ", limit: 3")
    assert (len(csv_rows(cut)), cut.headers["trackstore-truncated"]) == (3, "true")


async def test_first_and_after_bound_an_export(start_api: StartApi) -> None:
    api = await start_api(max_page_size=10, default_page_size=10)
    await record(api, 60)
    query = "query ($n: Int, $after: String) { operations(first: $n, after: $after) { %s } }"
    nodes = query % "nodes { uuid }"
    everything = json_rows(await export(api, nodes, format="jsonl"))
    assert len(everything) == 60
    page = await api(query % "pageInfo { endCursor }", {"n": 7})
    after = page["operations"]["pageInfo"]["endCursor"]
    some = json_rows(await export(api, nodes, {"n": 25, "after": after}, format="jsonl"))
    assert some == everything[7:32]
    assert json_rows(await export(api, nodes, {"n": 0}, format="jsonl")) == []


@pytest.mark.parametrize("format", ["csv", "jsonl", "parquet"])
async def test_nothing_is_an_export_too(api: Api, format: str) -> None:
    answer = await export(api, PLAIN, format=format)
    header = "uuid,occurredAt,name,kind,durationMs,statusCode,cacheHit\r\n"
    if format == "parquet":
        assert parquet_rows(answer) == []
    else:
        assert answer.text == (header if format == "csv" else "")


async def test_the_name_of_the_file_is_that_of_the_field(api: Api) -> None:
    answer = await export(api, "{ week: operations { nodes { name } } }", format="jsonl")
    assert answer.headers["content-disposition"] == 'attachment; filename="week.jsonl"'
    assert answer.headers["content-type"] == "application/jsonl; charset=utf-8"


@pytest.mark.parametrize(
    ("accept", "found"),
    [
        ("text/csv", "text/csv"),
        ("application/x-ndjson, */*", "application/jsonl"),
        ("application/vnd.apache.parquet;q=0.9", "application/vnd.apache.parquet"),
        ("*/*", "text/csv"),
    ],
)
async def test_accept_chooses_the_format(api: Api, accept: str, found: str) -> None:
    answer = await export(api, PLAIN, headers={"Accept": accept})
    assert answer.headers["content-type"].startswith(found)


async def test_a_get_is_enough(api: Api) -> None:
    await record(api, 3)
    parameters = {"query": PLAIN, "format": "jsonl"}
    answer = await api.http.get("/export", params=parameters)
    assert len(json_rows(answer)) == 3
    head = await api.http.head("/export", params=parameters)
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize("root", ["requests", "sessions", "interactions"])
async def test_every_connection_can_be_exported(api: Api, root: str) -> None:
    answer = await export(api, f"{{ {root} {{ nodes {{ organizationId }} }} }}")
    assert answer.text == "organizationId\r\n"


async def test_lists_without_pages_can_be_exported(api: Api) -> None:
    await api('mutation { setPrice(input: {kind: TOOL, name: "a", inputPer1k: 0.1}) '
              "{ price { name } } }")  # fmt: skip
    (row,) = csv_rows(await export(api, "{ prices { name inputPer1k } }"))
    assert row == {"name": "a", "inputPer1k": "0.1"}


async def test_what_is_recorded_meanwhile_neither_repeats_nor_hides_rows(
    start_api: StartApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = await start_api(max_page_size=10, default_page_size=10)
    await record(api, 60)
    before = json_rows(await export(api, PLAIN, format="jsonl"))
    asked, ask = [], api.server.exports()._executor.execute

    async def ask_late(*given: Any) -> bytes:
        asked.append(given)
        at = START.replace(minute=len(asked))
        await record(api, 1, occurredAt=at.isoformat())
        return await ask(*given)

    monkeypatch.setattr(api.server.exports()._executor, "execute", ask_late)
    rows = json_rows(await export(api, PLAIN, format="jsonl"))
    uuids = [row["uuid"] for row in rows]
    assert len(set(uuids)) == len(uuids)
    assert [row for row in rows if row in before] == before


@pytest.mark.parametrize("fast", [True, False])
async def test_the_fast_path_changes_nothing(start_api: StartApi, fast: bool) -> None:
    api = await start_api(fast_path=fast)
    await record(api, 30)
    query = PLAIN.replace("cacheHit", "cacheHit session { uuid } attributes")
    rows = json_rows(await export(api, query, format="jsonl"))
    asked = query.replace("operations ", "operations(first: 1000) ")
    assert rows == (await api(asked))["operations"]["nodes"]
