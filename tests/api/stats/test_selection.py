"""The selection chooses the measures: what nobody selected is neither computed nor sent."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.api.paging.statements import statements_of
from tests.support.api import Api, Json

SINCE = "2026-11-01T00:00:00Z"
FIRST = """query Q($yes: Boolean! = true, $no: Boolean! = false, $q: Float! = 0.25,
  $d: OperationDimension! = CLIENT, $p: String! = "n") {
  operationStats(groupBy: [{field: TOOL_NAME}] %s) { %s } }
  fragment Durations on OperationStatsRow { durationMs { max } }
  fragment Whole on OperationStatsTotals { count }"""


def document(selection: str, beside: str = "") -> str:
    """The question without the parts of ``FIRST`` that are not used."""
    text = FIRST % (beside, selection)
    for name in ("yes", "no", "q", "d", "p"):
        if f"${name}" not in selection:
            text = re.sub(rf"\${name}: \w+! = \S+?([,)])", r"\1", text, count=1)
    text = re.sub(r"\((\s*,)+", "(", text)
    text = re.sub(r",(\s*,)+", ",", text).replace("(\n", "(")
    text = re.sub(r",\s*\)", ")", text)
    text = re.sub(r"query Q\(\s*\)", "query Q", text)
    for name in ("Durations", "Whole"):
        if f"...{name}" not in selection:
            text = re.sub(rf"fragment {name} on .*", "", text)
    return text


@pytest.fixture
def server_settings() -> Mapping[str, Any]:
    """Answers come from the records themselves: what is computed shows in their columns."""
    return {"rollups": False}


async def statement_of(api: Api, selection: str, beside: str = "") -> str:
    """The one statement that a selection needs."""
    with statements_of(api) as sent:
        await api(document(selection, beside))
    (statement,) = sent
    return re.sub(r"\s+", " ", statement.lower())


MENTIONED = {
    "rows { count }": (set[str](), {"duration_ms", "outcome", "tokens", "cost", "distinct", "client"}),
    "rows { key { toolName } durationMs { sum } }": (
        {"duration_ms", "sum("}, {"outcome", "min(", "max(", "count(*)", "tokens", "cost"},
    ),
    "rows { durationMs { min } tokensPrevented { __typename } }": (
        {"duration_ms", "min("}, {"tokens_prevented", "sum(", "max("},
    ),
    "rows { ...Durations }": ({"max(", "duration_ms"}, {"min(", "sum(", "outcome"}),
    "rows { ... on OperationStatsRow { a: errorRate } }": ({"outcome"}, {"duration_ms"}),
    "rows { count durationMs @skip(if: $yes) { sum } ...Durations @include(if: $no) }": (
        set[str](), {"duration_ms"},
    ),
    "rows { count @skip(if: $no) durationMs @include(if: $yes) { sum } }": (
        {"duration_ms"}, {"outcome"},
    ),
    "rows { distinct(field: $d) }": ({"client"}, {"duration_ms", "file_path"}),
    "rows { a: distinct(field: CLIENT) b: distinct(field: FILE_PATH) }": (
        {"client", "file_path"}, {"duration_ms"},
    ),
    "rows { cost { saved } }": (
        {"cost_saved"}, {"cost_actual", "cost_baseline", "price_status", "prices"},
    ),
    "rows { attribute(path: $p) { sum } }": ({"attributes"}, {"duration_ms"}),
    'rows { costAt(model: "gpt") { actual } cost { saved } }': (
        {"prices", "cached_input_tokens"}, {"cost_actual"},
    ),
    "truncated": (set[str](), {"duration_ms", "outcome", "cost"}),
}  # fmt: skip
"""A selection, what its statement mentions, and what it does not."""


@pytest.mark.parametrize("selection", MENTIONED)
async def test_a_measure_that_is_not_selected_is_not_computed(api: Api, selection: str) -> None:
    statement = await statement_of(api, selection)
    mentioned, silent = MENTIONED[selection]
    assert all(word in statement for word in mentioned), statement
    assert not [word for word in silent if word in statement], statement


async def test_totals_and_others_cost_nothing_where_they_are_not_selected(api: Api) -> None:
    top = ", top: {n: 2, by: {measure: COUNT}}"
    plain = await statement_of(api, "rows { count }", top)
    with_others = await statement_of(api, "rows { count } others { count }", top)
    with_totals = await statement_of(api, "rows { count } totals { ...Whole }", top)
    assert len(plain) < min(len(with_others), len(with_totals))
    refused = top.replace("}}", "}, others: false}")
    assert await statement_of(api, "rows { count } others { count }", refused) == plain


async def test_the_compared_span_is_read_only_where_it_is_asked_for(api: Api) -> None:
    span = f', where: {{occurredAt: {{since: "{SINCE}"}}}}'
    once = await statement_of(api, "rows { count previous { count } }", span)
    twice = await statement_of(
        api, "rows { count previous { count } }", f"{span}, compare: {{previous: PREVIOUS}}"
    )
    assert once.count("from operations") == 1
    assert twice.count("from operations") == 2


async def test_arguments_of_measures_may_be_literals_and_variables(api: Api) -> None:
    drafts = [
        {"kind": "API", "name": "a", "durationMs": float(n), "client": f"c{n % 3}",
         "attributes": {"n": n, "o.p": {"q": 2 * n}}}
        for n in range(101)
    ]  # fmt: skip
    track = "mutation ($v: [OperationInput!]!) { trackOperations(operations: $v) { accepted } }"
    assert (await api(track, {"v": drafts}))["trackOperations"]["accepted"] == 101
    asked = """query ($q: Float!, $d: OperationDimension!, $p: String!) { operationStats {
      totals {
        durationMs { p50 p95 a: quantile(q: $q) b: quantile(q: 0.75) c: quantile(q: 1) }
        x: distinct(field: $d) y: distinct(field: NAME) distinct(field: MODEL)
        attribute(path: $p) { sum quantile(q: $q) } deep: attribute(path: "o\\\\.p.q") { max }
        again: attribute(path: "n") { p90 } } } }"""
    answer = await api(asked, {"q": 0.25, "d": "CLIENT", "p": "n"})
    assert answer["operationStats"]["totals"] == {
        "durationMs": {"p50": 50.0, "p95": 95.0, "a": 25.0, "b": 75.0, "c": 100.0},
        "x": 3, "y": 1, "distinct": 0,
        "attribute": {"sum": 5050.0, "quantile": 25.0},
        "deep": {"max": 200.0},
        "again": {"p90": 90.0},
    }  # fmt: skip


ASK = """query ($by: StatsMeasureInput!, $w: OperationFilter, $having: OperationHaving) {
  operationStats(groupBy: [{field: NAME}], where: $w, having: $having, top: {n: 1, by: $by}) {
    rows { key { name } count } others { count } } }"""


@pytest.mark.parametrize(
    ("given", "path", "message"),
    [
        ({"by": {"number": {"field": "DURATION_MS", "stat": "QUANTILE"}}},
         ["top", "by", "number", "q"], "stat: QUANTILE requires q, such as 0.95"),
        ({"by": {"number": {"field": "DURATION_MS", "q": 0.5}}},
         ["top", "by", "number", "q"], "q requires stat: QUANTILE"),
        ({"by": {"attribute": {"path": "a..b"}}},
         ["top", "by", "attribute"], "1 to 8 keys joined by dots"),
        ({"by": {"number": {"field": "PROGRESS"}}}, ["top", "by"], "Invalid number 'progress'"),
        ({"by": {"measure": "COUNT"}, "having": {"attribute": [{"path": "", "sum": {"gt": 1}}]}},
         ["having", "attribute", "0", "path"], "keys joined by dots"),
    ],
)  # fmt: skip
async def test_errors_name_the_place_and_the_mend(
    api: Api, given: Json, path: list[str], message: str
) -> None:
    refusal = await api.refused(ASK, given)
    extensions: Any = refusal.errors[0]["extensions"]
    assert refusal.code == "BAD_USER_INPUT"
    assert extensions["argumentPath"] == path
    assert message in refusal.message


async def test_every_problem_is_told_at_once(api: Api) -> None:
    refusal = await api.refused("""{ operationStats(limit: 0, bucket: {unit: DAY, zone: "Mars"},
      orderBy: [{by: {group: {field: NAME}}}], top: {n: 0, by: {measure: ACTIVE_COUNT}},
      having: {distinct: [{field: TITLE, value: {gt: 1}}]}) { rows { count } } }""")
    problems = refusal.errors[0]["extensions"]["problems"]
    assert [problem["path"] for problem in problems] == [
        ["bucket", "zone"], ["having", "distinct", "0", "value", "gt"], ["orderBy", "0", "by"],
        ["top", "n"], ["top"], ["top", "by"], ["limit"],
    ]  # fmt: skip


async def test_rows_and_buckets_are_bounded_by_settings(start_api: Any) -> None:
    api = await start_api(max_answer_rows=50, max_buckets=10)
    assert "1 to 50" in (await api.refused("{ operationStats(limit: 51) { truncated } }")).message
    asked = """{ operationStats(limit: 50, bucket: {unit: HOUR}, where: {occurredAt:
      {since: "2026-11-01T00:00:00Z", until: "2026-11-02T00:00:00Z"}}) { rows { count } } }"""
    assert "A query must not exceed 10 buckets (got 24)." in (await api.refused(asked)).message
