"""Prices and limits that the demo sets before it starts."""

from collections.abc import Sequence
from typing import Any

from cli.demo import sample_data
from cli.remote import RemoteClient

SET_PRICE = "mutation Price($input: PriceInput!) { setPrice(input: $input) { price { name } } }"
SET_LIMIT = "mutation Limit($input: LimitInput!) { setLimit(input: $input) { limit { uuid } } }"
TRIAL_SECONDS = 4
"""Hourly limit of the trial, in seconds of the total rate: exhausted after half a minute."""
MIN_TRIAL_UNITS = 10
UNREACHED_UNITS = 100_000


def set_prices_and_limits(remote: RemoteClient, organizations: Sequence[str], rate: float) -> None:
    for organization in organizations:
        for model, input_price, output_price, cached_price, _ in sample_data.MODELS:
            price = {
                "kind": "MODEL",
                "name": model,
                "inputPer1k": input_price,
                "outputPer1k": output_price,
                "cachedInputPer1k": cached_price,
                "organizationId": organization,
            }
            remote.query(SET_PRICE, {"input": price})
        for limit in limits(rate / len(organizations)):
            remote.query(SET_LIMIT, {"input": {**limit, "organizationId": organization}})


def limits(rate: float) -> list[dict[str, Any]]:
    """Return a small hard limit, a soft one, and one that is never reached."""
    premium = {"interactionType": "premium"}
    trial = max(MIN_TRIAL_UNITS, round(rate * TRIAL_SECONDS))
    return [
        {**premium, "subject": "WORKSPACE", "subjectId": sample_data.TRIAL, "maximum": trial,
         "period": "HOUR"},
        {**premium, "subject": "ORGANIZATION", "maximum": trial * 20, "period": "DAY",
         "mode": "SOFT"},
        {"interactionType": "mini", "subject": "ORGANIZATION", "maximum": UNREACHED_UNITS},
    ]  # fmt: skip
