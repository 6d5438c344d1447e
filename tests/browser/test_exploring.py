"""Explore, the IDE and the pages of administrators in a real browser, held against the API."""

import base64
import csv
import io
import json
from typing import Any

import pyarrow.parquet
import pytest

from tests.browser.browser import story, tell
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
        stats: operationStats(where: {occurredAt: {last: "PT24H"}, kind: [TOOL, LLM]}) {
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
"""Addresses of the page, and the same asked of the API by hand; figures in the same order."""


def leaves(part: Any) -> list[Any]:
    """The figures of a row, in the order of the selection."""
    if isinstance(part, dict):
        return [leaf for value in part.values() for leaf in leaves(value)]
    return [part]


def numbers(shown: list[str]) -> list[float | None]:
    return [float(text) if text else None for text in shown]


@pytest.fixture(scope="module")
def explored(played: Site) -> Any:
    return tell("explore", server=played.url, key=played.admin, questions=list(QUESTIONS))


def test_explore_shows_the_numbers_of_the_api(played: Site, explored: Any) -> None:
    for found, (address, query) in zip(explored["asked"], QUESTIONS.items(), strict=True):
        stats = played.ask(query)["stats"]
        told = sorted((leaves(row) for row in stats["rows"]), key=str)
        shown = sorted((numbers(row["exact"]) for row in found["rows"]), key=str)
        assert [pytest.approx(row) for row in told] == shown, address
        assert numbers(found["ends"]["Total"]) == pytest.approx(leaves(stats["totals"])), address
        if stats.get("others"):
            assert numbers(found["ends"]["Others"]) == pytest.approx(leaves(stats["others"]))
        assert len(told) > 1 or "group=&" in address


def test_a_question_stands_in_the_address(played: Site, explored: Any) -> None:
    by_hand = explored["byHand"]
    assert "group=name%2Ckind" in by_hand["address"]
    assert "measures=count%2CdurationMs.p95" in by_hand["address"]
    assert "where=outcome%7Ein%7EERROR" in by_hand["address"]
    assert explored["again"] == by_hand["answer"]
    told = played.ask(
        """{ operationStats(where: {occurredAt: {last: "PT24H"}, outcome: [ERROR]}) {
          totals { count } } }"""
    )["operationStats"]["totals"]["count"]
    assert numbers(by_hand["answer"]["ends"]["Total"])[0] == told


def test_a_question_is_taken_along(played: Site, explored: Any) -> None:
    variables = json.loads(explored["variables"])
    rows = played.ask(explored["document"], **variables)["operationStats"]["rows"]
    files = {n: base64.b64decode(content) for n, content in explored["files"].items()}
    assert set(files) == {f"operationStats.{end}" for end in ("csv", "jsonl", "parquet")}
    counts = sorted(row["count"] for row in rows)
    as_csv = list(csv.DictReader(io.StringIO(files["operationStats.csv"].decode())))
    assert sorted(int(row["count"]) for row in as_csv) == counts
    as_lines = [json.loads(line) for line in files["operationStats.jsonl"].splitlines()]
    assert sorted(row["count"] for row in as_lines) == counts
    table = pyarrow.parquet.read_table(io.BytesIO(files["operationStats.parquet"]))
    assert sorted(table.column("count").to_pylist()) == counts


def test_whole_numbers_keep_their_digits(played: Site) -> None:
    number = 2**53 + 1
    writer, _ = played.key("exact", "INGEST", organization=ACORN)
    for n in (number, number - 1):
        call = {"kind": "API", "name": "exact", "attributes": {"n": n}}
        played.ask(TRACK, writer, input=call)
    question = f"group=attributes.n&measures=count&where=attributes.n~eq~{number}&top=0"
    found = tell("exact", server=played.url, key=played.admin, question=question)
    assert str(number) in found["answer"]
    assert str(number - 1) not in found["answer"]
    assert str(number) in found["variables"]
    (row,) = found["lines"].splitlines()
    assert str(number) in row


def test_the_ide_asks_and_follows(played: Site) -> None:
    writer, _ = played.key("writer", "INGEST", organization=ACORN)
    with story("ide", server=played.url, key=played.admin) as told:
        while told.hear() == "follows":
            played.ask(TRACK, writer, input={"kind": "API", "name": "seen-in-the-ide"})
            told.say(name="seen-in-the-ide")
        found = told.end()
    assert "totalCount" in found["first"]
    assert found["isShown"]
    assert len(found["examples"]) > 8
    assert found["violations"] == []
    assert found["workers"] >= 1, "the editor checks documents in a worker"
    assert played.admin not in found["kept"]


def test_a_key_is_made_used_and_ended(played: Site) -> None:
    found = tell(
        "keys",
        complaining=["401"],
        server=played.url,
        key=played.admin,
        name="from the page",
        organization=ACORN,
    )
    assert found["secret"].startswith("tsk_")
    assert ACORN in found["listed"]
    assert "read" in found["listed"]
    assert found["shownAgain"] is False
    assert "no access to API keys" in found["refusal"]
