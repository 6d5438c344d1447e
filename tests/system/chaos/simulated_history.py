"""Histories of simulated clients against a model, for tests of the checker."""

import random
from collections.abc import Iterator

from tests.system.chaos.limit_history import LimitAnswer, LimitCall, LimitModel
from tests.system.chaos.linearizability import UNKNOWN_END, Invocation

History = list[Invocation[LimitCall, LimitAnswer]]

CLIENTS = 5
CALLS = 30
UNKNOWN_SHARE = 0.08
SUBJECTS = ("organization", "user-0", "user-1")


def calls_of(client: int, dice: random.Random) -> Iterator[LimitCall]:
    """Yield what one client calls: repeats are calls with an id that it used before."""
    subjects = ("organization", f"user-{client % 2}")
    consumed: list[LimitCall] = []
    reserved: list[LimitCall] = []
    for number in range(CALLS):
        kind = dice.choice(["consume", "consume", "repeat", "reserve", "settle", "read"])
        if kind == "repeat" and consumed:
            yield dice.choice(consumed)
        elif kind == "settle" and reserved:
            held = dice.choice(reserved)
            units = dice.randint(1, held.units)
            yield LimitCall(dice.choice(["commit", "release"]), held.id, units)
        elif kind == "read":
            yield LimitCall("read", subjects=SUBJECTS)
        else:
            kind = "reserve" if kind == "reserve" else "consume"
            call = LimitCall(kind, f"{client}-{number}", dice.randint(1, 3), subjects)
            (reserved if kind == "reserve" else consumed).append(call)
            yield call


def simulate(model: LimitModel, seed: int) -> History:
    """Let clients call ``model`` concurrently: each call happens at once, between begin and end.

    Of some calls the answer is lost: half of these never happen, the others happen late.
    """
    dice = random.Random(seed)
    planned: list[tuple[float, float, float, LimitCall, bool]] = []
    for client in range(CLIENTS):
        now = dice.random()
        for call in calls_of(client, dice):
            end = now + dice.expovariate(1.0)
            is_lost = dice.random() < UNKNOWN_SHARE
            happens = dice.uniform(now, end)
            if is_lost:
                happens = dice.choice([UNKNOWN_END, happens + dice.expovariate(0.2)])
            planned.append((happens, now, end, call, is_lost))
            now = end + dice.expovariate(2.0)
    state, history = model.initial(), History()
    for happens, begin, end, call, is_lost in sorted(planned, key=lambda plan: plan[0]):
        if happens == UNKNOWN_END:
            history.append(Invocation(call, begin))
            continue
        state, answer = model.step(state, call)
        known = Invocation(call, begin, end, answer)
        history.append(Invocation(call, begin) if is_lost else known)
    return history
