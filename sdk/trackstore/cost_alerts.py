"""Cost alerts: sums the cost of operations as they are recorded, and emits events at thresholds."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Literal, assert_never, get_args

from trackstore.entries import LlmCall, Operation
from trackstore.events import Event, EventBus
from trackstore.publishing import OPERATION_RECORDED
from trackstore.values import describe_value, spelling

COST_ALERT = "cost.alert"
TOKENS_PER_PRICE = 1_000
"""Prices are per 1,000 tokens."""
TOOL_PRICE = Decimal("0.015")
"""USD per 1,000 tokens of a tool, the default of the server."""
MAX_SCOPES = 10_000
"""Scopes with a sum of their own; further ones are summed under ``None``."""
PRICED_TOKEN_FIELDS = (
    "input_tokens",
    "output_tokens",
    "cached_input_tokens",
    "cache_write_input_tokens",
)
"""A call without any of these has no cost."""
DEFAULT_THRESHOLDS = (Decimal("0.8"), Decimal(1))

Period = Literal["hour", "day", "month"]


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """USD per 1,000 tokens, as the server prices them.

    Unset prices of cache reads, cache writes and audio input default to ``input``, those of
    reasoning and audio output to ``output``. ``tiers`` holds the prices of calls with more input
    tokens than the key; prices that a tier leaves out are taken from here.
    """

    input: Decimal
    output: Decimal
    cached_input: Decimal | None = None
    cache_write_input: Decimal | None = None
    reasoning: Decimal | None = None
    audio_input: Decimal | None = None
    audio_output: Decimal | None = None
    tiers: Mapping[int, "ModelPrice"] = field(default_factory=dict)

    def cost_of(self, call: LlmCall) -> Decimal:
        cached, written = call.cached_input_tokens or 0, call.cache_write_input_tokens or 0
        read, output = call.input_tokens or 0, call.output_tokens or 0
        if call.input_tokens_exclude_cache or cached + written > read:
            read += cached + written
        reached = [above for above in self.tiers if read > above]
        tier = self.tiers[max(reached)] if reached else self

        def rate(name: str, fallback: Decimal) -> Decimal:
            stated = (getattr(price, name) for price in (tier, self))
            return next((amount for amount in stated if amount is not None), fallback)

        reasoning = min(call.reasoning_tokens or 0, output)
        spoken = min(call.audio_output_tokens or 0, output - reasoning)
        audio_in = min(call.audio_input_tokens or 0, read - cached - written)
        parts = (
            (read - cached - written - audio_in, tier.input),
            (cached, rate("cached_input", tier.input)),
            (written, rate("cache_write_input", tier.input)),
            (audio_in, rate("audio_input", tier.input)),
            (output - reasoning - spoken, tier.output),
            (reasoning, rate("reasoning", tier.output)),
            (spoken, rate("audio_output", tier.output)),
        )
        return sum((tokens * amount for tokens, amount in parts), Decimal(0)) / TOKENS_PER_PRICE


@dataclass(frozen=True, slots=True)
class CostAlert:
    """Payload ``alert`` of a ``cost.alert`` event: the share of the budget that is spent."""

    scope: str | None
    spent: Decimal
    budget: Decimal
    threshold: Decimal
    period: Period
    since: datetime


class CostWatch:
    """Sums the cost of operations per period, and emits ``cost.alert`` once for each threshold.

    Listens to the bus of a ``PublishingTracker``, so it knows what this process recorded only.
    ``by`` is a label (``workspace_id``) with a budget for each value; None is one budget for
    everything. Operations of models without a price are counted in ``unpriced``, by model.
    """

    def __init__(
        self,
        bus: EventBus,
        budget: Decimal,
        *,
        prices: Mapping[str, ModelPrice] | None = None,
        tool_price: Decimal = TOOL_PRICE,
        period: Period = "day",
        by: str | None = None,
        thresholds: Sequence[Decimal] = DEFAULT_THRESHOLDS,
    ) -> None:
        if budget <= 0 or not thresholds:
            raise ValueError("a watch needs a budget above 0 and a threshold")
        self.unpriced: dict[str, int] = {}
        periods = {known.upper(): known for known in get_args(Period)}
        if spelling(period) not in periods:
            raise ValueError(
                f"period: {describe_value(period)} is not one of {', '.join(get_args(Period))}."
            )
        self._bus, self._budget, self._by = bus, budget, by
        self._period: Period = periods[spelling(period)]
        self._prices, self._tool_price = dict(prices or {}), tool_price
        self._thresholds = sorted(thresholds)
        self._since = datetime.min.replace(tzinfo=UTC)
        self._spent: dict[str | None, Decimal] = {}
        self._lock = threading.Lock()
        bus.on(OPERATION_RECORDED, self._listen)

    def spent(self, scope: str | None = None) -> Decimal:
        with self._lock:
            return self._spent.get(scope, Decimal(0))

    def cost_of(self, operation: Operation) -> Decimal | None:
        """Return the USD of one operation; None if its model has no price."""
        tool, llm = operation.tool, operation.llm
        if llm is not None and any(getattr(llm, name) for name in PRICED_TOKEN_FIELDS):
            price = self._prices.get(llm.model or "")
            if price is None:
                return None
            return price.cost_of(llm)
        if tool is not None and tool.tokens_actual:
            return tool.tokens_actual * self._tool_price / TOKENS_PER_PRICE
        return Decimal(0)

    def _listen(self, event: Event) -> None:
        operation: Operation = event.data["entry"]
        cost = self.cost_of(operation)
        if cost is None:
            model = (operation.llm and operation.llm.model) or ""
            self.unpriced[model] = self.unpriced.get(model, 0) + 1
        elif cost:
            for alert in self._add(self._scope(operation), cost):
                self._bus.emit(COST_ALERT, alert=alert)

    def _scope(self, operation: Operation) -> str | None:
        if self._by is None or operation.labels is None:
            return None
        scope: str | None = getattr(operation.labels, self._by)
        return scope

    def _add(self, scope: str | None, cost: Decimal) -> list[CostAlert]:
        with self._lock:
            since = start_of(self._period, datetime.now(UTC))
            if since != self._since:
                self._since, self._spent = since, {}
            if scope not in self._spent and len(self._spent) >= MAX_SCOPES:
                scope = None
            before = self._spent.get(scope, Decimal(0))
            after = self._spent[scope] = before + cost
        return [
            CostAlert(scope, after, self._budget, threshold, self._period, since)
            for threshold in self._thresholds
            if before < threshold * self._budget <= after
        ]


def start_of(period: Period, now: datetime) -> datetime:
    hour = now.replace(minute=0, second=0, microsecond=0)
    match period:
        case "hour":
            return hour
        case "day":
            return hour.replace(hour=0)
        case "month":
            return hour.replace(day=1, hour=0)
        case _:
            assert_never(period)
