"""What a subscription can reach beyond what every resolver can: the hub."""

from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry

from schema.context import RequestContext
from subscriptions.hub import Hub


@dataclass(slots=True)
class LiveContext(RequestContext):
    """Made for every subscription, and again for every event of it."""

    hub: Hub = field(kw_only=True)


LiveInfo: TypeAlias = strawberry.Info[LiveContext, None]
