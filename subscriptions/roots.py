"""The root type of subscriptions, put together from their nouns."""

import strawberry

from subscriptions.circuit_breakers import CircuitBreakerSubscriptions
from subscriptions.operations import OperationSubscriptions
from subscriptions.requests import RequestSubscriptions


@strawberry.type(description="All subscriptions.")
class Subscription(RequestSubscriptions, OperationSubscriptions, CircuitBreakerSubscriptions):
    """The fields stand with their nouns."""
