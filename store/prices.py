"""Prices per 1,000 tokens and the cost of an operation, in whole nano-dollars."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from sqlalchemy import select

from models import Price, table_of
from models.vocabulary import AccessScope, PriceKind
from store.access import EVERY_ORGANIZATION, Bounds, Principal
from store.database import Database, Row
from store.errors import Forbidden
from store.ids import Clock
from store.validation import EARLIEST, LONG_MAX, Checker, InputBounds

NANOS_PER_DOLLAR = 1_000_000_000
PER_TOKENS = 1_000
"""Prices are stated per this many tokens."""
DEFAULT_TOOL_PRICE = Decimal("0.015")
"""US dollars per 1,000 tokens of a tool that has no price of its own."""
MAX_PRICE = Decimal(1_000)
"""US dollars per 1,000 tokens; keeps the cost of the largest call within 64 bits."""
MAX_COST = LONG_MAX
LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Prices may be set ahead of their time, but not beyond what every database can hold and show."""

TABLE = table_of(Price)


def to_nanos(dollars: Decimal) -> int:
    """Whole nano-dollars, rounded half to even."""
    return int((dollars * NANOS_PER_DOLLAR).quantize(Decimal(1)))


def to_dollars(nanos: int) -> float:
    """US dollars as people read them."""
    return nanos / NANOS_PER_DOLLAR


@dataclass(frozen=True, slots=True)
class TokenPrice:
    """Nano-dollars per 1,000 tokens."""

    input: int
    output: int
    cached_input: int


@dataclass(frozen=True, slots=True)
class Cost:
    """Nano-dollars: what it would have cost, what it did cost, the difference."""

    baseline: int
    actual: int

    @property
    def saved(self) -> int:
        """Negative where the actual cost is the higher one."""
        return self.baseline - self.actual


def _cost(tokens_times_price: int) -> int:
    """Nano-dollars of (tokens x nano-dollars per 1,000 tokens), rounded half up, within 64 bits."""
    cost = (tokens_times_price + PER_TOKENS // 2) // PER_TOKENS
    return max(-MAX_COST, min(MAX_COST, cost))


def tool_cost(original: int | None, actual: int | None, price: TokenPrice) -> Cost | None:
    """Tokens / 1,000 x price, of the tokens without and with the tool's saving."""
    if original is None and actual is None:
        return None
    before = original if original is not None else actual
    after = actual if actual is not None else original
    return Cost(_cost((before or 0) * price.input), _cost((after or 0) * price.input))


def model_cost(
    input_tokens: int | None, output_tokens: int | None, cached: int | None, price: TokenPrice
) -> Cost | None:
    """Input, cached input and output tokens each at their price; the baseline caches nothing."""
    if input_tokens is None and output_tokens is None:
        return None
    fresh, out, kept = (input_tokens or 0) - (cached or 0), output_tokens or 0, cached or 0
    actual = fresh * price.input + kept * price.cached_input + out * price.output
    return Cost(_cost(((input_tokens or 0) * price.input) + out * price.output), _cost(actual))


class PriceBook:
    """The prices that one flush needs, and the costs they give."""

    def __init__(self, rows: Iterable[Row], default_tool_nanos: int) -> None:
        self.default_tool = TokenPrice(default_tool_nanos, default_tool_nanos, default_tool_nanos)
        self._rows: dict[tuple[str, str, str], list[tuple[datetime, TokenPrice]]] = {}
        for row in rows:
            key = row["organization_id"], row["kind"], row["name"]
            price = TokenPrice(row["input_nanos"], row["output_nanos"], row["cached_input_nanos"])
            self._rows.setdefault(key, []).append((row["effective_from"], price))
        for prices in self._rows.values():
            prices.sort(key=lambda found: found[0], reverse=True)

    @property
    def is_empty(self) -> bool:
        """Whether nothing but the default price is known."""
        return not self._rows

    def find(self, organization: str, kind: str, name: str, at: datetime) -> TokenPrice | None:
        """The price in force at an instant: the organization's own before the installation's."""
        if not self._rows:
            return None
        for owner in (organization, EVERY_ORGANIZATION):
            for effective_from, price in self._rows.get((owner, kind, name), ()):
                if effective_from <= at:
                    return price
        return None


class PriceDraft(Protocol):
    """A price as a caller sets it, in US dollars per 1,000 tokens."""

    organization_id: str | None
    kind: PriceKind
    name: str
    effective_from: datetime | None
    input_per_1k: Decimal
    output_per_1k: Decimal | None
    cached_input_per_1k: Decimal | None


class Prices:
    """Reading and setting prices."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        bounds: InputBounds,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """``changed`` is called after each change, so that nobody goes on with what was before."""
        self._database = database
        self._clock = clock
        self._bounds = bounds
        self._changed = changed

    async def list_prices(self, bounds: Bounds) -> list[Row]:
        """The prices that hold for the caller: its organization's and the installation's."""
        statement = select(TABLE).order_by(*TABLE.primary_key.columns)
        if bounds.organization_id is not None:
            owners = (bounds.organization_id, EVERY_ORGANIZATION)
            statement = statement.where(TABLE.c.organization_id.in_(owners))
        async with self._database.read() as connection:
            return list((await connection.execute(statement)).mappings())

    async def set_price(self, draft: PriceDraft, principal: Principal) -> Row:
        """Set a price from a date on; the same key and date again replaces it.

        Costs of operations that are already recorded stay as they are.
        """
        principal.require(AccessScope.MANAGE)
        if principal.bounds.is_partial:
            raise Forbidden("a key bound to a namespace or workspace does not set prices")
        organization = self._owner(draft, principal)
        check = Checker(self._bounds, self._clock())
        row: dict[str, Any] = {
            "organization_id": check.required_name(organization, "organizationId"),
            "kind": draft.kind.value,
            "name": check.required_name(draft.name, "name"),
            "effective_from": draft.effective_from or EARLIEST,
            "created_at": self._clock(),
        }
        amounts = {
            "input": draft.input_per_1k,
            "output": draft.output_per_1k,
            "cached_input": draft.cached_input_per_1k,
        }
        for name, dollars in amounts.items():
            amount = draft.input_per_1k if dollars is None else dollars
            if not (amount.is_finite() and 0 <= amount <= MAX_PRICE):
                camel = name.replace("_i", "I") + "Per1k"
                check.refuse(f"{amount} is not from 0 to {MAX_PRICE} US dollars", camel)
                continue
            row[f"{name}_nanos"] = to_nanos(amount)
        if not EARLIEST <= row["effective_from"] < LATEST:
            check.refuse(f"is not within {EARLIEST:%Y} and {LATEST:%Y}", "effectiveFrom")
        check.raise_if_any()
        async with self._database.write() as connection:
            await self._database.dialect.upsert(connection, TABLE, [row])
        self._changed()
        return row

    def _owner(self, draft: PriceDraft, principal: Principal) -> str:
        if draft.organization_id == EVERY_ORGANIZATION:
            if principal.bounds.organization_id is not None:
                raise Forbidden(
                    "only an administrator of all organizations sets the installation's prices",
                    ("organizationId",),
                )
            return EVERY_ORGANIZATION
        return principal.organization(draft.organization_id)
