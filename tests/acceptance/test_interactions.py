"""D: a multi-tenant API with monthly interaction counters and limits."""

import asyncio
from datetime import UTC, datetime

import pytest_asyncio

from store.ids import new_id
from tests.acceptance.documents import CONSUME, CREATE_KEY, INTERACTIONS, SET_LIMIT, USAGE
from tests.support.absent_arguments import without_absent_arguments
from tests.support.api import Api, Json, StartApi

EVERY_USAGE = without_absent_arguments(USAGE, {"subject": {}})

NOW = datetime(2026, 7, 30, 12, 0, 0, tzinfo=UTC)
LABELS = {
    "organizationId": "org_a",
    "namespaceId": "ns_1",
    "workspaceId": "ws_1",
    "userId": "user_1",
    "developerId": "dev_1",
    "apiKeyId": "key_1",
    "companyId": "company_1",
    "subscriptionId": "sub_1",
}
SUBJECTS = {
    "COMPANY": "company_1",
    "SUBSCRIPTION": "sub_1",
    "NAMESPACE": "ns_1",
    "WORKSPACE": "ws_1",
    "USER": "user_1",
    "API_KEY": "key_1",
}


class Plan:
    """A server whose clock stands where the test puts it."""

    def __init__(self) -> None:
        self.now = NOW
        self.api: Api

    async def consume(self, **said: object) -> Json:
        """Use one mini, unless it is said otherwise."""
        labels = LABELS | {k: said.pop(k) for k in tuple(said) if k in LABELS}
        asked = {"interactionType": "mini", "labels": labels, **said}
        answer: Json = (await self.api(CONSUME, {"input": asked}))["consume"]
        return answer

    async def set_limit(self, subject: str, maximum: int, **said: object) -> Json:
        """Set a limit of minis per month in org_a, unless it is said otherwise."""
        limit = {
            "organizationId": "org_a",
            "subject": subject,
            "subjectId": SUBJECTS.get(subject),
            "interactionType": "mini",
            "maximum": maximum,
            **said,
        }
        answer: Json = (await self.api(SET_LIMIT, {"input": limit}))["setLimit"]["limit"]
        return answer

    async def used(self, subject: str) -> int:
        """What is used now of the one limit of a subject."""
        asked = {"subject": subject, "subjectId": SUBJECTS.get(subject), "organizationId": "org_a"}
        (level,) = (await self.api(EVERY_USAGE, {"subject": asked}))["usage"]
        used: int = level["used"]
        return used

    async def counters(self, **where: object) -> list[Json]:
        """The counters that satisfy a filter."""
        found: list[Json] = (await self.api(INTERACTIONS, {"where": where}))["interactions"][
            "nodes"
        ]
        return found


@pytest_asyncio.fixture
async def plan(start_api: StartApi) -> Plan:
    """A plan whose server runs."""
    made = Plan()
    made.api = await start_api(clock=lambda: made.now)
    return made


async def test_d1_one_counter_per_month_and_full_set_of_labels(plan: Plan) -> None:
    for _ in range(3):
        await plan.consume(operationType="add_memory_v1", units=2)
    counted: list[Json] = [
        {"operationType": "add_memory_v1", "interactionType": "premium"},
        {"operationType": "search_v1"},
        {"operationType": None},
        *({"operationType": "add_memory_v1", label: "another"} for label in LABELS),
    ]
    for said in counted:
        await plan.consume(**said)
    plan.now = datetime(2026, 8, 1, tzinfo=UTC)
    await plan.consume(operationType="add_memory_v1")

    everything = await plan.counters()
    assert len(everything) == 1 + len(counted) + 1
    (ours,) = (c for c in everything if c["units"] == 6)
    assert ours == LABELS | {
        "interactionType": "mini",
        "operationType": "add_memory_v1",
        "countsAgainstLimits": True,
        "route": None,
        "method": None,
        "units": 6,
        "calls": 3,
        "year": 2026,
        "month": 7,
        "firstAt": "2026-07-30T12:00:00Z",
        "lastAt": "2026-07-30T12:00:00Z",
    }
    assert (everything[0]["month"], everything[0]["units"]) == (8, 1)  # newest month first
    for name, value in LABELS.items():
        (other,) = await plan.counters(**{name: {"eq": "another"}})
        assert other == ours | {name: "another", "units": 1, "calls": 1}
        assert len(await plan.counters(**{name: {"eq": value}})) == len(everything) - 1
    assert len(await plan.counters(year={"eq": 2026}, month={"eq": 8})) == 1
    assert len(await plan.counters(month={"eq": 8})) == 1
    assert len(await plan.counters(year={"in": [2025, 2026]}, month={"ne": 7})) == 1
    assert len(await plan.counters(year={"ne": 2026})) == 0
    assert len(await plan.counters(year={"gte": 2026}, month={"gt": 6})) == len(everything)
    assert len(await plan.counters(interactionType={"eq": "premium"})) == 1
    assert len(await plan.counters(operationType={"isNull": True})) == 1
    assert len(await plan.counters(units={"gt": 5})) == 1


