"""What stands in the store after a load, read through the API and held against what was sent."""

from collections import Counter
from typing import Any
from uuid import UUID

import httpx

from tests.support.processes import Json, ask
from tests.system.durability.loads import Load

PAGE = 1_000

OPERATIONS = """query ($first: Int!, $after: String) {
  operations(first: $first, after: $after) {
    totalCount nodes { uuid units } pageInfo { hasNextPage endCursor }
  }
}"""
REQUESTS = """query ($first: Int!, $after: String) {
  requests(first: $first, after: $after) {
    nodes {
      uuid status lastSeq
      events(first: 100) { nodes { seq uuid type } }
      operations(first: 10) { nodes { uuid } }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""
COUNTERS = "{ interactions(first: 1000) { nodes { interactionType units calls } } }"
USAGE = """{ usage(subject: { subject: ORGANIZATION }) { interactionType used reserved } }"""
SET_LIMIT = """mutation ($type: String!) {
  setLimit(input: {
    subject: ORGANIZATION, interactionType: $type, maximum: 1, mode: SOFT, period: LIFETIME
  }) { limit { uuid } }
}"""


async def count_against_limits(http: httpx.AsyncClient) -> None:
    """Set a soft limit for everything that a load counts, so that usage is kept."""
    for type in ("calls", "tokens"):
        (await ask(http, SET_LIMIT, {"type": type})).taken()


async def check_stored(http: httpx.AsyncClient, load: Load) -> None:
    """Every record exactly once, counters and usage in step, every log without a gap."""
    assert load.left == 0
    operations = await nodes_of(http, OPERATIONS, "operations")
    assert len(operations) == len(load.operations)
    assert {UUID(node["uuid"]) for node in operations} == load.operations
    counted = (await ask(http, COUNTERS)).taken()["interactions"]["nodes"]
    units, calls = Counter[str](), Counter[str]()
    for node in counted:
        units[node["interactionType"]] += node["units"]
        calls[node["interactionType"]] += node["calls"]
    assert units == load.units
    assert calls == load.calls
    assert units["calls"] == sum(node["units"] for node in operations)
    usage = (await ask(http, USAGE)).taken()["usage"]
    assert {level["interactionType"]: level["used"] for level in usage} == dict(units)
    requests = await nodes_of(http, REQUESTS, "requests")
    assert {UUID(node["uuid"]) for node in requests} == set(load.events)
    for node in requests:
        check_log(node, load.events[UUID(node["uuid"])])


def check_log(request: Json, sent: set[UUID]) -> None:
    """One request's events: 1, 2, 3 ..., each that was sent exactly once."""
    events = request["events"]["nodes"]
    assert [event["seq"] for event in events] == list(range(1, request["lastSeq"] + 1))
    ids = [UUID(event["uuid"]) for event in events]
    assert len(set(ids)) == len(ids)
    assert sent <= set(ids)
    # What the server adds of its own: the creation, and the stage that never began.
    assert len(ids) == len(sent) + 2, [event["type"] for event in events]
    assert request["status"] == "COMPLETED"
    assert len(request["operations"]["nodes"]) == 1


async def nodes_of(http: httpx.AsyncClient, document: str, field: str) -> list[Json]:
    """All pages of a connection."""
    found: list[Json] = []
    after: str | None = None
    while True:
        variables: dict[str, Any] = {"first": PAGE, "after": after}
        page = (await ask(http, document, variables)).taken()[field]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]
