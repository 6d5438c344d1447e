"""D3: counts by organization, by namespace, by API key, by month: total and by operation type."""

from datetime import UTC, datetime

import pytest

from tests.support.absent_arguments import without_absent_arguments
from tests.support.api import Api, Json, StartApi

CONSUME = """mutation ($entries: [EntryInput!]!) { ingest(entries: $entries) { accepted } }"""
PARTS = """organizationId namespaceId apiKeyId year month units calls
  byOperationType { name units calls } byInteractionType { name units calls }"""
BY = {
    "organization": f"""query ($o: ID!, $m: Int!, $t: String) {{ found: organizationInteractions(
      organizationId: $o, year: 2026, month: $m, interactionType: $t) {{ {PARTS} }} }}""",
    "namespace": f"""query ($o: ID!, $l: ID!, $m: Int!, $t: String) {{ found: namespaceInteractions(
      organizationId: $o, namespaceId: $l, year: 2026, month: $m, interactionType: $t) {{ {PARTS} }} }}""",
    "apiKey": f"""query ($o: ID!, $l: ID!, $m: Int!, $t: String) {{ found: apiKeyInteractions(
      organizationId: $o, apiKeyId: $l, year: 2026, month: $m, interactionType: $t) {{ {PARTS} }} }}""",
}
USES: list[Json] = [
    {
        "month": 5 + i % 2,
        "organizationId": ("org_a", "org_b")[i % 5 == 0],
        "namespaceId": ("ns_1", "ns_2")[i % 3 == 0],
        "apiKeyId": f"key_{i % 4}",
        "interactionType": ("mini", "premium")[i % 7 == 0],
        "operationType": (None, "add_memory_v1", "search_v1")[i % 3],
        "units": 1 + i % 4,
    }
    for i in range(60)
]


@pytest.fixture
async def counted(start_api: StartApi) -> Api:
    """A server that counted these uses in May and June."""
    now = [datetime(2026, 5, 20, tzinfo=UTC)]
    api = await start_api(clock=lambda: now[0])
    for month in (5, 6):
        now[0] = datetime(2026, month, 20, tzinfo=UTC)
        entries = [
            {
                "consume": {
                    **{n: use[n] for n in ("interactionType", "operationType", "units")},
                    "labels": {n: use[n] for n in ("organizationId", "namespaceId", "apiKeyId")},
                }
            }
            for use in USES
            if use["month"] == month
        ]
        told = await api(CONSUME, {"entries": entries})
        assert told["ingest"]["accepted"] == len(entries)
    return api


def parts(some: list[Json], name: str) -> dict[str | None, tuple[int, int]]:
    """Units and calls by a name."""
    return {
        value: (
            sum(use["units"] for use in some if use[name] == value),
            sum(1 for use in some if use[name] == value),
        )
        for value in {use[name] for use in some}
    }


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("type", [None, "mini"])
async def test_d3_a_month_by_organization_namespace_and_key(
    counted: Api, by: str, type: str | None
) -> None:
    labels: dict[str, list[str | None]] = {
        "organization": [None],
        "namespace": ["ns_1", "ns_2"],
        "apiKey": ["key_0", "key_3"],
    }
    for organization in ("org_a", "org_b", "nobody"):
        for month in (5, 6, 7):
            for label in labels[by]:
                given = {"o": organization, "m": month, "t": type} | ({"l": label} if label else {})
                found = (await counted(without_absent_arguments(BY[by], given), given))["found"]
                some = [
                    use
                    for use in USES
                    if (use["organizationId"], use["month"]) == (organization, month)
                    and (label is None or use[f"{by}Id"] == label)
                    and (type is None or use["interactionType"] == type)
                ]
                assert found["organizationId"] == organization
                assert label is None or found[f"{by}Id"] == label
                assert found["units"] == sum(use["units"] for use in some)
                assert found["calls"] == len(some)
                for part, name in (
                    ("byOperationType", "operationType"), ("byInteractionType", "interactionType"),
                ):  # fmt: skip
                    shown = {p["name"]: (p["units"], p["calls"]) for p in found[part]}
                    assert shown == parts(some, name)
                    assert [p["units"] for p in found[part]] == sorted(
                        (p["units"] for p in found[part]), reverse=True
                    )


async def test_d3_by_month(counted: Api) -> None:
    answer = await counted("""{ interactionStats(bucket: {unit: MONTH}, where: {year: {eq: 2026},
        organizationId: {eq: "org_a"}}) {
      rows { bucket { start } count units { sum } } totals { count } } }""")
    rows = answer["interactionStats"]["rows"]
    assert len(rows) == 12
    shown = {row["bucket"]["start"][:7]: (row["units"]["sum"], row["count"]) for row in rows}
    for month in (5, 6):
        some = [use for use in USES if use["organizationId"] == "org_a" and use["month"] == month]
        assert shown[f"2026-0{month}"] == (sum(use["units"] for use in some), len(some))
    compared = await counted("""{ interactionStats(where: {year: {eq: 2026}, month: {eq: 6}},
        compare: {previous: PREVIOUS}) { totals { count previous { count } } } }""")
    assert compared["interactionStats"]["totals"] == {
        "count": sum(1 for use in USES if use["month"] == 6),
        "previous": {"count": sum(1 for use in USES if use["month"] == 5)},
    }


async def test_d3_a_month_that_is_none(api: Api) -> None:
    for month in (0, 13, -1):
        given = {"o": "default", "m": month}
        refusal = await api.refused(without_absent_arguments(BY["organization"], given), given)
        assert refusal.code == "BAD_USER_INPUT"
        assert "Use months 1 to 12" in refusal.message
