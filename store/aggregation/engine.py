"""Asks questions: checked, compiled, run as one statement, assembled."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from store.access import Bounds
from store.aggregation.answers import RAW, Answer, Coverage
from store.aggregation.assembly import assemble
from store.aggregation.buckets import Bucket
from store.aggregation.catalog import BucketUnit
from store.aggregation.checks import AnswerLimits, check
from store.aggregation.compiler import Compiled, Spans, compile_question
from store.aggregation.periods import earlier, split
from store.aggregation.questions import Question
from store.aggregation.records import Records
from store.database import BeyondRange, Database
from store.errors import TimedOut

Clock = Callable[[], datetime]


class Aggregation:
    """Answers questions about the records that the caller's bounds let be seen."""

    def __init__(self, database: Database, clock: Clock, limits: AnswerLimits) -> None:
        self._database = database
        self._clock = clock
        self.limits = limits

    async def ask(self, question: Question, bounds: Bounds) -> Answer:
        """The answer; raises ``BadInput`` with every problem, ``TimedOut`` for too much work."""
        now = self._clock()
        check(question, now, self.limits)
        spans = spans_of(question, now)
        try:
            compiled = self.compile(question, bounds, spans)
            rows = await self._run(compiled)
        except BeyondRange:
            # Only now and then are sums so large; only then are they worth a slower statement.
            compiled = self.compile(question, bounds, spans, wide=True)
            rows = await self._run(compiled)
        return assemble(question, compiled, rows, spans, Coverage(RAW, now), self.limits)

    def compile(
        self, question: Question, bounds: Bounds, spans: Spans, wide: bool = False
    ) -> Compiled:
        """The statement of a question that was checked."""
        rest = split(question.where, question.source.time).rest
        dialect = self._database.dialect
        records = Records(question.source, dialect, bounds, rest, spans.now, wide)
        return compile_question(question, records, spans)

    async def _run(self, compiled: Compiled) -> Sequence[Sequence[Any]]:
        try:
            async with self._database.read() as connection:
                return (await connection.execute(compiled.statement)).all()
        except TimedOut as error:
            message = "shorten the span, filter more, or leave out quantiles and distinct counts"
            raise TimedOut(f"{error.message.partition(':')[0]}: {message}") from error


def spans_of(question: Question, now: datetime) -> Spans:
    """The span of a question, and the one it is compared with."""
    asked = split(question.where, question.source.time).span
    compared = None
    if question.compare is not None:
        since = asked.since if asked.since is not None else now
        until = asked.until or max(now, since + timedelta(microseconds=1))
        slices = question.bucket
        if slices is None and BucketUnit.DAY not in question.source.units:
            slices = Bucket(BucketUnit.MONTH)  # what is counted per month is moved by months
        compared = earlier(since, until, question.compare, slices)
    return Spans(asked, compared, now)
