"""The root type of subscriptions, put together from their nouns."""

import strawberry

from subscriptions.operations import OperationSubscriptions
from subscriptions.requests import RequestSubscriptions


@strawberry.type(description="Everything that can be watched.")
class Subscription(RequestSubscriptions, OperationSubscriptions):
    """The fields stand with their nouns."""
