"""One operation counts several interactions, within limits and outside of them, all or nothing."""

from datetime import UTC, datetime
from typing import Any

import pytest

from store.ids import new_id
from tests.acceptance.documents import SET_LIMIT, USAGE
from tests.support.api import Api, Json

TRACK = """mutation ($operations: [OperationInput!]!) {
    trackOperations(operations: $operations) { accepted duplicates rejected
      results { status message path } } }"""
COUNTERS = """query ($where: InteractionFilter) { interactions(where: $where) { nodes {
    interactionType operationType units calls countsAgainstLimits } } }"""
READ = """{ operations { nodes { interactionType units countsAgainstLimits
    interactions { type units countsAgainstLimits } } } }"""
STATS = """{ interactionStats(groupBy: [{field: COUNTS_AGAINST_LIMITS}]) {
    rows { key { countsAgainstLimits } units { sum } count } } }"""
USES: list[Json] = [
    {"type": "mini", "units": 2},
    {"type": "premium"},
    {"type": "free", "units": 7, "countsAgainstLimits": False},
    {"type": "mini", "units": 3},
]
LABELS = {"organizationId": "acme", "userId": "u1"}


def operation(**details: Any) -> Json:
    """A call."""
    return {"kind": "LLM", "name": "n", "operationType": "ask", "labels": LABELS, **details}


async def counted(api: Api, **where: Any) -> dict[tuple[str, bool], tuple[int, int]]:
    """Units and calls of each counter."""
    nodes = (await api(COUNTERS, {"where": where}))["interactions"]["nodes"]
    assert {node["operationType"] for node in nodes} <= {"ask"}
    return {
        (n["interactionType"], n["countsAgainstLimits"]): (n["units"], n["calls"]) for n in nodes
    }


async def used(api: Api, type: str) -> int:
    """What the limit of a type counted."""
    subject = {"subject": "USER", "subjectId": "u1", "organizationId": "acme"}
    (level,) = (await api(USAGE, {"subject": subject, "type": type}))["usage"]
    units: int = level["used"]
    return units


@pytest.mark.parametrize("count", [1, 20])
async def test_each_is_counted_by_the_month_and_by_limits(api: Api, count: int) -> None:
    for type in ("mini", "premium", "free"):
        limit = {"subject": "USER", "subjectId": "u1", "interactionType": type, "maximum": 10**6}
        await api(SET_LIMIT, {"input": limit | {"organizationId": "acme"}})
    now = datetime.now(UTC).isoformat()
    sent = [operation(interactions=USES, id=str(new_id()), occurredAt=now) for _ in range(count)]
    for statuses in ("accepted", "duplicates"):  # a repeat counts nothing again
        assert (await api(TRACK, {"operations": sent}))["trackOperations"][statuses] == count
        assert await counted(api) == {
            ("mini", True): (5 * count, 2 * count),
            ("premium", True): (count, count),
            ("free", False): (7 * count, count),
        }
        assert await used(api, "mini") == 5 * count
        assert await used(api, "premium") == count
        assert await used(api, "free") == 0
    nodes = (await api(READ))["operations"]["nodes"]
    shown = [{"units": 1, "countsAgainstLimits": True, **use} for use in USES]
    first = {"interactionType": "mini", "units": 2, "countsAgainstLimits": True}
    assert nodes == [{**first, "interactions": shown}] * count
    rows = (await api(STATS))["interactionStats"]["rows"]
    assert {(r["key"]["countsAgainstLimits"], r["units"]["sum"], r["count"]) for r in rows} == {
        (True, 6 * count, 3 * count),
        (False, 7 * count, count),
    }


@pytest.mark.parametrize("count", [1, 20])
async def test_they_stand_beside_the_one_interaction(api: Api, count: int) -> None:
    one = {"type": "mini", "units": 4, "countsAgainstLimits": False}
    for interactions in (None, [], [{"type": "premium", "units": 2}]):
        sent = [operation(interaction=one, interactions=interactions)] * count
        assert (await api(TRACK, {"operations": sent}))["trackOperations"]["accepted"] == count
    assert await counted(api) == {
        ("mini", False): (12 * count, 3 * count),
        ("premium", True): (2 * count, count),
    }
    nodes = (await api(READ))["operations"]["nodes"]
    assert nodes[0]["interactions"] == [
        one, {"type": "premium", "units": 2, "countsAgainstLimits": True},
    ]  # fmt: skip
    assert nodes[-1]["interactions"] == [one]
    await api(TRACK, {"operations": [operation()] * count})
    none = {"interactionType": None, "units": None, "countsAgainstLimits": None}
    assert (await api(READ))["operations"]["nodes"][0] == {**none, "interactions": []}


