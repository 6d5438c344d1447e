"""What stands before the demonstration begins: prices of models, and limits that will be reached."""

from collections.abc import Sequence
from typing import Any

from cli.demo import names
from cli.remote import RemoteClient

SET_PRICE = "mutation Price($input: PriceInput!) { setPrice(input: $input) { price { name } } }"
SET_LIMIT = "mutation Limit($input: LimitInput!) { setLimit(input: $input) { limit { uuid } } }"
TRIAL_SECONDS = 4
"""The trial's limit of an hour, in seconds of the whole rate: it is used up in half a minute."""
LEAST_TRIAL = 10
ROOMY = 100_000


def build(remote: RemoteClient, organizations: Sequence[str], rate: float) -> None:
    """Set them; to set them again changes nothing."""
    for organization in organizations:
        for model, input_price, output_price, cached_price, _ in names.MODELS:
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
    """Of each organization: a small hard one, a soft one, and one that is far away."""
    premium = {"interactionType": "premium"}
    trial = max(LEAST_TRIAL, round(rate * TRIAL_SECONDS))
    return [
        {**premium, "subject": "WORKSPACE", "subjectId": names.TRIAL, "maximum": trial,
         "period": "HOUR"},
        {**premium, "subject": "ORGANIZATION", "maximum": trial * 20, "period": "DAY",
         "mode": "SOFT"},
        {"interactionType": "mini", "subject": "ORGANIZATION", "maximum": ROOMY},
    ]  # fmt: skip
