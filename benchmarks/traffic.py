"""Generate a month of operations with realistic skew, column by column, identical in every run.

Most of what distinguishes operations is drawn once for a pool of samples; an operation is a sample
with its own time. A million of them is generated in seconds.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import itemgetter
from random import Random
from typing import Any
from uuid import UUID

from store.operations.bulk.frames import Frame
from store.operations.columns import AT

DAYS = 30
SAMPLES = 60_000
CHUNK_OPERATIONS = 20_000
"""Per write."""
NANO_DOLLARS = 15_000
"""The price of a token."""
KINDS = {"TOOL": 0.6, "LLM": 0.25, "API": 0.15}
ORGANIZATIONS, USERS, WORKSPACES, TOOLS, MODELS, ROUTES = 8, 2_000, 6, 16, 24, 30
"""Users are shared by all organizations, workspaces belong to each."""
MODES = ("signatures", "diff", "full", "map", "auto")
MODES_OF_A_TOOL, CLIENTS_OF_AN_ORGANIZATION = 3, 2
CLIENTS = ("claude-code", "cursor", "vscode", "cli", "web")
METHODS = ("GET", "POST", "PUT")
SAMPLE_COLUMNS = (
    "organization_id", "kind", "name", "outcome", "duration_ms", "client", "user_id",
    "workspace_id", "route", "method", "status_code", "tool_name", "operation_mode",
    "tokens_original", "tokens_actual", "tokens_prevented", "provider", "model", "input_tokens",
    "output_tokens", "price_status", "cost_baseline", "cost_actual", "cost_saved", "attributes",
)  # fmt: skip
"""The columns of a sample, in its order."""


@dataclass(frozen=True, slots=True)
class Traffic:
    since: datetime
    samples: tuple[tuple[Any, ...], ...]
    """One tuple of values for each of the ``SAMPLE_COLUMNS`` columns."""

    @classmethod
    def begin(cls, since: datetime) -> "Traffic":
        random = Random(20_261)  # noqa: S311  # not for secrets
        return cls(since, tuple(zip(*(_sample(random) for _ in range(SAMPLES)), strict=True)))

    def frames(self, count: int, seed: int) -> Iterator[Frame]:
        random = Random(seed)  # noqa: S311  # not for secrets
        weights = [_rhythm(self.since + timedelta(hours=n)) for n in range(24 * DAYS)]
        share = count / sum(weights)
        times: list[datetime] = []
        due, created = 0.0, 0
        for hour, weight in enumerate(weights):
            due += weight * share
            number = round(due) - created
            created += number
            begin = self.since + timedelta(hours=hour)
            step = 3_600_000_000 / max(1, number)
            times += [
                begin + timedelta(microseconds=int((n + random.random()) * step))
                for n in range(number)
            ]
            while len(times) >= CHUNK_OPERATIONS:
                yield self._frame(times[:CHUNK_OPERATIONS], random)
                del times[:CHUNK_OPERATIONS]
        if times:
            yield self._frame(times, random)

    def _frame(self, times: list[datetime], random: Random) -> Frame:
        count = len(times)
        # One extra column, so that itemgetter returns a tuple even for one.
        pick = itemgetter(*random.choices(range(SAMPLES), k=count), 0)
        columns: dict[int, Any] = {
            AT[name]: pick(values)[:-1]
            for name, values in zip(SAMPLE_COLUMNS, self.samples, strict=True)
        }
        columns[AT["occurred_at"]] = columns[AT["recorded_at"]] = times
        bits = random.getrandbits
        columns[AT["id"]] = [UUID(int=bits(128)) for _ in range(count)]
        return Frame(count, columns)


def _rhythm(hour: datetime) -> float:
    """Return the relative load of an hour: little at night and on weekends."""
    day = 1.0 - 0.85 * math.cos((hour.hour - 3) / 12 * math.pi)
    return day * (0.35 if hour.weekday() >= 5 else 1.0)


class _Skew:
    """Draw names by Zipf's law: a few often, most of them rarely."""

    def __init__(self, stem: str, count: int) -> None:
        self._names = [f"{stem}-{n:03}" for n in range(count)]
        self._weights = [1 / (n + 1) for n in range(count)]
        self._sums = [sum(self._weights[: n + 1]) for n in range(count)]

    def draw(self, random: Random) -> str:
        return random.choices(self._names, cum_weights=self._sums)[0]


_organizations, _users = _Skew("organization", ORGANIZATIONS), _Skew("user", USERS)
_workspaces, _tools = _Skew("workspace", WORKSPACES), _Skew("tool", TOOLS)
_models, _routes = _Skew("model", MODELS), _Skew("/v1/route", ROUTES)


def _sample(random: Random) -> tuple[Any, ...]:
    kind = random.choices(list(KINDS), weights=list(KINDS.values()))[0]
    is_error = random.random() < 0.03
    of_kind: dict[str, Any] = {"TOOL": _tool, "LLM": _llm, "API": _api}[kind](random, is_error)
    organization = _organizations.draw(random)
    values: dict[str, Any] = {
        "organization_id": organization,
        "kind": kind,
        "outcome": "ERROR" if is_error else "OK",
        "duration_ms": round(random.lognormvariate(3.5, 1.1), 3),
        "client": few_of(CLIENTS, organization, CLIENTS_OF_AN_ORGANIZATION, random),
        "user_id": _users.draw(random),
        "workspace_id": f"{organization}/{_workspaces.draw(random)}",
        "attributes": f'{{"language":"python","lines":{random.randrange(900)}}}',
        **of_kind,
    }
    return tuple(values.get(name) for name in SAMPLE_COLUMNS)


def few_of(names: tuple[str, ...], owner: str, count: int, random: Random) -> str:
    """Return one of the few names that an owner uses, mostly the first."""
    index = min(count - 1, int(random.expovariate(1.2)))
    return names[(int(owner[-3:]) + index) % len(names)]


def _tool(random: Random, is_error: bool) -> dict[str, Any]:
    del is_error
    name, original = _tools.draw(random), int(random.lognormvariate(7.0, 1.0)) + 1
    actual = int(original * random.uniform(0.1, 0.9))
    return {
        "name": name, "tool_name": name,
        "operation_mode": few_of(MODES, name, MODES_OF_A_TOOL, random),
        "tokens_original": original, "tokens_actual": actual, "tokens_prevented": original - actual,
        "price_status": "PRICED", "cost_baseline": original * NANO_DOLLARS,
        "cost_actual": actual * NANO_DOLLARS, "cost_saved": (original - actual) * NANO_DOLLARS,
    }  # fmt: skip


def _llm(random: Random, is_error: bool) -> dict[str, Any]:
    del is_error
    model = _models.draw(random)
    read, cache_write = int(random.lognormvariate(7.5, 1.0)), int(random.lognormvariate(5.5, 0.9))
    cost = (read + 4 * cache_write) * NANO_DOLLARS
    return {
        "name": "completion", "provider": f"provider-{model[-1]}", "model": model,
        "input_tokens": read, "output_tokens": cache_write, "price_status": "PRICED",
        "cost_baseline": cost, "cost_actual": cost, "cost_saved": 0,
    }  # fmt: skip


def _api(random: Random, is_error: bool) -> dict[str, Any]:
    route, method = _routes.draw(random), random.choices(METHODS, weights=(6, 3, 1))[0]
    success_status, failed = (
        random.choice((200, 200, 200, 201)),
        random.choice((400, 404, 429, 500)),
    )
    return {
        "name": f"{method} {route}", "route": route, "method": method,
        "status_code": failed if is_error else success_status,
    }  # fmt: skip
