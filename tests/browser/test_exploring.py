"""Explore, the IDE and the pages of administrators in a real browser, compared with the API."""

import base64
import csv
import io
import json
from typing import Any

import pyarrow.parquet
import pytest

from tests.browser.browser import run_scenario, scenario
from tests.browser.site import ACORN, Site

TRACK = "mutation($input: OperationInput!) { trackOperation(input: $input) { status } }"
DAY = '{occurredAt: {last: "PT24H"}}'
QUESTIONS = {
    "group=toolName,operationMode&measures=count,durationMs.p95,costSaved.sum&top=3": f"""{{
        stats: operationStats(where: {DAY}, groupBy: [{{field: TOOL_NAME}}, {{field: OPERATION_MODE}}],
          top: {{n: 3, by: {{measure: COUNT}}}}) {{
          rows {{ count durationMs {{ p95 }} costSaved {{ sum }} }}
          others {{ count durationMs {{ p95 }} costSaved {{ sum }} }}
          totals {{ count durationMs {{ p95 }} costSaved {{ sum }} }} }} }}""",
    "group=&measures=count,errorRate,distinct.userId,tokensPrevented.sum&where=kind~in~TOOL,LLM": """{
        stats: operationStats(where: {occurredAt: {last: "PT24H"}, kind: {in: [TOOL, LLM]}}) {
          rows { count errorRate distinct(field: USER_ID) tokensPrevented { sum } }
          totals { count errorRate distinct(field: USER_ID) tokensPrevented { sum } } } }""",
    "source=requests&group=status&measures=count,durationMs.p50&top=0": """{
        stats: requestStats(where: {createdAt: {last: "PT24H"}}, groupBy: [{field: STATUS}],
          orderBy: [{by: {measure: COUNT}}]) {
          rows { count durationMs { p50 } } totals { count durationMs { p50 } } } }""",
    "source=stages&group=name&measures=count,retriedCount,attempt.max&top=0": """{
        stats: stageStats(where: {startedAt: {last: "PT24H"}}, groupBy: [{field: NAME}],
          orderBy: [{by: {measure: COUNT}}]) {
          rows { count retriedCount attempt { max } }
          totals { count retriedCount attempt { max } } } }""",
    "source=events&group=severity&measures=count,errorRate&where=type~startsWith~stage.&top=0": """{
        stats: eventStats(where: {occurredAt: {last: "PT24H"}, type: {startsWith: "stage."}},
          groupBy: [{field: SEVERITY}], orderBy: [{by: {measure: COUNT}}]) {
          rows { count errorRate } totals { count errorRate } } }""",
    "source=interactions&group=organizationId,interactionType&measures=units.sum&top=0": """{
        stats: interactionStats(groupBy: [{field: ORGANIZATION_ID}, {field: INTERACTION_TYPE}],
          orderBy: [{by: {number: {field: UNITS}}}]) {
          rows { units { sum } } totals { units { sum } } } }""",
}
"""Addresses of the page, and equivalent queries with their measures in the same order."""


def leaves(part: Any) -> list[Any]:
    """Return the values of a row, in the order of the selection."""
    if isinstance(part, dict):
        return [leaf for value in part.values() for leaf in leaves(value)]
    return [part]


def numbers(displayed: list[str]) -> list[float | None]:
    return [float(text) if text else None for text in displayed]


@pytest.fixture(scope="module")
def explored(demo_site: Site) -> Any:
    return run_scenario(
        "explore", server=demo_site.url, key=demo_site.admin, questions=list(QUESTIONS)
    )


def test_explore_shows_the_numbers_of_the_api(demo_site: Site, explored: Any) -> None:
    for result, (address, query) in zip(explored["asked"], QUESTIONS.items(), strict=True):
        stats = demo_site.execute(query)["stats"]
        expected = sorted((leaves(row) for row in stats["rows"]), key=str)
        displayed = sorted((numbers(row["exact"]) for row in result["rows"]), key=str)
        assert [pytest.approx(row) for row in expected] == displayed, address
        assert numbers(result["ends"]["Total"]) == pytest.approx(leaves(stats["totals"])), address
        if stats.get("others"):
            assert numbers(result["ends"]["Others"]) == pytest.approx(leaves(stats["others"]))
        assert len(expected) > 1 or "group=&" in address


