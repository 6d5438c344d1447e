"""What must hold once the faults of a round are healed and its clients rest."""

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Executable, func, select

from models.events import RequestEvent
from models.interactions import InteractionCounter
from models.operations import Operation
from models.requests import Request
from tests.support.processes import COMMAND
from tests.system.chaos.database_access import connection_to
from tests.system.chaos.feed_history import (
    MAX_EXAMPLES,
    agreement_problems,
    log_problems,
    once_problems,
    order_problems,
)
from tests.system.chaos.installation import Installation
from tests.system.chaos.ledger import Ledger, Records, Seen
from tests.system.chaos.limit_history import LimitAnswer, LimitCall, LimitModel
from tests.system.chaos.linearizability import Invocation, UndecidedError, check

VERIFY_SECONDS = 120.0
COUNTED_TYPE = "calls"
"""What operations count."""
STATS = """{ operationStats(groupBy: [{field: NAME}]) { rows { key { name } count } } }"""


@dataclass(frozen=True)
class Stored:
    """What the database holds of one organization."""

    operations: list[tuple[str, int]]
    events: list[tuple[str, int, str]]
    """Request, number and id, in their order."""
    requests: dict[str, tuple[str, int]]
    """Status and last number by request."""
    counters: dict[str, tuple[int, int]]
    """Units and calls by interaction type."""
    names: dict[str, int]
    """Operations by name."""


async def read_stored(url: str, organization: str) -> Stored:
    """Read everything of one organization, past the servers."""
    op, event, counter = Operation, RequestEvent, InteractionCounter
    questions: list[Executable] = [
        select(op.id, func.coalesce(op.units, 0)).where(op.organization_id == organization),
        select(event.request_id, event.seq, event.id)
        .where(event.organization_id == organization)
        .order_by(event.request_id, event.seq),
        select(Request.id, Request.status, Request.last_seq).where(
            Request.organization_id == organization
        ),
        select(counter.interaction_type, func.sum(counter.units), func.sum(counter.calls))
        .where(counter.organization_id == organization)
        .group_by(counter.interaction_type),
        select(op.name, func.count()).where(op.organization_id == organization).group_by(op.name),
    ]
    async with connection_to(url) as connection:
        answers = [(await connection.execute(question)).all() for question in questions]
    operations, events, requests, counters, names = answers
    return Stored(
        [(str(id), int(units)) for id, units in operations],
        [(str(request), seq, str(id)) for request, seq, id in events],
        {str(id): (status, last_seq) for id, status, last_seq in requests},
        {type: (int(units), int(calls)) for type, units, calls in counters},
        {str(name): int(count) for name, count in names},
    )


def record_problems(records: Records, stored: Stored) -> list[str]:
    """Return acknowledged records that are not there once, and others that should not be there."""
    problems = []
    for what, ids, sent in (
        ("operations", [id for id, _ in stored.operations], set(records.operations)),
        ("events", [id for _, _, id in stored.events], set(records.events)),
    ):
        repeated = [id for id, times in Counter(ids).items() if times > 1]
        missing = sent & set(records.acknowledged) - set(ids)
        refused = records.refused & set(ids)
        phantoms = set(ids) - sent if what == "operations" else set()
        for told, found in (
            ("are stored twice", repeated),
            ("were acknowledged and are not stored", missing),
            ("were refused and are stored", refused),
            ("are stored and were never sent", phantoms),
        ):
            if found:
                problems.append(f"{len(found)} {what} {told}: {sorted(found)[:MAX_EXAMPLES]}")
    wrong = [id for id, units in stored.operations if records.operations.get(id, units) != units]
    if wrong:
        problems.append(f"{len(wrong)} operations have other units: {wrong[:MAX_EXAMPLES]}")
    return problems


def request_problems(records: Records, stored: Stored) -> list[str]:
    """Return logs with gaps, requests that differ from their logs, and requests that are lost."""
    problems = log_problems([(request, seq) for request, seq, _ in stored.events])
    last = {request: seq for request, seq, _ in stored.events}
    differ = [id for id, (_, last_seq) in stored.requests.items() if last.get(id, 0) != last_seq]
    if differ:
        problems.append(f"{len(differ)} requests do not agree with their log: {differ[:3]}")
    unfinished = [
        id for id in records.requests if stored.requests.get(id, ("missing", 0))[0] != "COMPLETED"
    ]
    if unfinished:
        found = {id: stored.requests.get(id) for id in unfinished[:MAX_EXAMPLES]}
        problems.append(f"{len(unfinished)} requests of the SDK did not complete: {found}")
    return problems


