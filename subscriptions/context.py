"""Extend the request context with the hub that subscriptions follow."""

from dataclasses import dataclass, field
from typing import TypeAlias

import strawberry

from schema.context import RequestContext
from subscriptions.hub import Hub


@dataclass(slots=True)
class LiveContext(RequestContext):
    hub: Hub = field(kw_only=True)


LiveInfo: TypeAlias = strawberry.Info[LiveContext, None]
