"""Asks questions: checked, compiled, run as one statement, assembled."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from store.aggregation.assembly import assemble
from store.aggregation.buckets import Bucket
from store.aggregation.catalog import BucketUnit, Source
from store.aggregation.checks import ResultLimits, check_query
from store.aggregation.compiler import Compiled, Spans, compile_question
from store.aggregation.periods import earlier, split
from store.aggregation.queries import AggregationQuery, Span
from store.aggregation.records import Records, index_starts_with_time, is_short
from store.aggregation.relations import QueryPlan
from store.aggregation.results import RAW, AggregationResult, Coverage
from store.aggregation.zones import to_seconds
from store.auth.access import TenantBounds
from store.database import Database, NumericOverflowError
from store.errors import QueryTimeoutError
from store.query.filters import Condition
from store.query.per_organization import organizations_in
from store.scheduling.fair_queue import Tenant

Clock = Callable[[], datetime]


class Planner(Protocol):
    async def plan(
        self, question: AggregationQuery, records: Records, spans: tuple[Span, ...]
    ) -> QueryPlan | None: ...


class Aggregation:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        limits: ResultLimits,
        planner: Planner | None = None,
    ) -> None:
        self._database = database
        self._planner = planner
        self._clock = clock
        self.limits = limits

    async def ask(
        self, question: AggregationQuery, bounds: TenantBounds, rollups: bool = True
    ) -> AggregationResult:
        """Run a query; raise ``InvalidInputError`` with all problems, ``QueryTimeoutError`` at the deadline.

        Without ``rollups`` it is computed from the records, whatever a rollup could say.
        """
        now = self._clock()
        check_query(question, now, self.limits)
        spans = spans_of(question, now)
        records = self._records(question, bounds, now)
        # A table that is cut into months reads a short span fast as it is.
        in_one_piece = bounds.organization_id is None and not self._database.dialect.partitioned
        if in_one_piece and reads_short_spans(question, spans):
            records = replace(records, organizations=await self._organizations(question.source))
        planned = None
        if self._planner is not None and rollups:
            planned = await self._planner.plan(question, records, spans.every)
        coverage = Coverage(RAW, now)
        try:
            relation = planned.relation if planned is not None else records
            compiled = compile_question(question, relation, spans)
            rows = await self._run(compiled, bounds.organization_id)
            if planned is not None:
                coverage = Coverage(planned.name, now, planned.quantile_error)
        except NumericOverflowError:
            # Only now and then are sums so large; only then are they worth a slower statement.
            compiled = compile_question(question, replace(records, wide=True), spans)
            rows = await self._run(compiled, bounds.organization_id)
        return assemble(question, compiled, rows, spans, coverage, self.limits)

    async def first(
        self, source: Source, where: Condition | None, bounds: TenantBounds, now: datetime
    ) -> datetime | None:
        """Return the time of the first record that a filter finds; None where there is none."""
        question = AggregationQuery(source, where)
        check_query(question, now, self.limits)
        spans = spans_of(question, now)
        records = self._records(question, bounds, now)
        in_one_piece = bounds.organization_id is None and not self._database.dialect.partitioned
        if in_one_piece and reads_short_spans(question, spans):
            records = replace(records, organizations=await self._organizations(source))
        async with self._database.read_for(bounds.organization_id) as connection:
            first_time: datetime | None = await connection.scalar(records.first(spans.requested))
        return first_time

    def _records(self, question: AggregationQuery, bounds: TenantBounds, now: datetime) -> Records:
        remaining = split(question.where, question.source.time).remaining
        return Records(question.source, self._database.dialect, bounds, remaining, now)

    async def _organizations(self, source: Source) -> tuple[str, ...] | None:
        """Return the organizations with records; None if there are too many to list.

        One that records for the first time between this and the statement is not in the answer.
        """
        async with self._database.read_for(None) as connection:
            organization_ids = await organizations_in(connection, source.table)
        return None if organization_ids is None else tuple(organization_ids)

    def compile(self, question: AggregationQuery, bounds: TenantBounds, spans: Spans) -> Compiled:
        return compile_question(question, self._records(question, bounds, spans.now), spans)

    async def _run(self, compiled: Compiled, tenant: Tenant) -> Sequence[Sequence[Any]]:
        try:
            async with self._database.ask_for(tenant) as connection:
                return (await connection.execute(compiled.statement)).all()
        except QueryTimeoutError as error:
            reason = error.message.partition(". ")[0]
            advice = (
                "Shorten the time range, filter more, or leave out quantiles and distinct counts."
            )
            raise QueryTimeoutError(f"{reason}. {advice}") from error


def reads_short_spans(question: AggregationQuery, spans: Spans) -> bool:
    """Return whether a statement may read few records of all organizations, by time.

    That are those of a short span, and those at the ends of one that a rollup answers.
    """
    if not index_starts_with_time(question.source):
        return False
    ends = (at for span in spans.every for at in (span.since, span.until) if at is not None)
    is_ragged = any(to_seconds(at) % 3_600 for at in ends)
    return is_ragged or any(is_short(span, spans.now) for span in spans.every)


def spans_of(question: AggregationQuery, now: datetime) -> Spans:
    requested = split(question.where, question.source.time).span
    compared = None
    if question.compare is not None:
        since = requested.since if requested.since is not None else now
        until = requested.until or max(now, since + timedelta(microseconds=1))
        slices = question.bucket
        if slices is None and BucketUnit.DAY not in question.source.units:
            slices = Bucket(BucketUnit.MONTH)  # what is counted per month is moved by months
        compared = earlier(since, until, question.compare, slices)
    return Spans(requested, compared, now)
