"""What operations would have cost at the prices of a model, as expressions over joined prices.

The rules are those by which operations are priced (``store.pricing.prices``): the price in force when each
one occurred, the organization's own before the installation's, each cost rounded to a whole
nano-dollar. A tool's tokens are what a model would have read, so they cost what its input does.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, assert_never

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    FromClause,
    Subquery,
    and_,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
)

from models import Price, table_of
from models.enums import PriceKind
from store.aggregation.catalog import Source
from store.aggregation.measures import CostPart
from store.auth.access import EVERY_ORGANIZATION
from store.pricing.prices import PER_TOKENS, RATES

PRICE = table_of(Price)
Widen = Callable[[ColumnElement[Any]], ColumnElement[Any]]


def periods(model: str, common: bool) -> Subquery:
    """Return the installation's prices of a model, or all others, each until the next of its owner.

    A price has a row for each of its tiers, by the number of input tokens of the call.
    """
    price, tier = PRICE.c, PRICE.alias("tier").c
    is_common = price.organization_id == EVERY_ORGANIZATION
    until = func.lead(price.effective_from).over(
        partition_by=price.organization_id, order_by=price.effective_from
    )
    dates = select(price.organization_id, price.effective_from, until.label("until"))
    dates = dates.where(is_common if common else ~is_common, price.from_input_tokens == 0)
    date = dates.where(price.kind == PriceKind.MODEL.value, price.name == model).subquery().c
    next_tier = func.lead(tier.from_input_tokens).over(
        partition_by=(tier.organization_id, tier.effective_from), order_by=tier.from_input_tokens
    )
    amounts = (tier[f"{name}_nanos"] for name in RATES)
    sizes = (tier.from_input_tokens, next_tier.label("to_input_tokens"))
    rows = select(date.organization_id, date.effective_from, date.until, *sizes, *amounts)
    same = (
        tier.organization_id == date.organization_id,
        tier.effective_from == date.effective_from,
    )
    return rows.where(tier.kind == PriceKind.MODEL.value, tier.name == model, *same).subquery()


@dataclass(frozen=True)
class ModelPrices:
    """The prices of one model beside operations; ``widen`` lets costs pass 64 bits, unrounded."""

    model: str
    source: Source
    widen: Widen | None = None

    @cached_property
    def own(self) -> Subquery:
        return periods(self.model, common=False)

    @cached_property
    def common(self) -> Subquery:
        return periods(self.model, common=True)

    def joined_to(self, records: FromClause) -> FromClause:
        its_own = self.own.c.organization_id == self._column("organization_id")
        records = records.outerjoin(self.own, and_(its_own, self._in_force(self.own)))
        return records.outerjoin(self.common, self._in_force(self.common))

    def _in_force(self, prices: Subquery) -> ColumnElement[bool]:
        at = self.source.time_column
        is_last = prices.c.until.is_(None)
        size = func.coalesce(self._column("input_tokens"), literal_column("0", BigInteger()))
        is_highest = prices.c.to_input_tokens.is_(None)
        return and_(
            at >= prices.c.effective_from,
            or_(is_last, at < prices.c.until),
            size >= prices.c.from_input_tokens,
            or_(is_highest, size < prices.c.to_input_tokens),
        )

    def cost(self, part: CostPart) -> ColumnElement[Any]:
        """Nano-dollars; null where an operation has no tokens, or the model no price then."""
        match part:
            case CostPart.BASELINE:
                return self._baseline
            case CostPart.ACTUAL:
                return self._actual
            case CostPart.SAVED:
                return self._baseline - self._actual
            case CostPart.UNPRICED_COUNT:
                unpriced = and_(self._rate("input_nanos").is_(None), or_(self._read, self._used))
                return case((unpriced, literal_column("1", BigInteger())), else_=null())
            case _:
                assert_never(part)

    @property
    def _read(self) -> ColumnElement[bool]:
        return or_(
            self._column("tokens_original").is_not(None), self._column("tokens_actual").is_not(None)
        )

    @property
    def _used(self) -> ColumnElement[bool]:
        return or_(
            self._column("input_tokens").is_not(None), self._column("output_tokens").is_not(None)
        )

    @property
    def _baseline(self) -> ColumnElement[Any]:
        plain = self._tokens("tokens_original", "tokens_actual") * self._rate("input_nanos")
        audio = self._tokens("audio_input_tokens")
        read = (self._tokens("input_tokens") - audio) * self._rate("input_nanos")
        read += audio * self._rate("audio_input_nanos")
        return self._together(plain, read + self._written)

    @property
    def _actual(self) -> ColumnElement[Any]:
        plain = self._tokens("tokens_actual", "tokens_original") * self._rate("input_nanos")
        cached = self._tokens("cached_input_tokens")
        stored = self._tokens("cache_write_input_tokens")
        audio = self._tokens("audio_input_tokens")
        fresh = self._tokens("input_tokens") - cached - stored
        fresh_audio = case((audio < fresh, audio), else_=fresh)
        read = (fresh - fresh_audio) * self._rate("input_nanos")
        read += fresh_audio * self._rate("audio_input_nanos")
        read += cached * self._rate("cached_input_nanos")
        read += stored * self._rate("cache_write_input_nanos")
        return self._together(plain, read + self._written)

    def _together(self, tool: ColumnElement[Any], model: ColumnElement[Any]) -> ColumnElement[Any]:
        nothing = literal_column("0", BigInteger())
        parts = [
            case((has_tokens, self._nanos(tokens_by_price)), else_=nothing)
            for has_tokens, tokens_by_price in ((self._read, tool), (self._used, model))
        ]
        return case((or_(self._read, self._used), parts[0] + parts[1]))

    @property
    def _written(self) -> ColumnElement[Any]:
        reasoning, spoken = self._tokens("reasoning_tokens"), self._tokens("audio_output_tokens")
        text = self._tokens("output_tokens") - reasoning - spoken
        cost = text * self._rate("output_nanos") + reasoning * self._rate("reasoning_nanos")
        return cost + spoken * self._rate("audio_output_nanos")

    def _nanos(self, tokens_by_price: ColumnElement[Any]) -> ColumnElement[Any]:
        if self.widen is not None:
            return tokens_by_price / literal_column(str(PER_TOKENS), BigInteger())
        half = literal_column(str(PER_TOKENS // 2), BigInteger())
        return (tokens_by_price + half) // literal_column(str(PER_TOKENS), BigInteger())

    def _tokens(self, *names: str) -> ColumnElement[Any]:
        zero = literal_column("0", BigInteger())
        tokens = func.coalesce(*(self._column(name) for name in names), zero, type_=BigInteger())
        return tokens if self.widen is None else self.widen(tokens)

    def _rate(self, name: str) -> ColumnElement[Any]:
        return func.coalesce(self.own.c[name], self.common.c[name], type_=BigInteger())

    def _column(self, name: str) -> Column[Any]:
        return self.source.table.columns[name]