async def test_d2_one_call_checks_every_level_and_counts(plan: Plan) -> None:
    await plan.set_limit("ORGANIZATION", 1_000)
    for subject in SUBJECTS:
        await plan.set_limit(subject, 100)
    await plan.set_limit("USER", 10, period="DAY", zone="Europe/Zurich")
    await plan.set_limit("USER", 1, interactionType="premium")  # another type: does not apply
    await plan.set_limit("USER", 0, subjectId="somebody else")
    id = str(new_id())
    answer = await plan.consume(id=id, units=7, operationType="add_memory_v1")
    assert (answer["status"], answer["uuid"], answer["units"]) == ("ACCEPTED", id, 7)
    assert (answer["allowed"], answer["deniedBy"], answer["reason"]) == (True, None, None)
    assert answer["retryAfterSeconds"] is None
    assert [level["subject"] for level in answer["levels"]] == [
        "ORGANIZATION", "COMPANY", "SUBSCRIPTION", "NAMESPACE", "WORKSPACE", "USER", "USER",
        "API_KEY",
    ]  # fmt: skip
    daily, monthly = answer["levels"][5:7]
    assert daily == {
        "limitId": daily["limitId"],
        "subject": "USER",
        "subjectId": "user_1",
        "interactionType": "mini",
        "period": "DAY",
        "mode": "HARD",
        "maximum": 10,
        "used": 7,
        "reserved": 0,
        "remaining": 3,
        "exceeded": False,
        "periodStart": "2026-07-29T22:00:00Z",
        "resetsAt": "2026-07-30T22:00:00Z",
    }
    assert (monthly["used"], monthly["remaining"]) == (7, 93)
    assert (monthly["periodStart"], monthly["resetsAt"]) == (
        "2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z",
    )  # fmt: skip
    repeat = await plan.consume(id=id, units=7, operationType="add_memory_v1")
    assert repeat == answer | {"status": "DUPLICATE"}
    assert [c["units"] for c in await plan.counters()] == [7]


async def test_d2_a_denied_call_changes_nothing_and_says_what_to_tell_its_caller(
    plan: Plan,
) -> None:
    await plan.set_limit("ORGANIZATION", 100)
    await plan.set_limit("USER", 10)
    await plan.consume(units=8)
    id = str(new_id())
    denied = await plan.consume(id=id, units=3)
    assert (denied["status"], denied["allowed"], denied["units"]) == ("REJECTED", False, 3)
    by = denied["deniedBy"]
    assert (by["subject"], by["subjectId"], by["maximum"], by["used"], by["remaining"]) == (
        "USER", "user_1", 10, 8, 2,
    )  # fmt: skip
    assert by["resetsAt"] == "2026-08-01T00:00:00Z"
    assert denied["retryAfterSeconds"] == 36 * 3_600
    assert denied["reason"] == (
        "3 mini asked, 2 of 10 left for user 'user_1' this month; resets at 2026-08-01T00:00:00Z"
    )
    assert (await plan.used("ORGANIZATION"), await plan.used("USER")) == (8, 8)
    assert [(c["units"], c["calls"]) for c in await plan.counters()] == [(8, 1)]
    # Denied is not used up: the same id may succeed when there is room.
    await plan.set_limit("USER", 20)
    assert (await plan.consume(id=id, units=3))["status"] == "ACCEPTED"
    plan.now = datetime(2026, 8, 1, tzinfo=UTC)
    assert (await plan.consume(units=20))["allowed"] is True


