"""What the clients of a run sent, what was acknowledged, and what they saw, from their journals."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.system.chaos.feed_history import Written
from tests.system.chaos.journal import Line
from tests.system.chaos.limit_history import LimitAnswer, LimitCall
from tests.system.chaos.linearizability import UNKNOWN_END, Invocation

Attempts = list[Invocation[LimitCall, LimitAnswer]]


@dataclass
class Records:
    """Operations and events of one organization. Times are by the clock that all processes share."""

    operations: dict[str, int] = field(default_factory=dict)
    """Units by id of every operation that was sent and can be taken."""
    events: dict[str, str] = field(default_factory=dict)
    """Request by id of every event that was sent and can be taken."""
    refused: set[str] = field(default_factory=set)
    """Ids of items that must not be stored."""
    sent: dict[str, float] = field(default_factory=dict)
    acknowledged: dict[str, float] = field(default_factory=dict)
    requests: set[str] = field(default_factory=set)
    """Requests that the SDK tracked."""

    def written(self) -> dict[str, Written]:
        """Return when each acknowledged record was sent and acknowledged."""
        return {id: Written(self.sent[id], at) for id, at in self.acknowledged.items()}


@dataclass
class Seen:
    """What one live stream showed."""

    feed: str
    organization: str
    ids: list[str] = field(default_factory=list)
    events: list[tuple[str, int]] = field(default_factory=list)
    """Request and number, of a feed of events."""


@dataclass
class Ledger:
    """Everything that the journals say."""

    records: defaultdict[str, Records] = field(default_factory=lambda: defaultdict(Records))
    limits: defaultdict[tuple[str, str], list[Line]] = field(
        default_factory=lambda: defaultdict(list)
    )
    seen: dict[str, Seen] = field(default_factory=dict)
    watched: list[Line] = field(default_factory=list)
    trackers: dict[str, Line] = field(default_factory=dict)
    strange: list[str] = field(default_factory=list)
    _batches: dict[str, Line] = field(default_factory=dict)
    _tracked: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, lines: Iterable[Line]) -> None:
        """Take the new lines of a journal."""
        for line in lines:
            getattr(self, f"_add_{line['kind']}")(line)

    def _add_sent(self, line: Line) -> None:
        self._batches[line["batch"]] = line
        records = self.records[line["organization"]]
        records.operations |= line["operations"]
        records.refused |= set(line["bad"])
        for request, ids in line["events"].items():
            records.events |= dict.fromkeys(ids, request)
        for id in _ids(line):
            records.sent[id] = line["at"]

    def _add_acknowledged(self, line: Line) -> None:
        batch = self._batches.pop(line["batch"])
        for id in _ids(batch):
            self.records[batch["organization"]].acknowledged[id] = line["at"]

    def _add_tracked(self, line: Line) -> None:
        records = self.records[line["organization"]]
        records.operations[line["operation"]] = line["units"]
        records.sent[line["operation"]] = line["at"]
        self._tracked[line["organization"]].append(line["operation"])

    def _add_request(self, line: Line) -> None:
        self.records[line["organization"]].requests.add(line["request"])

    def _add_tracker(self, line: Line) -> None:
        """A flush: where nothing is left and nothing was dropped, everything was acknowledged."""
        self.trackers[line["name"]] = line
        for organization, ids in self._tracked.items():
            if f"-{organization}-" in line["name"] and not line["left"] and not line["dropped"]:
                for id in ids:
                    self.records[organization].acknowledged[id] = line["at"]
                ids.clear()

    def _add_limit(self, line: Line) -> None:
        self.limits[line["organization"], line["type"]].append(line)

    def _add_seen(self, line: Line) -> None:
        name = line["name"]
        seen = self.seen.setdefault(name, Seen(line["feed"], line["organization"]))
        seen.ids.append(line["id"])
        if line["request"] is not None:
            seen.events.append((line["request"], line["seq"]))

    def _add_watched(self, line: Line) -> None:
        self.watched.append(line)

    def _add_strange(self, line: Line) -> None:
        self.strange.append(f"{line['name']}: {line['message']}")

    def history(self, organization: str, type: str) -> Attempts:
        """Return every try of a call to the limits of one type.

        Of the tries of one call whose answers were lost, the first stands for all of them: with
        one id they have one effect, and none of them happened before the first began.
        """
        attempts: Attempts = []
        lost: set[LimitCall] = set()
        for line in sorted(self.limits[organization, type], key=lambda each: each["begin"]):
            call = _call_of(line, organization)
            answer = _answer_of(line["answer"])
            if answer is not None:
                attempts.append(Invocation(call, line["begin"], line["end"], answer))
            elif call.kind != "read" and call not in lost:
                lost.add(call)
                attempts.append(Invocation(call, line["begin"], UNKNOWN_END))
        return attempts


def _ids(batch: Line) -> list[str]:
    return [*batch["operations"], *(id for ids in batch["events"].values() for id in ids)]


def _call_of(line: Line, organization: str) -> LimitCall:
    user = line["user"]
    subjects = (organization, "user-0", "user-1") if user is None else (organization, user)
    return LimitCall(line["call"], line["id"], line["units"], subjects)


def _answer_of(answer: dict[str, Any] | None) -> LimitAnswer | None:
    if answer is None:
        return None
    levels = answer.get("levels")
    told = None if levels is None else tuple((name, used, held) for name, used, held in levels)
    return LimitAnswer(answer["status"], answer.get("allowed"), told)
