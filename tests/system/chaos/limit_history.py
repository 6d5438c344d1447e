"""The specification of limits for the checker of histories: consume, reserve, commit, release, read."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

Levels = tuple[tuple[str, int, int], ...]
"""Subject, used and reserved units of each limit, in the order of the subjects."""


@dataclass(frozen=True, slots=True)
class LimitCall:
    """One call. ``id`` is that of a consumption, or of a reservation that later calls settle."""

    kind: str
    id: str = ""
    units: int = 0
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LimitAnswer:
    """What a call answers. ``levels`` is None where they are not part of the contract."""

    status: str
    allowed: bool | None = None
    levels: Levels | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A reservation in the model."""

    units: int
    subjects: tuple[str, ...]
    status: str = "HELD"


@dataclass(frozen=True, slots=True)
class LimitState:
    """Everything that later answers depend on."""

    used: tuple[tuple[str, int], ...] = ()
    consumed: frozenset[str] = frozenset()
    reservations: frozenset[tuple[str, Held]] = frozenset()


class LimitModel:
    """Hard limits of one interaction type, for a lifetime, and calls whose ids make them unique.

    Reservations do not expire: histories are shorter than their time to live.
    """

    def __init__(self, maxima: Mapping[str, int]) -> None:
        self._maxima = dict(sorted(maxima.items()))

    def initial(self) -> LimitState:
        """Return limits of which nothing is used."""
        return LimitState(tuple((subject, 0) for subject in self._maxima))

    def step(self, state: LimitState, call: LimitCall) -> tuple[LimitState, LimitAnswer]:
        """Apply one call, and say what it answers."""
        match call.kind:
            case "read":
                return state, LimitAnswer("READ", None, self._levels(state, call.subjects))
            case "consume" if call.id in state.consumed:
                return state, LimitAnswer("DUPLICATE", True)
            case "consume":
                return self._take(state, call)
            case "reserve":
                held = dict(state.reservations).get(call.id)
                if held is not None:
                    return state, LimitAnswer("DUPLICATE", held.status == "HELD")
                return self._take(state, call)
            case _:
                return self._settle(state, call)

    def agrees(self, expected: LimitAnswer, answer: LimitAnswer) -> bool:
        """Compare what the contract promises: a repeat need not tell the present levels."""
        if (expected.status, expected.allowed) != (answer.status, answer.allowed):
            return False
        return expected.levels is None or answer.levels is None or expected.levels == answer.levels

    def _take(self, state: LimitState, call: LimitCall) -> tuple[LimitState, LimitAnswer]:
        levels = self._levels(state, call.subjects)
        if any(used + held + call.units > self._maxima[name] for name, used, held in levels):
            return state, LimitAnswer("REJECTED", False, levels)
        if call.kind == "reserve":
            made = (call.id, Held(call.units, call.subjects))
            state = replace(state, reservations=state.reservations | {made})
        else:
            state = replace(self._use(state, call), consumed=state.consumed | {call.id})
        return state, LimitAnswer("ACCEPTED", True, self._levels(state, call.subjects))

    def _settle(self, state: LimitState, call: LimitCall) -> tuple[LimitState, LimitAnswer]:
        held = dict(state.reservations).get(call.id)
        if held is None:
            return state, LimitAnswer("NOT_FOUND")
        commits = call.kind == "commit"
        if held.status == "COMMITTED" or (held.status == "RELEASED" and not commits):
            return state, LimitAnswer("DUPLICATE", True)
        ended = replace(held, status="COMMITTED" if commits else "RELEASED")
        others = state.reservations - {(call.id, held)}
        state = replace(state, reservations=others | {(call.id, ended)})
        if commits:
            state = self._use(state, replace(call, subjects=held.subjects))
        return state, LimitAnswer("ACCEPTED", True, self._levels(state, held.subjects))

    def _use(self, state: LimitState, call: LimitCall) -> LimitState:
        used = tuple((n, u + call.units * (n in call.subjects)) for n, u in state.used)
        return replace(state, used=used)

    def _levels(self, state: LimitState, subjects: tuple[str, ...]) -> Levels:
        held = dict.fromkeys(self._maxima, 0)
        for _, one in state.reservations:
            if one.status == "HELD":
                for subject in one.subjects:
                    held[subject] += one.units
        return tuple((name, used, held[name]) for name, used in state.used if name in subjects)
