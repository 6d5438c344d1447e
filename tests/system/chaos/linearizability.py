"""A checker of histories: whether concurrent calls could have happened one after the other.

The search is that of Wing and Gong with Lowe's memory of the states it has been in, as Jepsen's
Knossos and Porcupine run it: take the calls in an order that respects real time (a call that ended
before another began stands before it), replay them against a model, and go back where the model
gives another answer than the history has.
"""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

UNKNOWN_END = math.inf
"""When a call ends whose answer was lost: its effect may still come at any time."""
MAX_STEPS = 400_000
"""Calls that are tried before the search ends without a verdict."""

Call = TypeVar("Call")
AnyCall_contra = TypeVar("AnyCall_contra", contravariant=True)
Answer = TypeVar("Answer")
State = TypeVar("State", bound=Hashable)


class UndecidedError(RuntimeError):
    """The history is too concurrent to be decided within ``MAX_STEPS``."""


@dataclass(frozen=True, slots=True)
class Invocation(Generic[Call, Answer]):
    """A call as its client saw it. ``answer`` is None where the outcome is unknown."""

    call: Call
    begin: float
    end: float = UNKNOWN_END
    answer: Answer | None = None

    @property
    def is_known(self) -> bool:
        """Whether the call was answered."""
        return self.answer is not None


class Model(Protocol[AnyCall_contra, Answer, State]):
    """A sequential specification."""

    def initial(self) -> State:
        """Return the state before any call."""
        ...

    def step(self, state: State, call: AnyCall_contra) -> tuple[State, Answer]:
        """Return the state after a call, and what the call answers."""
        ...

    def agrees(self, expected: Answer, answer: Answer) -> bool:
        """Return whether an answer of the history is the one that the model expects."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict(Generic[Call, Answer]):
    """Whether a history is linearizable; where it is not, how far the best attempt came."""

    is_linearizable: bool
    order: tuple[Invocation[Call, Answer], ...]
    """The calls that were placed, in their order: all of them, or the longest attempt."""
    stuck: tuple[Invocation[Call, Answer], ...] = ()
    """Of the longest attempt, the calls that could have come next and whose answers do not fit."""
    state: object = None
    """The state of the model where the longest attempt ended."""
    steps: int = 0


@dataclass(slots=True)
class _Frame(Generic[State]):
    """A place in the search: what is done (a bit for each call), the state, what is left to try."""

    done: int
    state: State
    candidates: list[int]
    chosen: int = -1


class _Search(Generic[Call, Answer, State]):
    def __init__(
        self, model: Model[Call, Answer, State], history: Sequence[Invocation[Call, Answer]]
    ) -> None:
        self._model = model
        self._calls = sorted(history, key=lambda invocation: invocation.begin)
        self._known = sum(1 << i for i, c in enumerate(self._calls) if c.is_known)
        self._steps = 0

    def run(self) -> Verdict[Call, Answer]:
        initial = self._model.initial()
        frames = [_Frame(0, initial, self._candidates(0))]
        seen: set[tuple[int, State]] = set()
        longest, placed = frames[0], [0]
        while frames:
            frame = frames[-1]
            if frame.done & self._known == self._known:
                return Verdict(True, self._order(frames), steps=self._steps)
            following = self._next(frame, seen)
            if following is None:
                frames.pop()
                continue
            frames.append(following)
            if following.done.bit_count() > longest.done.bit_count():
                longest, placed = following, [f.chosen for f in frames[:-1]]
        order = tuple(self._calls[i] for i in placed if i >= 0)
        stuck = tuple(self._calls[i] for i in self._candidates(longest.done))
        return Verdict(False, order, stuck, longest.state, self._steps)

    def _next(self, frame: _Frame[State], seen: set[tuple[int, State]]) -> _Frame[State] | None:
        """Return the next place that was not visited before, or None where there is no more."""
        while frame.candidates:
            index = frame.candidates.pop()
            self._steps += 1
            if self._steps > MAX_STEPS:
                raise UndecidedError(f"{len(self._calls)} calls, {MAX_STEPS:,} steps")
            invocation = self._calls[index]
            state, expected = self._model.step(frame.state, invocation.call)
            if invocation.answer is None:
                if state == frame.state:
                    continue  # without an effect it need not have happened here
            elif not self._model.agrees(expected, invocation.answer):
                continue
            done = frame.done | 1 << index
            if (done, state) in seen:
                continue
            seen.add((done, state))
            frame.chosen = index
            return _Frame(done, state, self._candidates(done))
        return None

    def _candidates(self, done: int) -> list[int]:
        """Return the calls that may be next: none that was not done ended before they began.

        They are tried from the end of the list: first the one that ended first, last the unknown.
        """
        found: list[int] = []
        earliest_end = UNKNOWN_END
        first = (~done & (done + 1)).bit_length() - 1
        for index in range(first, len(self._calls)):
            invocation = self._calls[index]
            if done >> index & 1:
                continue
            if invocation.begin > earliest_end:
                break
            found.append(index)
            if invocation.is_known:
                earliest_end = min(earliest_end, invocation.end)
        return sorted(found, key=lambda index: self._calls[index].end, reverse=True)

    def _order(self, frames: list[_Frame[State]]) -> tuple[Invocation[Call, Answer], ...]:
        return tuple(self._calls[frame.chosen] for frame in frames[:-1])


def check(
    model: Model[Call, Answer, State], history: Sequence[Invocation[Call, Answer]]
) -> Verdict[Call, Answer]:
    """Return whether the calls of a history could have happened one after the other.

    A call with an unknown outcome may have happened at any time after it began, or never.
    Raises ``UndecidedError`` where the search takes too long.
    """
    return _Search(model, history).run()