async def test_d2_a_soft_limit_reports_and_lets_pass(plan: Plan) -> None:
    await plan.set_limit("WORKSPACE", 5, mode="SOFT")
    answers = [await plan.consume(units=4) for _ in range(2)]
    assert [a["allowed"] for a in answers] == [True, True]
    assert [a["levels"][0]["exceeded"] for a in answers] == [False, True]
    assert answers[1]["levels"][0]["remaining"] == 0
    assert await plan.used("WORKSPACE") == 8


async def test_d2_without_any_limit_a_call_is_allowed_and_counted(plan: Plan) -> None:
    answer = await plan.consume(units=1_000)
    assert (answer["allowed"], answer["levels"]) == (True, [])
    assert [c["units"] for c in await plan.counters()] == [1_000]


async def test_d4_concurrent_calls_never_pass_a_hard_limit_and_never_lose_a_count(
    plan: Plan,
) -> None:
    await plan.set_limit("ORGANIZATION", 150)
    await plan.set_limit("USER", 60)
    ids = [str(new_id()) for _ in range(150)]
    users = ["user_1" if i % 2 else f"user_{i}" for i in range(150)]

    async def call(i: int) -> bool:
        allowed: bool = (await plan.consume(id=ids[i], userId=users[i], units=1 + i % 2))["allowed"]
        return allowed

    allowed = await asyncio.gather(*map(call, range(150)))
    ours = [ok for ok, user in zip(allowed, users, strict=True) if user == "user_1"]
    others = [ok for ok, user in zip(allowed, users, strict=True) if user != "user_1"]
    assert (sum(ours), sum(others)) == (30, 75)
    assert (await plan.used("USER"), await plan.used("ORGANIZATION")) == (60, 135)
    assert sum(c["units"] for c in await plan.counters()) == 135
    # Everything sent again, at once: what was granted is a duplicate, what was denied still is.
    assert await asyncio.gather(*map(call, range(150))) == allowed
    assert (await plan.used("USER"), await plan.used("ORGANIZATION")) == (60, 135)
    assert sum(c["calls"] for c in await plan.counters()) == 105


async def test_d5_one_tenant_never_sees_the_numbers_of_another(plan: Plan) -> None:
    tenants = {}
    for organization in ("org_a", "org_b"):
        key = {
            "name": organization,
            "scopes": ["INGEST", "READ", "MANAGE"],
            "organizationId": organization,
        }
        made = await plan.api(CREATE_KEY, {"input": key})
        tenants[organization] = plan.api.as_key(made["createApiKey"]["secret"])
    for units, (organization, tenant) in enumerate(tenants.items(), start=1):
        limit = {"subject": "ORGANIZATION", "interactionType": "mini", "maximum": 10 * units}
        await tenant(SET_LIMIT, {"input": limit})
        said = {"interactionType": "mini", "units": units, "labels": {"userId": "user_1"}}
        (level,) = (await tenant(CONSUME, {"input": said}))["consume"]["levels"]
        assert (level["subjectId"], level["used"], level["maximum"]) == (
            organization, units, 10 * units,
        )  # fmt: skip
    for units, (organization, tenant) in enumerate(tenants.items(), start=1):
        everything = """query ($other: ID) { limits { organizationId usage { used } }
            interactions { totalCount nodes { organizationId units } }
            asked: interactions(where: {organizationId: {eq: $other}}) { totalCount } }"""
        other = {"other": "org_b" if organization == "org_a" else "org_a"}
        assert await tenant(everything, other) == {
            "limits": [{"organizationId": organization, "usage": {"used": units}}],
            "interactions": {
                "totalCount": 1,
                "nodes": [{"organizationId": organization, "units": units}],
            },
            "asked": {"totalCount": 0},
        }
        await refused_with(tenant, other["other"])


async def refused_with(tenant: Api, other: str) -> None:
    """A tenant neither uses nor sets nor reads anything under another one's name."""
    theirs = {"organizationId": other}
    limit = {"subject": "ORGANIZATION", "interactionType": "mini", "maximum": 10**6}
    for document, variables in (
        (CONSUME, {"input": {"interactionType": "mini", "labels": theirs}}),
        (SET_LIMIT, {"input": limit | theirs}),
        (EVERY_USAGE, {"subject": {"subject": "ORGANIZATION", **theirs}}),
    ):
        assert (await tenant.refused(document, variables)).code == "FORBIDDEN"
