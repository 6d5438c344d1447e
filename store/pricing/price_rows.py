"""Validates a price as a caller sets it, and turns it into the rows that are stored."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from models.enums import PriceKind
from models.operation_fields import MAX_TOKENS
from store.pricing.prices import FALLBACKS, MAX_PRICE, RATES, to_nanos
from store.validation import EARLIEST, Checker

LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""Prices may be set ahead of their time, but not beyond what every database can hold and show."""
MAX_TIERS = 10
"""Tiers of one price; providers have one or two."""
TOOL_RATES = frozenset({"input", "output", "cached_input"})
"""What the price of a tool may state; its tokens cost the price of input."""


class RatesDraft(Protocol):
    input_per_1k: Decimal
    output_per_1k: Decimal | None
    cached_input_per_1k: Decimal | None
    cache_write_input_per_1k: Decimal | None
    reasoning_per_1k: Decimal | None
    audio_input_per_1k: Decimal | None
    audio_output_per_1k: Decimal | None


class TierDraft(RatesDraft, Protocol):
    above_input_tokens: int


class PriceDraft(RatesDraft, Protocol):
    organization_id: str | None
    kind: PriceKind
    name: str
    effective_from: datetime | None

    @property
    def tiers(self) -> Sequence[TierDraft]: ...


def price_rows(
    draft: PriceDraft, organization: str, now: datetime, check: Checker
) -> list[dict[str, Any]]:
    """Return the row of a price and those of its tiers; raise ``InvalidInputError`` with all problems."""
    key: dict[str, Any] = {
        "organization_id": check.required_name(organization, "organizationId"),
        "kind": draft.kind.value,
        "name": check.required_name(draft.name, "name"),
        "effective_from": draft.effective_from or EARLIEST,
        "created_at": now,
    }
    if not EARLIEST <= key["effective_from"] < LATEST:
        check.refuse(f"is not within {EARLIEST:%Y} and {LATEST:%Y}", "effectiveFrom")
    stated = stated_rates(draft, check)
    if draft.kind is PriceKind.TOOL:
        _refuse_parts_of_models(draft, stated, check)
    rows = [key | {"from_input_tokens": 0} | nanos_of(stated)]
    rows += [key | tier for tier in _tiers(draft, stated, check)]
    check.raise_if_any()
    return rows


def stated_rates(draft: RatesDraft, check: Checker, *path: str | int) -> dict[str, Decimal]:
    stated = {}
    for name in RATES:
        amount: Decimal | None = getattr(draft, f"{name}_per_1k")
        if amount is None:
            continue
        stated[name] = amount
        if not (amount.is_finite() and 0 <= amount <= MAX_PRICE):
            check.refuse(f"{amount} is not from 0 to {MAX_PRICE} US dollars", *path, camel(name))
            stated[name] = Decimal(0)
    return stated


def nanos_of(stated: Mapping[str, Decimal]) -> dict[str, int]:
    columns: dict[str, int] = {}
    for name in RATES:
        amount = stated.get(name)
        columns[f"{name}_nanos"] = (
            columns[f"{FALLBACKS[name]}_nanos"] if amount is None else to_nanos(amount)
        )
    return columns


def _tiers(
    draft: PriceDraft, stated: Mapping[str, Decimal], check: Checker
) -> Iterator[dict[str, int]]:
    if len(draft.tiers) > MAX_TIERS:
        check.refuse(f"{len(draft.tiers)} tiers, at most {MAX_TIERS}", "tiers")
        return
    thresholds = set()
    for number, tier in enumerate(draft.tiers):
        above = tier.above_input_tokens
        place = ("tiers", number, "aboveInputTokens")
        check.integer(above, *place, minimum=1, maximum=MAX_TOKENS)
        if above in thresholds:
            check.refuse(f"another tier begins above {above} input tokens, too", *place)
        thresholds.add(above)
        of_tier = stated_rates(tier, check, "tiers", number)
        yield {"from_input_tokens": above + 1} | nanos_of({**stated, **of_tier})


def _refuse_parts_of_models(
    draft: PriceDraft, stated: Mapping[str, Decimal], check: Checker
) -> None:
    for name in stated:
        if name not in TOOL_RATES:
            check.refuse("belongs to models: a tool's tokens cost inputPer1k", camel(name))
    if draft.tiers:
        check.refuse("belong to models: a tool's tokens cost inputPer1k", "tiers")


def camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(word.title() for word in tail) + "Per1k"