def test_a_question_is_stored_in_the_address(demo_site: Site, explored: Any) -> None:
    by_hand = explored["byHand"]
    assert "group=name%2Ckind" in by_hand["address"]
    assert "measures=count%2CdurationMs.p95" in by_hand["address"]
    assert "where=outcome%7Ein%7EERROR" in by_hand["address"]
    assert explored["again"] == by_hand["answer"]
    expected = demo_site.execute(
        """{ operationStats(where: {occurredAt: {last: "PT24H"}, outcome: {in: [ERROR]}}) {
          totals { count } } }"""
    )["operationStats"]["totals"]["count"]
    assert numbers(by_hand["answer"]["ends"]["Total"])[0] == expected


def test_a_question_is_exported(demo_site: Site, explored: Any) -> None:
    variables = json.loads(explored["variables"])
    rows = demo_site.execute(explored["document"], **variables)["operationStats"]["rows"]
    files = {n: base64.b64decode(content) for n, content in explored["files"].items()}
    assert set(files) == {f"operationStats.{end}" for end in ("csv", "jsonl", "parquet")}
    counts = sorted(row["count"] for row in rows)
    as_csv = list(csv.DictReader(io.StringIO(files["operationStats.csv"].decode())))
    assert sorted(int(row["count"]) for row in as_csv) == counts
    as_lines = [json.loads(line) for line in files["operationStats.jsonl"].splitlines()]
    assert sorted(row["count"] for row in as_lines) == counts
    table = pyarrow.parquet.read_table(io.BytesIO(files["operationStats.parquet"]))
    assert sorted(table.column("count").to_pylist()) == counts


def test_whole_numbers_keep_their_digits(demo_site: Site) -> None:
    number = 2**53 + 1
    writer, _ = demo_site.create_key("exact", "INGEST", organization=ACORN)
    for n in (number, number - 1):
        call = {"kind": "API", "name": "exact", "attributes": {"n": n}}
        demo_site.execute(TRACK, writer, input=call)
    question = f"group=attributes.n&measures=count&where=attributes.n~eq~{number}&top=0"
    result = run_scenario("exact", server=demo_site.url, key=demo_site.admin, question=question)
    assert str(number) in result["answer"]
    assert str(number - 1) not in result["answer"]
    assert str(number) in result["variables"]
    (row,) = result["lines"].splitlines()
    assert str(number) in row


def test_the_ide_queries_and_subscribes(demo_site: Site) -> None:
    writer, _ = demo_site.create_key("writer", "INGEST", organization=ACORN)
    with scenario("ide", server=demo_site.url, key=demo_site.admin) as session:
        while session.receive() == "running":
            demo_site.execute(TRACK, writer, input={"kind": "API", "name": "seen-in-the-ide"})
            session.send(name="seen-in-the-ide")
        result = session.finish()
    assert "totalCount" in result["first"]
    assert result["isShown"]
    assert len(result["examples"]) > 8
    assert result["violations"] == []
    assert result["workers"] >= 1, "the editor checks documents in a worker"
    assert demo_site.admin not in result["kept"]


def test_a_key_is_created_used_and_revoked(demo_site: Site) -> None:
    result = run_scenario(
        "keys",
        ignored_errors=["401"],
        server=demo_site.url,
        key=demo_site.admin,
        name="from the page",
        organization=ACORN,
    )
    assert result["secret"].startswith("tsk_")
    assert ACORN in result["listed"]
    assert "read" in result["listed"]
    assert result["shownAgain"] is False
    assert "cannot manage API keys" in result["refusal"]
