"""A hard limit under 1,000 concurrent calls from several processes: exactly kept, nothing leaks."""

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import httpx

from store.ids import new_id
from tests.support.processes import ANSWER_SECONDS, Json, ask
from tests.support.stored_rows import rows_of
from tests.system.concurrency.conftest import Shared
from tests.system.concurrency.consumers import Call, send_from_processes

CALLS, LIMIT = 1_000, 500

CONSUME = "mutation($input:ConsumeInput!){consume(input:$input){status allowed}}"
SET_LIMIT = """mutation ($input: LimitInput!) { setLimit(input: $input) { limit { uuid } } }"""
STATE = """query ($organization: ID!, $name: ID!) {
  usage(subject: { subject: ORGANIZATION, organizationId: $organization }) { used reserved }
  interactions(where: { organizationId: { eq: $name } }) { nodes { units calls } }
}"""


async def asked(url: str, document: str, variables: Json) -> Json:
    """One document, one answer without errors."""
    async with httpx.AsyncClient(base_url=url, timeout=ANSWER_SECONDS) as http:
        return (await ask(http, document, variables)).taken()


async def limit_to(shared: Shared, organization: str, maximum: int) -> None:
    limit = {
        "organizationId": organization, "subject": "ORGANIZATION", "interactionType": "mini",
        "maximum": maximum,
    }  # fmt: skip
    await asked(shared.urls[0], SET_LIMIT, {"input": limit})


async def state_of(shared: Shared, organization: str) -> tuple[int, int, int, int]:
    """Used and reserved units, counted units and calls."""
    variables = {"organization": organization, "name": organization}
    data = await asked(shared.urls[-1], STATE, variables)
    (level,), nodes = data["usage"], data["interactions"]["nodes"]
    units, calls = sum(n["units"] for n in nodes), sum(n["calls"] for n in nodes)
    return level["used"], level["reserved"], units, calls


def consume(organization: str, id: str | None = None, **more: Any) -> Call:
    labels = {"organizationId": organization}
    return CONSUME, {"input": {"id": id, "interactionType": "mini", "labels": labels, **more}}


async def statuses(
    pool: ProcessPoolExecutor, urls: Sequence[str], calls: Sequence[Call]
) -> list[str]:
    answers = await send_from_processes(pool, urls, calls)
    found = [answer.taken()["consume"] for answer in answers]
    assert all(told["allowed"] == (told["status"] != "REJECTED") for told in found)
    return [told["status"] for told in found]


async def test_a_thousand_calls_are_granted_five_hundred_times(
    shared: Shared, clients: ProcessPoolExecutor, organization: str
) -> None:
    for number in range(1, len(shared.urls) + 1):
        own = f"{organization}-{number}"
        await limit_to(shared, own, LIMIT)
        ids = [str(new_id()) if i % 2 else None for i in range(CALLS)]
        found = await statuses(clients, shared.urls[:number], [consume(own, id) for id in ids])
        assert Counter(found) == {"ACCEPTED": LIMIT, "REJECTED": CALLS - LIMIT}
        assert await state_of(shared, own) == (LIMIT, 0, LIMIT, LIMIT)
        stored = (await rows_of(shared.database_url, own))["consumptions"]
        granted = [id for id, status in zip(ids, found, strict=True) if status == "ACCEPTED"]
        assert len(stored) == sum(id is not None for id in granted)


async def test_denied_and_repeated_calls_change_no_row(
    shared: Shared, clients: ProcessPoolExecutor, organization: str
) -> None:
    await limit_to(shared, organization, 10)
    granted = [str(new_id()) for _ in range(5)]
    first = [consume(organization, id, units=2) for id in granted]
    assert await statuses(clients, shared.urls, first) == ["ACCEPTED"] * 5
    before = await rows_of(shared.database_url, organization)
    denied = [consume(organization, str(new_id()), units=1 + i % 3) for i in range(30)]
    anonymous = [consume(organization) for _ in range(10)]
    found = await statuses(clients, shared.urls, [*denied, *anonymous, *first * 4])
    assert found == ["REJECTED"] * 40 + ["DUPLICATE"] * 20
    assert await rows_of(shared.database_url, organization) == before


async def test_a_repeated_id_counts_once_wherever_it_arrives(
    shared: Shared, clients: ProcessPoolExecutor, organization: str
) -> None:
    """Every id is sent five times at once, by several processes, to all servers."""
    await limit_to(shared, organization, 30)
    ids = [str(new_id()) for _ in range(40)]
    times = 5
    calls = [consume(organization, id) for id in ids for _ in range(times)]
    found = await statuses(clients, shared.urls, calls)
    each = [Counter(found[start : start + times]) for start in range(0, len(found), times)]
    granted = [told for told in each if told["ACCEPTED"]]
    assert len(granted) == 30
    # One that was denied at first may be granted when the next of its repeats comes: nothing of
    # it was kept. Once it was granted, it stays so.
    assert all(told["ACCEPTED"] == 1 for told in granted)
    assert sum(told == Counter(REJECTED=times) for told in each) == 10
    assert await state_of(shared, organization) == (30, 0, 30, 30)
