"""Tables only: columns, keys and indexes of everything Trackstore stores. No query stands here."""

from models.api_keys import ApiKey
from models.base import Base, table_of
from models.circuit_breakers import CircuitBreaker, CircuitBreakerInstance, CircuitBreakerTransition
from models.events import RequestEvent
from models.interactions import InteractionCounter
from models.limits import Consumption, Limit, LimitUsage, Reservation, ReservationHold
from models.operations import Operation, OperationText
from models.partitions import Partition
from models.prices import Price
from models.requests import Request
from models.rollups import OPERATION_ROLLUPS, RollupFold, RollupState
from models.sessions import Session
from models.sign_ins import SignIn
from models.stages import RequestStage, StageAttempt

__all__ = [
    "OPERATION_ROLLUPS",
    "ApiKey",
    "Base",
    "CircuitBreaker",
    "CircuitBreakerInstance",
    "CircuitBreakerTransition",
    "Consumption",
    "InteractionCounter",
    "Limit",
    "LimitUsage",
    "Operation",
    "OperationText",
    "Partition",
    "Price",
    "Request",
    "RequestEvent",
    "RequestStage",
    "Reservation",
    "ReservationHold",
    "RollupFold",
    "RollupState",
    "Session",
    "SignIn",
    "StageAttempt",
    "table_of",
]
