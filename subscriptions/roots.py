"""Define the root type of subscriptions."""

import strawberry

from subscriptions.circuit_breakers import CircuitBreakerSubscriptions
from subscriptions.operations import OperationSubscriptions
from subscriptions.requests import RequestSubscriptions


@strawberry.type(description="All subscriptions.")
class Subscription(RequestSubscriptions, OperationSubscriptions, CircuitBreakerSubscriptions):
    pass
