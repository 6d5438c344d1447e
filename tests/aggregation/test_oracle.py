"""Any question about any operations is answered alike by both databases and by plain Python."""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.access import Bounds
from store.aggregation.checks import AnswerLimits, problems
from store.aggregation.engine import Aggregation
from store.aggregation.questions import Question
from store.database import Database
from store.errors import BadInput
from tests.aggregation.oracle import Oracle, same, told
from tests.aggregation.questions import MOVES, TABLE, ZONES, asked, operations
from tests.store.rows import Row, insert

numbers = count(1)
LIMITS = AnswerLimits(rows=2_000, buckets=2_000)


@st.composite
def cases(draw: st.DrawFn) -> tuple[datetime, list[Row], list[Question]]:
    """A moment, operations around it, and questions about them."""
    zone = draw(st.sampled_from(ZONES))
    move = MOVES[zone]
    rows = draw(st.lists(operations(move), max_size=14, unique_by=lambda row: row["id"]))
    return move, rows, draw(st.lists(asked(zone, move), min_size=1, max_size=5))


@settings(
    max_examples=60,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(cases())
async def test_any_question_has_the_answer_of_the_oracle(
    database: Database, case: tuple[datetime, list[Row], list[Question]]
) -> None:
    move, rows, questions = case
    organization = f"acme-{next(numbers)}"
    made = [row | {"organization_id": organization} for row in rows]
    await insert(database, TABLE, made)
    now = move + timedelta(days=5)
    aggregation = Aggregation(database, lambda: now, LIMITS)
    for question in questions:
        assert problems(question, now, LIMITS) == ()
        oracle = Oracle(question, made, now)
        truth = oracle.truth()
        try:
            answer = told(await aggregation.ask(question, Bounds(organization)))
        except BadInput as refusal:
            assert truth.truncated and oracle.fills(), refusal  # noqa: PT017, PT018
            continue
        assert not (truth.truncated and oracle.fills())
        assert answer.truncated is truth.truncated
        differ("totals", truth.totals, answer.totals, question)
        differ("others", truth.others, answer.others, question)
        differ("rows", truth.rows, answer.rows, question)


def differ(what: str, truth: Any, answer: Any, question: Question) -> None:
    """Say where an answer is wrong."""
    assert same(truth, answer), f"{what} of {question}\ntruth:  {truth}\nanswer: {answer}"