def counter_problems(stored: Stored, used: dict[str, int]) -> list[str]:
    """Return where counters, limits and operations do not agree. ``used`` is by interaction type."""
    units = sum(units for _, units in stored.operations)
    expected = {**used, COUNTED_TYPE: units}
    problems = []
    for type, sum_ in expected.items():
        counted, calls = stored.counters.get(type, (0, 0))
        if counted != sum_:
            problems.append(f"the counter of {type} has {counted} units, {sum_} were used")
        if type == COUNTED_TYPE and calls != len(stored.operations):
            problems.append(f"the counter has {calls} calls of {len(stored.operations)} operations")
    if used.get(COUNTED_TYPE, units) != units:
        problems.append(f"the limit counts {used[COUNTED_TYPE]} units, operations have {units}")
    return problems


def limit_problems(
    model: LimitModel, history: Sequence[Invocation[LimitCall, LimitAnswer]]
) -> list[str]:
    """Return why no order of the calls explains their answers."""
    try:
        verdict = check(model, history)
    except UndecidedError as error:
        return [f"a history of limits is undecided: {error}"]
    if verdict.is_linearizable:
        return []
    stuck = "\n    ".join(map(str, verdict.stuck[:6]))
    told = (
        f"a history of {len(history)} calls to limits is not linearizable. After "
        f"{len(verdict.order)} calls, in {verdict.state}, none of these fits:\n    {stuck}"
    )
    return [told]


def feed_problems(seen: dict[str, Seen], stored: dict[str, Stored], ledger: Ledger) -> list[str]:
    """Return what live streams showed otherwise than it was committed."""
    problems = []
    first: dict[tuple[str, str], tuple[str, Seen]] = {}
    for name, stream in seen.items():
        there = stored[stream.organization]
        events = {id for _, _, id in there.events}
        ids = events if stream.feed == "events" else {id for id, _ in there.operations}
        told = [
            *once_problems(stream.ids, ids),
            *order_problems(stream.ids, ledger.records[stream.organization].written()),
            *log_problems(stream.events),
        ]
        other, compared = first.setdefault((stream.feed, stream.organization), (name, stream))
        told += [f"{one} (against {other})" for one in agreement_problems(compared.ids, stream.ids)]
        problems += [f"stream {name} of {stream.feed}: {one}" for one in told]
    for line in ledger.watched:
        status, last = stored[line["organization"]].requests.get(line["request"], ("missing", 0))
        if line["seqs"] != list(range(1, last + 1)):
            shown = f"({status}, {last}) showed {line['seqs']}: {line['problem']}"
            problems.append(f"watching {line['request']} {shown}")
    ledger.watched.clear()
    return problems


def tracker_problems(ledger: Ledger) -> list[str]:
    """Return trackers that dropped something, or could not send it in time."""
    return [
        f"tracker {name}: {line['left']} left ({line['problem']}), dropped {line['dropped']}"
        for name, line in ledger.trackers.items()
        if line["left"] or line["dropped"]
    ]


async def rollup_problems(world: Installation, stored: Stored, key: str) -> list[str]:
    """Return where the sums do not say what a plain count says."""
    told = await world.ask(STATS, {}, key)
    counts = {row["key"]["name"]: row["count"] for row in told["operationStats"]["rows"]}
    if counts != stored.names:
        return [f"operationStats counts {counts}, the table holds {stored.names}"]
    return []


async def verify_rollups(world: Installation) -> list[str]:
    """Run ``trackstore rollups verify``, as an operator does."""
    url = world.database_url.replace("+aiosqlite", "").replace("+asyncpg", "")
    process = await asyncio.create_subprocess_exec(
        COMMAND, "rollups", "verify", cwd=world.folder, env={**os.environ, "DATABASE_URL": url},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(VERIFY_SECONDS):
        output, _ = await process.communicate()
    text = output.decode()
    if process.returncode or "all rollups match" not in text:
        return [f"rollups verify (exit {process.returncode}): {text[-1500:]}"]
    return []
