"""Calls about limits over plain HTTP, each try of them written down for the checker of histories."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from store.ids import new_id
from tests.support.processes import Json
from tests.system.chaos.calling import Attempt, Caller, Outcome
from tests.system.chaos.traffic.gate import Plan, Site
from tests.system.chaos.traffic.records import RESOLVE_SECONDS, strange

LEVELS = "status allowed levels { subjectId used reserved }"
CONSUME = f"mutation ($input: ConsumeInput!) {{ consume(input: $input) {{ {LEVELS} }} }}"
RESERVE = f"""mutation ($input: ReserveInput!) {{
  reserve(input: $input) {{ {LEVELS} }}
}}"""
COMMIT = f"""mutation ($id: UUID!, $units: Long!) {{
  commitReservation(input: {{reservationId: $id, units: $units}}) {{ {LEVELS} }}
}}"""
RELEASE = (
    f"mutation ($id: UUID!) {{ releaseReservation(input: {{reservationId: $id}}) {{ {LEVELS} }} }}"
)
READ = """query ($type: String!) {
  limits(where: {interactionType: {eq: $type}}) { subjectId usage { used reserved } }
}"""

THINKING_SECONDS = 0.4
GIVE_UP_SHARE = 0.03
"""How often a caller waits for a moment only and never asks again: the outcome stays unknown."""
GIVE_UP_SECONDS = 0.05
MAX_CALLS = 60
"""Calls of one task to the limits of one round: more would be hard to check."""


@dataclass(slots=True)
class _Use:
    """What one task did to the limits of one round."""

    type: str
    consumed: list[Json] = field(default_factory=list)
    reserved: list[Json] = field(default_factory=list)
    calls: int = 0


async def use_limits(site: Site) -> None:
    """Consume, reserve, commit, release and read, with repeats, against the limits of the round."""
    caller = Caller(site.urls, site.tenant.key, site.dice)
    use = _Use("")
    try:
        while True:
            async with site.gate as plan:
                mine = _type_of(plan, site)
                if mine != use.type:
                    use = _Use(mine)
                if use.calls < MAX_CALLS:
                    use.calls += 1
                    await _call(site, caller, use)
            await asyncio.sleep(site.dice.uniform(0, THINKING_SECONDS))
    finally:
        await caller.close()


def _type_of(plan: Plan, site: Site) -> str:
    types: dict[str, str] = plan["limits"]
    return types[site.tenant.organization]


async def _call(site: Site, caller: Caller, use: _Use) -> None:
    """Choose a call, and send it until its outcome is known, or give it up."""
    kind, call = _choose(site, use)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + RESOLVE_SECONDS
    gives_up = site.dice.random() < GIVE_UP_SHARE
    while loop.time() < deadline:
        attempt = await _attempt(caller, kind, call, GIVE_UP_SECONDS if gives_up else None)
        _write(site, kind, call, attempt)
        if attempt.is_final or gives_up:
            return
        await caller.pause()


def _choose(site: Site, use: _Use) -> tuple[str, Json]:
    dice = site.dice
    kind = dice.choice(["consume", "consume", "repeat", "reserve", "settle", "settle", "read"])
    if kind == "repeat" and use.consumed:
        return "consume", dice.choice(use.consumed)
    if kind == "settle" and use.reserved:
        held = use.reserved.pop(dice.randrange(len(use.reserved)))
        if dice.random() < 0.6:
            units = dice.randint(1, held["units"])
            return "commit", {**held, "units": units}
        return "release", held
    if kind == "read":
        return "read", {"type": use.type}
    kind = "reserve" if kind == "reserve" else "consume"
    call = {
        "id": str(new_id()), "type": use.type, "units": dice.randint(1, 4),
        "user": f"user-{dice.randint(0, 1)}",
    }  # fmt: skip
    (use.reserved if kind == "reserve" else use.consumed).append(call)
    return kind, call


async def _attempt(caller: Caller, kind: str, call: Json, seconds: float | None) -> Attempt:
    match kind:
        case "read":
            return await caller.attempt(READ, {"type": call["type"]}, seconds)
        case "commit":
            variables = {"id": call["id"], "units": call["units"]}
            return await caller.attempt(COMMIT, variables, seconds)
        case "release":
            return await caller.attempt(RELEASE, {"id": call["id"]}, seconds)
        case _:
            draft = {
                "id": call["id"], "interactionType": call["type"], "units": call["units"],
                "labels": {"userId": call["user"]},
            }  # fmt: skip
            if kind == "consume":
                return await caller.attempt(CONSUME, {"input": draft}, seconds)
            return await caller.attempt(RESERVE, {"input": draft | {"ttl": "P1D"}}, seconds)


def _write(site: Site, kind: str, call: Json, attempt: Attempt) -> None:
    if attempt.outcome is Outcome.NOT_SENT:
        return
    answer = _answer(kind, attempt)
    if attempt.outcome is Outcome.REFUSED and answer is None:
        strange(site, attempt)
    site.journal.write(
        "limit", organization=site.tenant.organization, type=call["type"], call=kind,
        id=call.get("id", ""), units=call.get("units", 0), user=call.get("user"),
        begin=attempt.begin, end=attempt.end, answer=answer,
    )  # fmt: skip


def _answer(kind: str, attempt: Attempt) -> Json | None:
    """Return the answer as the model says it; None where the outcome is not known."""
    if attempt.outcome is Outcome.REFUSED and attempt.codes == ("NOT_FOUND",):
        return {"status": "NOT_FOUND"}
    if attempt.outcome is not Outcome.TAKEN:
        return None
    (payload,) = attempt.data.values()
    if kind == "read":
        levels = {limit["subjectId"]: limit["usage"] for limit in payload}
        return {"status": "READ", "levels": _pairs(levels)}
    levels = {level["subjectId"]: level for level in payload["levels"]}
    told = None if payload["status"] == "DUPLICATE" else _pairs(levels)
    return {"status": payload["status"], "allowed": payload["allowed"], "levels": told}


def _pairs(levels: dict[str, Json]) -> list[list[Any]]:
    return sorted([name, level["used"], level["reserved"]] for name, level in levels.items())
