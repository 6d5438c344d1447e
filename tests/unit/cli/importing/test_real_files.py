"""Real files of 10,000 and 19,366 records: every fact that awk counted is shown by queries."""

from collections import Counter
from collections.abc import Iterator
from statistics import median
from typing import Any

from tests.unit.cli.importing.conftest import Command, Query, summary
from tests.unit.cli.importing.real_files import real_file

COUNT = "query($where: OperationFilter) { operations(where: $where) { totalCount } }"
LOG_PAGE = """
query($after: String) { operations(first: 1000, after: $after) {
  nodes { ipAddress route method statusCode occurredAt } pageInfo { hasNextPage endCursor } } }
"""
TRACE_PAGE = """
query($after: String) { operations(first: 1000, after: $after) {
  nodes { inputTokens outputTokens } pageInfo { hasNextPage endCursor } } }
"""
MOST_PAGES = 100


def count(query: Query, **where: object) -> int:
    return int(query(COUNT, where=where)["operations"]["totalCount"])


def nodes(query: Query, document: str) -> Iterator[dict[str, Any]]:
    """Every operation, page by page."""
    after = None
    for _ in range(MOST_PAGES):
        page = query(document, after=after)["operations"]
        yield from page["nodes"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return
    raise AssertionError("the pages have no end")


def test_a_web_server_in_may_2015(command: Command, query: Query) -> None:
    file = real_file("apache_access_2015.log.gz")
    result = command("access-log", file, "--strict")
    assert result.exit_code == 0, result.output
    assert summary(result)["accepted"] == 10_000
    assert count(query, kind={"eq": "API"}) == 10_000
    by_status = {200: 9126, 304: 445, 404: 213, 301: 164, 206: 45, 500: 3, 416: 2, 403: 2}
    assert {s: count(query, statusCode={"eq": s}) for s in by_status} == by_status
    by_method = {"GET": 9952, "HEAD": 42, "POST": 5, "OPTIONS": 1}
    assert {m: count(query, method={"eq": m}) for m in by_method} == by_method
    days = {
        day: count(
            query,
            occurredAt={
                "since": f"2015-05-{day}T00:00:00Z",
                "until": f"2015-05-{day + 1}T00:00:00Z",
            },
        )
        for day in range(17, 21)
    }
    assert days == {17: 1632, 18: 2893, 19: 2896, 20: 2579}
    assert count(query, route={"eq": "/favicon.ico"}) == 807
    found = list(nodes(query, LOG_PAGE))
    assert len(found) == 10_000
    assert len({node["ipAddress"] for node in found}) == 1753
    assert Counter(node["route"] for node in found).most_common(1) == [("/favicon.ico", 807)]
    again = summary(command("access-log", file))
    assert (again["accepted"], again["duplicates"]) == (0, 10_000)
    assert count(query) == 10_000


def test_calls_of_a_model_in_november_2023(command: Command, query: Query) -> None:
    file = real_file("azure_llm_conversation_2023.csv.gz")
    options = (
        "--map", "TIMESTAMP=occurredAt", "--map", "ContextTokens=llm.inputTokens",
        "--map", "GeneratedTokens=llm.outputTokens", "--set", "kind=LLM", "--set", "name=chat",
        "--zone", "UTC",
    )  # fmt: skip
    result = command("csv", file, *options, "--strict")
    assert result.exit_code == 0, result.output
    assert summary(result)["accepted"] == 19_366
    minute = {"since": "2023-11-16T18:17:00Z", "until": "2023-11-16T18:18:00Z"}
    assert count(query, kind={"in": ["LLM"]}, occurredAt=minute) == 265
    found = list(nodes(query, TRACE_PAGE))
    assert len(found) == count(query) == 19_366
    assert sum(node["inputTokens"] for node in found) == 22_361_870
    output = [node["outputTokens"] for node in found]
    assert (sum(output), median(output), max(output)) == (4_088_665, 129, 1_000)
    again = summary(command("csv", file, *options))
    assert (again["accepted"], again["duplicates"]) == (0, 19_366)
    assert count(query) == 19_366
