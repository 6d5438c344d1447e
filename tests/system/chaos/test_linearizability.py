"""The checker accepts every history that a correct store can give, and finds those of broken ones."""

from dataclasses import replace

import pytest

from tests.system.chaos.limit_history import LimitAnswer, LimitCall, LimitModel, LimitState
from tests.system.chaos.linearizability import (
    UNKNOWN_END,
    Invocation,
    UndecidedError,
    check,
)
from tests.system.chaos.simulated_history import History, simulate

MAXIMA = {"organization": 60, "user-0": 35, "user-1": 40}
SEEDS = range(12)
Stepped = tuple[LimitState, LimitAnswer]


class ForgetsIds(LimitModel):
    """Counts a repeated call again."""

    def step(self, state: LimitState, call: LimitCall) -> Stepped:
        known = state.consumed - {call.id}
        after, answer = super().step(replace(state, consumed=known), call)
        return replace(after, consumed=after.consumed | state.consumed), answer


class LosesAcknowledged(LimitModel):
    """Grants every seventh consumption without writing it."""

    def step(self, state: LimitState, call: LimitCall) -> Stepped:
        after, answer = super().step(state, call)
        is_lost = call.kind == "consume" and int(call.id.partition("-")[2]) % 7 == 0
        return (state if is_lost else after), answer


class GrantsTooMuch(LimitModel):
    """Lets a call pass that exceeds the maximum by one unit."""

    def step(self, state: LimitState, call: LimitCall) -> Stepped:
        if call.kind == "consume" and call.units > 1:
            asked = replace(call, units=call.units - 1)
            if super().step(state, asked)[1].status == "ACCEPTED":
                return self._use(state, call), LimitAnswer("ACCEPTED", True)
        return super().step(state, call)


class IgnoresReserved(LimitModel):
    """Consumes units that others have reserved."""

    def step(self, state: LimitState, call: LimitCall) -> Stepped:
        if call.kind != "consume":
            return super().step(state, call)
        after, answer = super().step(replace(state, reservations=frozenset()), call)
        return replace(after, reservations=state.reservations), replace(answer, levels=None)


class CountsOneLevel(LimitModel):
    """Counts a call of the second user for the user, and not for the organization."""

    def _use(self, state: LimitState, call: LimitCall) -> LimitState:
        subjects = call.subjects
        if "user-1" in subjects:
            subjects = ("user-1",)
        return super()._use(state, replace(call, subjects=subjects))


class ReadsOldState(LimitModel):
    """Answers reads from a copy that is never renewed."""

    def step(self, state: LimitState, call: LimitCall) -> Stepped:
        if call.kind == "read":
            return state, super().step(self.initial(), call)[1]
        return super().step(state, call)


class KeepsReleased(LimitModel):
    """Does not give a released reservation back."""

    def step(self, state: LimitState, call: LimitCall) -> Stepped:
        after, answer = super().step(state, call)
        if call.kind == "release" and answer.status == "ACCEPTED":
            return self._use(after, replace(call, subjects=("organization",))), answer
        return after, answer


@pytest.mark.parametrize("seed", SEEDS)
def test_accepts_what_a_correct_store_answers(seed: int) -> None:
    history = simulate(LimitModel(MAXIMA), seed)
    assert {i.answer.status for i in history if i.answer} >= {"ACCEPTED", "REJECTED", "DUPLICATE"}
    assert any(not invocation.is_known for invocation in history)
    verdict = check(LimitModel(MAXIMA), history)
    assert verdict.is_linearizable, (verdict.stuck, verdict.state)


@pytest.mark.parametrize(
    "broken",
    [
        ForgetsIds, LosesAcknowledged, GrantsTooMuch, IgnoresReserved, CountsOneLevel,
        ReadsOldState, KeepsReleased,
    ],
)  # fmt: skip
def test_finds_what_a_broken_store_answers(broken: type[LimitModel]) -> None:
    found = 0
    for seed in SEEDS:
        verdict = check(LimitModel(MAXIMA), simulate(broken(MAXIMA), seed))
        found += not verdict.is_linearizable
        assert verdict.is_linearizable or verdict.stuck
    assert found >= len(SEEDS) // 2, found


def _consume(id: str, begin: float, end: float, status: str, used: int | None) -> "History":
    levels = None if used is None else (("organization", used, 0),)
    answer = LimitAnswer(status, status != "REJECTED", levels)
    return [Invocation(LimitCall("consume", id, 1, ("organization",)), begin, end, answer)]


def _lost(id: str, begin: float) -> "History":
    return [Invocation(LimitCall("consume", id, 1, ("organization",)), begin)]


def _is_linearizable(*parts: "History", maximum: int = 10) -> bool:
    history = [invocation for part in parts for invocation in part]
    return check(LimitModel({"organization": maximum}), history).is_linearizable


def test_respects_the_order_of_real_time() -> None:
    first, second = _consume("a", 0, 1, "ACCEPTED", 2), _consume("b", 2, 3, "ACCEPTED", 1)
    assert not _is_linearizable(first, second)
    assert _is_linearizable(first, _consume("b", 0.5, 3, "ACCEPTED", 1))


def test_a_lost_call_may_have_happened_or_not() -> None:
    assert _is_linearizable(_lost("a", 0), _consume("b", 1, 2, "ACCEPTED", 1))
    assert _is_linearizable(_lost("a", 0), _consume("b", 1, 2, "ACCEPTED", 2))
    assert not _is_linearizable(_lost("a", 0), _consume("b", 1, 2, "ACCEPTED", 3))
    assert not _is_linearizable(_lost("a", 3), _consume("b", 1, 2, "ACCEPTED", 2))


def test_a_lost_call_happens_once() -> None:
    repeated = _consume("a", 1, 2, "DUPLICATE", None)
    later = _consume("b", 3, 4, "ACCEPTED", 2)
    assert _is_linearizable(_lost("a", 0), repeated, later)
    assert not _is_linearizable(repeated, later)
    assert not _is_linearizable(_lost("a", 0), repeated, _consume("b", 3, 4, "ACCEPTED", 3))


def test_names_the_call_that_does_not_fit() -> None:
    history = _consume("a", 0, 1, "ACCEPTED", 1) + _consume("b", 2, 3, "ACCEPTED", 5)
    verdict = check(LimitModel({"organization": 10}), history)
    assert [invocation.call.id for invocation in verdict.order] == ["a"]
    assert [invocation.call.id for invocation in verdict.stuck] == ["b"]


def test_says_when_it_cannot_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.system.chaos.linearizability.MAX_STEPS", 10)
    with pytest.raises(UndecidedError):
        check(LimitModel(MAXIMA), simulate(LimitModel(MAXIMA), 1))


def test_nothing_is_linearizable() -> None:
    assert check(LimitModel(MAXIMA), []).is_linearizable
    assert _lost("a", 0)[0].end == UNKNOWN_END
