"""Limits as plain Python says them: what the store must do, call by call, without any database."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from models.enums import LimitMode, LimitPeriod, LimitSubject

LIFETIME_START = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Rule:
    """A limit of the model. ``label`` is the user or workspace it holds for; None: everybody."""

    subject: LimitSubject
    label: str | None
    maximum: int
    period: LimitPeriod
    mode: LimitMode

    def start(self, now: datetime) -> datetime:
        """When the period of ``now`` began; of those periods that the model knows."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        match self.period:
            case LimitPeriod.HOUR:
                return hour
            case LimitPeriod.MONTH:
                return hour.replace(day=1, hour=0)
            case _:
                return LIFETIME_START


Key = tuple[int, datetime]
Levels = dict[int, tuple[int, int]]
"""Used and held units by the number of the rule."""


@dataclass(frozen=True)
class Step:
    """One call. ``slot`` names its id, so that calls repeat and settle each other; None: no id."""

    kind: str
    slot: int | None
    units: int = 0
    user: str | None = None
    workspace: str | None = None
    minutes: int = 0


@dataclass(frozen=True)
class Outcome:
    """The answer to a call, as far as callers may rely on it."""

    status: str
    allowed: bool | None = None
    units: int | None = None
    levels: Levels | None = None


@dataclass
class Held:
    """A reservation of the model."""

    step: Step
    keys: list[Key]
    ends: datetime
    status: str = "HELD"
    settled: int | None = None

    @property
    def units(self) -> int:
        """Units that are set aside."""
        return self.step.units


@dataclass
class LimitModel:
    """The whole state of one organization."""

    rules: list[Rule]
    used: dict[Key, int] = field(default_factory=dict)
    reservations: dict[int, Held] = field(default_factory=dict)
    consumed: dict[int, Step] = field(default_factory=dict)
    units: int = 0
    calls: int = 0

    def play(self, steps: list[Step], now: datetime) -> list[Outcome]:
        """The outcomes of calls that arrive together: a repeat is answered like its first one."""
        outcomes: list[Outcome] = []
        denied: dict[tuple[str, int], Outcome] = {}
        for step in steps:
            sent = (step.kind, step.slot) if step.slot is not None else None
            if step.kind in {"commit", "release"}:
                outcome = self._settle(step, now)
            elif sent in denied:
                outcome = denied[sent]
            else:
                outcome = self._ask(step, now)
                if sent is not None and outcome.allowed is False and outcome.status == "REJECTED":
                    denied[sent] = outcome
            outcomes.append(outcome)
        # A repeated reserve is answered last, when all that came with it is settled.
        return [
            self._repeated(step, now) or outcome
            if step.kind == "reserve" and outcome.status == "DUPLICATE"
            else outcome
            for step, outcome in zip(steps, outcomes, strict=True)
        ]

    def levels(self, keys: list[Key], now: datetime) -> Levels:
        """Used and held units of some rules in a period each."""
        found = {}
        for key in keys:
            running = [r for r in self.reservations.values() if r.status == "HELD" and r.ends > now]
            held = sum(r.units for r in running if key in r.keys)
            found[key[0]] = self.used.get(key, 0), held
        return found

    def keys(self, step: Step, now: datetime) -> list[Key]:
        """The rules that apply to a call, in their present periods."""
        own = {LimitSubject.USER: step.user, LimitSubject.WORKSPACE: step.workspace}
        return [
            (number, rule.start(now))
            for number, rule in enumerate(self.rules)
            if rule.label is None or own.get(rule.subject) == rule.label
        ]

    def _ask(self, step: Step, now: datetime) -> Outcome:
        repeated = self._repeated(step, now)
        if repeated is not None:
            return repeated
        keys = self.keys(step, now)
        levels = self.levels(keys, now)
        for number, (used, held) in levels.items():
            rule = self.rules[number]
            if rule.mode is LimitMode.HARD and used + held + step.units > rule.maximum:
                return Outcome("REJECTED", False, step.units, levels)
        if step.kind == "reserve":
            assert step.slot is not None
            ends = now + timedelta(minutes=step.minutes)
            self.reservations[step.slot] = Held(step, keys, ends)
        else:
            self._use(keys, step.units)
            if step.slot is not None:
                self.consumed[step.slot] = step
        return Outcome("ACCEPTED", True, step.units, self.levels(keys, now))

    def _repeated(self, step: Step, now: datetime) -> Outcome | None:
        """The answer to an id that was granted before; None where it was not.

        With other arguments it is refused. A reservation that ended holds nothing.
        """
        if step.slot is None:
            return None
        if step.kind == "consume":
            first = self.consumed.get(step.slot)
            if first is None:
                return None
            same = first.units == step.units
            return Outcome("DUPLICATE", True, step.units) if same else Outcome("REJECTED")
        held = self.reservations.get(step.slot)
        if held is None:
            return None
        if replace(held.step, minutes=step.minutes) != step:
            return Outcome("REJECTED")
        return Outcome("DUPLICATE", held.status == "HELD" and held.ends > now, step.units)

    def _use(self, keys: list[Key], units: int) -> None:
        for key in keys:
            self.used[key] = self.used.get(key, 0) + units
        self.units += units
        self.calls += 1

    def _settle(self, step: Step, now: datetime) -> Outcome:
        assert step.slot is not None
        held = self.reservations.get(step.slot)
        if held is None:
            return Outcome("REJECTED")
        commits = step.kind == "commit"
        if held.status == "COMMITTED" or (held.status == "RELEASED" and not commits):
            return Outcome("DUPLICATE", True, held.settled or 0)
        units = step.units if commits else 0
        # Work that was done counts: in its own periods while it is held, else in those of now.
        is_late = held.status == "RELEASED" or held.ends <= now
        keys = self.keys(held.step, now) if commits and is_late else held.keys
        status = "COMMITTED" if commits else "RELEASED"
        self.reservations[step.slot] = replace(held, status=status, settled=units)
        if units:
            self._use(keys, units)
        return Outcome("ACCEPTED", True, units, self.levels(keys, now))