async def test_they_are_bounded_and_each_is_checked(api: Api) -> None:
    wrong: list[tuple[Json, list[str], str]] = [
        ({"interactions": [{"type": ""}]}, ["interactions", "0", "type"], "is empty"),
        (
            {"interactions": [{"type": "a"}, {"type": "b", "units": 0}]},
            ["interactions", "1", "units"],
            "0 is not from 1 to",
        ),
        ({"interactions": [{"type": "a"}] * 17}, ["interactions"], "17 interactions, at most 16"),
        (
            {"interaction": {"type": "a"}, "interactions": [{"type": "a"}] * 16},
            ["interactions"],
            "17 interactions, at most 16",
        ),
    ]
    for details, path, message in wrong:
        for neighbours in (0, 20):
            sent = [operation(**details), *[operation()] * neighbours]
            answer = (await api(TRACK, {"operations": sent}))["trackOperations"]
            assert (answer["accepted"], answer["rejected"]) == (neighbours, 1)
            assert answer["results"][0]["path"] == path
            assert message in answer["results"][0]["message"]
    assert await counted(api) == {}
    most = operation(interactions=[{"type": f"t{n}"} for n in range(16)])
    assert (await api(TRACK, {"operations": [most]}))["trackOperations"]["accepted"] == 1
    assert len(await counted(api)) == 16


async def test_every_mutation_and_ingest_take_them(api: Api) -> None:
    inputs = {
        "trackOperation": ("OperationInput", operation()),
        "trackApiOperation": ("ApiOperationInput", {"route": "r", "method": "GET"}),
        "trackToolOperation": (
            "ToolOperationInput",
            {"tool": "read", "mode": "full", "tokensOriginal": 2, "tokensActual": 1},
        ),
        "trackChat": ("ChatInput", {"message": "m"}),
    }
    for name, (type, input) in inputs.items():
        document = f"""mutation ($input: {type}!) {{ {name}(input: $input) {{ operation {{
            interactions {{ type units countsAgainstLimits }} }} }} }}"""
        uses = {"interaction": {"type": name, "units": 2}, "interactions": USES[1:3]}
        found = (await api(document, {"input": {**input, **uses}}))[name]["operation"]
        assert [use["type"] for use in found["interactions"]] == [name, "premium", "free"]
        assert [use["countsAgainstLimits"] for use in found["interactions"]] == [True, True, False]
    ingest = """mutation ($entries: [EntryInput!]!) { ingest(entries: $entries) { accepted } }"""
    entries = [{"operation": operation(interactions=USES)}] * 3
    assert (await api(ingest, {"entries": entries}))["ingest"]["accepted"] == 3


async def test_reports_of_a_month_tell_them_apart(api: Api) -> None:
    now = datetime.now(UTC)
    sent = [operation(interactions=USES, occurredAt=now.isoformat())] * 3
    await api(TRACK, {"operations": sent})
    for limits, expected in (
        ("", (39, 12, 18, {"mini": 15, "premium": 3, "free": 21})),
        (", countsAgainstLimits: true", (18, 9, 18, {"mini": 15, "premium": 3})),
        (", countsAgainstLimits: false", (21, 3, 0, {"free": 21})),
    ):
        document = f"""query ($y: Int!, $m: Int!) {{
            organizationInteractions(organizationId: "acme", year: $y, month: $m{limits}) {{
                units calls unitsAgainstLimits byInteractionType {{ name units }} }} }}"""
        answer = await api(document, {"y": now.year, "m": now.month})
        found = answer["organizationInteractions"]
        parts = {part["name"]: part["units"] for part in found["byInteractionType"]}
        shown = (found["units"], found["calls"], found["unitsAgainstLimits"], parts)
        assert shown == expected


async def test_a_limit_set_later_begins_with_what_limits_count(api: Api) -> None:
    now = datetime.now(UTC).isoformat()
    uses = [
        {"type": "mini", "units": 5, "countsAgainstLimits": False},
        {"type": "mini", "units": 2},
    ]
    for interaction in uses:
        sent = [operation(interaction=interaction, occurredAt=now)] * 3
        await api(TRACK, {"operations": sent})
    limit = {"subject": "USER", "subjectId": "u1", "interactionType": "mini", "maximum": 100}
    await api(SET_LIMIT, {"input": limit | {"organizationId": "acme"}})
    assert await used(api, "mini") == 6
