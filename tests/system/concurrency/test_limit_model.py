"""Any sequence of consume, reserve, commit and release ends as the model of limits says."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from models.enums import LimitMode, LimitPeriod, LimitSubject
from store.ids import new_id
from store.ingest.entries import Entry, ItemResult
from store.limits.decide import Decision
from store.query.paging import PageRequest
from store.query.records import RecordQuery
from store.store import Store
from tests.support.databases import Databases
from tests.system.concurrency.limit_model import LimitModel, Outcome, Rule, Step
from tests.system.concurrency.stores import (
    SetClock,
    consume_of,
    levels_of,
    principal_of,
    running_stores,
    set_limit,
)

EXAMPLES = 60
# An hour, a day and a month are about to end.
START = datetime(2026, 1, 31, 22, 30, tzinfo=UTC)
RULES = [
    Rule(LimitSubject.ORGANIZATION, None, 14, LimitPeriod.MONTH, LimitMode.HARD),
    Rule(LimitSubject.WORKSPACE, "w0", 5, LimitPeriod.LIFETIME, LimitMode.SOFT),
    Rule(LimitSubject.USER, "u0", 7, LimitPeriod.HOUR, LimitMode.HARD),
    Rule(LimitSubject.USER, "u1", 9, LimitPeriod.LIFETIME, LimitMode.HARD),
]

users = st.sampled_from([None, "u0", "u1"])
workspaces = st.sampled_from([None, "w0", "w1"])
slots = st.integers(0, 2)
steps = st.one_of(
    st.builds(Step, st.just("consume"), st.none() | slots, st.integers(1, 6), users, workspaces),
    st.builds(
        Step, st.just("reserve"), slots, st.integers(1, 6), users, workspaces, st.integers(10, 90)
    ),
    st.builds(Step, st.just("commit"), slots, st.integers(0, 8)),
    st.builds(Step, st.just("release"), slots),
)
# Minutes that pass, then calls that arrive together: they share a transaction.
plans = st.lists(st.tuples(st.integers(0, 40), st.lists(steps, min_size=1, max_size=4)), max_size=6)
Plan = list[tuple[int, list[Step]]]


class Played:
    """One organization of the store, driven by the steps of a plan."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.principal = principal_of(f"org-{new_id()}")
        self._ids: dict[tuple[bool, int], UUID] = {}
        self._rules: dict[UUID, int] = {}

    async def set_rules(self) -> None:
        for number, rule in enumerate(RULES):
            limit = await set_limit(
                self._store, self.principal, rule.maximum, rule.subject, rule.label,
                rule.period, rule.mode,
            )  # fmt: skip
            self._rules[limit] = number

    def _entry(self, step: Step) -> Entry:
        ingest_session = self._store.ingest_session(self.principal)
        id = None
        if step.slot is not None:
            id = self._ids.setdefault((step.kind == "consume", step.slot), new_id())
        draft = consume_of(max(1, step.units), id, step.user, step.workspace)
        if step.kind == "consume":
            return ingest_session.consume(draft)
        if step.kind == "reserve":
            return ingest_session.reserve(draft, timedelta(minutes=step.minutes))
        assert id is not None
        return ingest_session.settle(id, step.units if step.kind == "commit" else None)

    async def play(self, together: list[Step]) -> list[Outcome]:
        results = await self._store.write([self._entry(step) for step in together])
        return [self._outcome(result) for result in results]

    def _outcome(self, result: ItemResult) -> Outcome:
        status, decision = result.status.value, result.detail
        if not isinstance(decision, Decision):
            return Outcome(status)
        if status == "DUPLICATE":  # its levels are those of the first answer, or of now
            return Outcome(status, decision.allowed, decision.units)
        levels = {self._rules[v.limit_id]: (v.used, v.reserved) for v in decision.levels}
        return Outcome(status, decision.allowed, decision.units, levels)

    async def levels(self) -> dict[int, tuple[int, int]]:
        found = await levels_of(self._store, self.principal)
        return {self._rules[id]: (level.used, level.reserved) for id, level in found.items()}

    async def counted(self) -> tuple[int, int]:
        """Units and calls of all counters."""
        page = await self._store.interactions.list_page(
            self.principal.bounds, RecordQuery(), PageRequest(first=1_000)
        )
        return sum(r["units"] for r in page.rows), sum(r["calls"] for r in page.rows)


async def hold_against_the_model(store: Store, clock: SetClock, plan: Plan) -> None:
    clock.now = START
    played, model = Played(store), LimitModel(RULES)
    await played.set_rules()
    for minutes, together in plan:
        clock.move(timedelta(minutes=minutes))
        assert await played.play(together) == model.play(together, clock.now)
        keys = [(number, rule.start(clock.now)) for number, rule in enumerate(RULES)]
        assert await played.levels() == model.levels(keys, clock.now)
    assert await played.counted() == (model.units, model.calls)


def test_any_sequence_ends_as_the_model_says(databases: Databases) -> None:
    clock = SetClock(START)
    with databases.migrated() as url, asyncio.Runner() as runner:
        stores = running_stores(url, clock)
        (store,) = runner.run(stores.__aenter__())

        @settings(max_examples=EXAMPLES)
        @given(plans)
        def check(plan: Plan) -> None:
            runner.run(hold_against_the_model(store, clock, plan))

        try:
            check()
        finally:
            runner.run(stores.__aexit__(None, None, None))
