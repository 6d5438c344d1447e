"""What operations would have cost at the prices of a model, as expressions over joined prices.

The rules are those by which operations are priced (``store.prices``): the price in force when each
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
from models.vocabulary import OperationKind, PriceKind
from store.access import EVERY_ORGANIZATION
from store.aggregation.catalog import Source
from store.aggregation.measures import CostPart
from store.prices import PER_TOKENS

PRICE = table_of(Price)
Widen = Callable[[ColumnElement[Any]], ColumnElement[Any]]


def periods(model: str, common: bool) -> Subquery:
    """The installation's prices of a model, or all others, each until the next of its owner."""
    price = PRICE.c
    is_common = price.organization_id == EVERY_ORGANIZATION
    until = func.lead(price.effective_from).over(
        partition_by=price.organization_id, order_by=price.effective_from
    )
    amounts = (price.input_nanos, price.output_nanos, price.cached_input_nanos)
    found = select(price.organization_id, price.effective_from, until.label("until"), *amounts)
    found = found.where(is_common if common else ~is_common)
    return found.where(price.kind == PriceKind.MODEL.value, price.name == model).subquery()


@dataclass(frozen=True)
class ModelPrices:
    """The prices of one model beside operations; ``widen`` lets costs pass 64 bits, unrounded."""

    model: str
    source: Source
    widen: Widen | None = None

    @cached_property
    def own(self) -> Subquery:
        """The prices that organizations set for themselves."""
        return periods(self.model, common=False)

    @cached_property
    def common(self) -> Subquery:
        """The installation's prices."""
        return periods(self.model, common=True)

    def joined_to(self, records: FromClause) -> FromClause:
        """``records``, each with its organization's price in force and the installation's."""
        its_own = self.own.c.organization_id == self._column("organization_id")
        records = records.outerjoin(self.own, and_(its_own, self._in_force(self.own)))
        return records.outerjoin(self.common, self._in_force(self.common))

    def _in_force(self, prices: Subquery) -> ColumnElement[bool]:
        at = self.source.time_column
        is_last = prices.c.until.is_(None)
        return and_(at >= prices.c.effective_from, or_(is_last, at < prices.c.until))

    def cost(self, part: CostPart) -> ColumnElement[Any]:
        """Nano-dollars; null where an operation has no tokens, or the model no price then."""
        match part:
            case CostPart.BASELINE:
                return self._nanos(self._baseline)
            case CostPart.ACTUAL:
                return self._nanos(self._actual)
            case CostPart.SAVED:
                return self._nanos(self._baseline) - self._nanos(self._actual)
            case CostPart.UNPRICED_COUNT:
                unpriced = and_(self._rate("input_nanos").is_(None), or_(self._read, self._used))
                return case((unpriced, literal_column("1", BigInteger())), else_=null())
            case _:
                assert_never(part)

    @property
    def _read(self) -> ColumnElement[bool]:
        """Whether an operation is a tool's, with tokens."""
        is_tool = self._column("kind") == OperationKind.TOOL.value
        either = or_(
            self._column("tokens_original").is_not(None), self._column("tokens_actual").is_not(None)
        )
        return and_(is_tool, either)

    @property
    def _used(self) -> ColumnElement[bool]:
        """Whether an operation is a model's, with tokens."""
        is_model = self._column("kind") == OperationKind.LLM.value
        either = or_(
            self._column("input_tokens").is_not(None), self._column("output_tokens").is_not(None)
        )
        return and_(is_model, either)

    @property
    def _baseline(self) -> ColumnElement[Any]:
        """Tokens by their price: without what the tool saved, or without a cache."""
        plain = self._tokens("tokens_original", "tokens_actual") * self._rate("input_nanos")
        read = self._tokens("input_tokens") * self._rate("input_nanos")
        return case((self._read, plain), (self._used, read + self._written))

    @property
    def _actual(self) -> ColumnElement[Any]:
        """Tokens by their price, as they were used."""
        plain = self._tokens("tokens_actual", "tokens_original") * self._rate("input_nanos")
        cached = self._tokens("cached_input_tokens")
        fresh = (self._tokens("input_tokens") - cached) * self._rate("input_nanos")
        kept = cached * self._rate("cached_input_nanos")
        return case((self._read, plain), (self._used, fresh + kept + self._written))

    @property
    def _written(self) -> ColumnElement[Any]:
        return self._tokens("output_tokens") * self._rate("output_nanos")

    def _nanos(self, tokens_by_price: ColumnElement[Any]) -> ColumnElement[Any]:
        """As ``store.prices`` rounds: half up. Nothing here is negative."""
        if self.widen is not None:
            return tokens_by_price / literal_column(str(PER_TOKENS), BigInteger())
        half = literal_column(str(PER_TOKENS // 2), BigInteger())
        return (tokens_by_price + half) // literal_column(str(PER_TOKENS), BigInteger())

    def _tokens(self, *names: str) -> ColumnElement[Any]:
        """The first of some counts that is there, or 0."""
        zero = literal_column("0", BigInteger())
        found = func.coalesce(*(self._column(name) for name in names), zero, type_=BigInteger())
        return found if self.widen is None else self.widen(found)

    def _rate(self, name: str) -> ColumnElement[Any]:
        """Nano-dollars per 1,000 tokens; null where no price is in force."""
        return func.coalesce(self.own.c[name], self.common.c[name], type_=BigInteger())

    def _column(self, name: str) -> Column[Any]:
        return self.source.table.columns[name]
