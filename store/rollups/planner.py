"""Which rollup answers a question, if one does."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from models.rollups import QUANTILES, SUMS
from store.aggregation.measures import Fold, Measure, Part, parts_of
from store.aggregation.queries import AggregationQuery, ByBucket, ByGroup, Span
from store.aggregation.records import Records
from store.aggregation.relations import QueryPlan
from store.aggregation.sources import OPERATIONS
from store.histograms import RELATIVE_ERROR
from store.rollups.definitions import bounded_by, can_answer, fields_of, find_rollup
from store.rollups.relation import Resolution, RollupRelation, cut
from store.rollups.state import RollupCoverage, RollupStates
from store.validation import EARLIEST

HOUR_SECONDS, DAY_SECONDS = 3_600, 86_400


class RollupPlanner:
    def __init__(self, states: RollupStates) -> None:
        self._states = states

    async def plan(
        self, question: AggregationQuery, records: Records, spans: tuple[Span, ...]
    ) -> QueryPlan | None:
        """Return the smallest rollup that covers the question; None where only the records do."""
        coverage = await self._states.coverage()
        query_plan = None if coverage is None else plan(question, records, spans, coverage)
        if query_plan is None:
            return None
        return QueryPlan(
            query_plan, query_plan.name, RELATIVE_ERROR if asks_quantiles(question) else None
        )


def plan(
    question: AggregationQuery,
    records: Records,
    spans: tuple[Span, ...],
    coverage: RollupCoverage,
) -> RollupRelation | None:
    """Return the smallest rollup that covers the question; None where only the records do.

    ``spans`` are the asked span and the one that it is compared with.
    """
    if question.source is not OPERATIONS:
        return None
    groups = [group for group in question.group_by if isinstance(group, str)]
    if len(groups) < len(question.group_by) or not all(map(can_answer, asked_parts(question))):
        return None
    needed = {*groups, *fields_of(records.where), *bounded_by(records.bounds)}
    sums, quantiles = find_rollup(SUMS, needed), find_rollup(QUANTILES, needed)
    drawn = [part.fold is Fold.QUANTILE for part in asked_parts(question)]
    if sums is None or (any(drawn) and quantiles is None):
        return None
    sizes = [grid(question, span, records.now) for span in spans]
    if not all(size % HOUR_SECONDS == 0 for size in sizes):
        return None
    days = all(size % DAY_SECONDS == 0 for size in sizes)
    pieces = [
        resolution for span in spans for resolution, _ in cut(span, coverage.valid_from, days)
    ]
    if all(resolution is Resolution.RECORDS for resolution in pieces):
        return None
    return RollupRelation(sums, quantiles, records, coverage.valid_from, coverage.folded, days)


def asked_measures(question: AggregationQuery) -> Iterator[Measure]:
    yield from question.measures
    yield from (having.by for having in question.having)
    if question.top is not None:
        yield question.top.by
    for term in question.order_by:
        if not isinstance(term.by, ByBucket | ByGroup):
            yield term.by


def asked_parts(question: AggregationQuery) -> tuple[Part, ...]:
    return parts_of(tuple(asked_measures(question)))


def asks_quantiles(question: AggregationQuery) -> bool:
    return any(part.fold is Fold.QUANTILE for part in asked_parts(question))


def grid(question: AggregationQuery, span: Span, now: datetime) -> int:
    """Return whether all buckets begin at whole UTC hours or days: the seconds they are multiples of."""
    bucket = question.bucket
    if bucket is None:
        return DAY_SECONDS
    since = max(span.since or EARLIEST, EARLIEST)
    until = max(span.until or now + timedelta(days=2), since)
    runs = bucket.runs(since, until)
    for size in (DAY_SECONDS, HOUR_SECONDS):
        if all(run.start % size == 0 and (run.step or size) % size == 0 for run in runs):
            return size
    return 1
