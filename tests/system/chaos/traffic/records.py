"""Operations and requests over plain HTTP: batches that are sent until they are acknowledged."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field

from store.ids import new_id
from tests.support.processes import Json
from tests.system.chaos.calling import Attempt, Caller, Outcome
from tests.system.chaos.traffic.gate import Site

TRACK = """mutation ($items: [OperationInput!]!) {
  trackOperations(operations: $items) {
    accepted duplicates rejected results(only: [REJECTED]) { index code } }
}"""
INGEST = """mutation ($items: [EntryInput!]!) {
  ingest(entries: $items) {
    accepted duplicates rejected results(only: [REJECTED]) { index code } }
}"""
NAMES = ("add", "search", "chat", "read")
LARGEST_BATCH = 40
BAD_SHARE = 0.1
THINKING_SECONDS = 0.15
RESOLVE_SECONDS = 60.0
"""How long a batch is sent again after its round has ended, until it counts as lost."""


Command = tuple[str, Json]
"""The kind of an entry and its values."""


@dataclass(slots=True)
class Batch:
    """Items of one call. ``bad`` are the positions of items that must be refused."""

    document: str
    items: list[Json]
    operations: dict[str, int] = field(default_factory=dict)
    """Id and units of the operations in it, without the bad ones."""
    events: dict[str, list[str]] = field(default_factory=dict)
    """Request and ids of the events in it, without the bad ones."""
    bad: dict[int, str] = field(default_factory=dict)
    """Position and id of each item that must be refused."""


async def send_operations(site: Site) -> None:
    """Send batches of operations, some of them with an item that cannot be taken."""
    await _send(site, _operation_batches(site))


async def send_requests(site: Site) -> None:
    """Send requests with all their commands, in several batches each."""
    await _send(site, _request_batches(site))


async def _send(site: Site, batches: Iterator[Batch]) -> None:
    caller = Caller(site.urls, site.tenant.key, site.dice)
    try:
        while True:
            async with site.gate:
                await _deliver(site, caller, next(batches))
            await asyncio.sleep(site.dice.uniform(0, THINKING_SECONDS))
    finally:
        await caller.close()


async def _deliver(site: Site, caller: Caller, batch: Batch) -> None:
    """Send a batch until it is acknowledged, and write down what was answered."""
    name = str(new_id())
    site.journal.write(
        "sent", batch=name, organization=site.tenant.organization, operations=batch.operations,
        events=batch.events, bad=list(batch.bad.values()),
    )  # fmt: skip
    deadline = asyncio.get_running_loop().time() + RESOLVE_SECONDS
    tries = 0
    while asyncio.get_running_loop().time() < deadline:
        tries += 1
        attempt = await caller.attempt(batch.document, {"items": batch.items})
        if attempt.outcome is Outcome.TAKEN:
            problem = _problem(batch, next(iter(attempt.data.values())), tries)
            if problem:
                site.journal.write("strange", name=site.name, message=problem)
            site.journal.write("acknowledged", batch=name)
            return
        if attempt.outcome is Outcome.REFUSED:
            strange(site, attempt)
        await caller.pause()
    site.journal.write("strange", name=site.name, message="a batch was not taken for a minute")


def strange(site: Site, attempt: Attempt) -> None:
    """Write down an answer that no fault explains."""
    message = f"refused with {', '.join(attempt.codes)}: {attempt.message}"
    site.journal.write("strange", name=site.name, message=message)


def _problem(batch: Batch, payload: Json, tries: int) -> str | None:
    """Return what is wrong with an answer: a batch is stored as a whole, its bad items never."""
    refused = {result["index"]: result["code"] for result in payload["results"]}
    if set(refused) != set(batch.bad) or set(refused.values()) - {"BAD_USER_INPUT"}:
        return f"refused {refused}, bad were {sorted(batch.bad)}"
    good = len(batch.items) - len(batch.bad)
    counts = payload["accepted"], payload["duplicates"]
    if counts not in ({(good, 0), (0, good)} if tries > 1 else {(good, 0)}):
        return f"of {good} items {counts} were accepted and duplicates, try {tries}"
    return None


def _operation_batches(site: Site) -> Iterator[Batch]:
    dice = site.dice
    while True:
        batch = Batch(TRACK, [])
        for position in range(dice.randint(1, LARGEST_BATCH)):
            id, units = str(new_id()), dice.randint(1, 3)
            item: Json = {
                "id": id, "kind": "API", "name": dice.choice(NAMES),
                "labels": {"userId": f"user-{dice.randint(0, 4)}"},
                "interaction": {"type": "calls", "units": units},
                "durationMs": dice.uniform(1, 500),
            }  # fmt: skip
            if position and dice.random() < BAD_SHARE / LARGEST_BATCH:
                batch.bad[position] = id
                item |= dice.choice([{"name": ""}, {"durationMs": -1.0}])
            else:
                batch.operations[id] = units
            batch.items.append(item)
        yield batch


def _request_batches(site: Site) -> Iterator[Batch]:
    while True:
        request = str(new_id())
        stages = [{"name": "render"}, {"name": "notify"}]
        first = {"createRequest": {"id": request, "type": "video", "stages": stages}}
        for number, commands in enumerate(_commands(site)):
            batch = Batch(INGEST, [first] if number == 0 else [], events={request: []})
            for kind, values in commands:
                event = str(new_id())
                command = {"requestId": request, "eventId": event, **values}
                batch.items.append({kind: command})
                batch.events[request].append(event)
            if site.dice.random() < BAD_SHARE:
                bad = {"requestId": request, "eventId": str(new_id()), "type": ""}
                batch.bad[len(batch.items)] = bad["eventId"]
                batch.items.append({"logEvent": bad})
            yield batch


def _commands(site: Site) -> Iterator[list[Command]]:
    """Yield the commands of one request, batch by batch."""
    dice = site.dice
    yield [("startRequest", {}), ("startStage", {"stage": "render"})]
    for number in range(dice.randint(1, 4)):
        progress: Command = ("progressStage", {"stage": "render", "fraction": 0.2 * number + 0.1})
        note: Command = ("logEvent", {"type": "note", "message": f"part {number}"})
        yield [progress, note][: dice.randint(1, 2)]
    if dice.random() < 0.3:
        yield [
            ("failStage", {"stage": "render", "message": "no"}),
            ("retryStage", {"stage": "render"}),
        ]
    yield [("completeStage", {"stage": "render"}), ("completeRequest", {"result": {"n": 1}})]
