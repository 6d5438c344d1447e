"""GraphQL calls about limits, and the decoding of their answers."""

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec

from trackstore.calls import Json
from trackstore.documents import COMMIT, CONSUME, RELEASE, RESERVE
from trackstore.entries import Consume
from trackstore.results import Consumption, Reservation

IfUnavailable = Literal["raise", "allow", "deny"]
"""What to do while the server is unavailable."""
Call = tuple[str, Json]
"""A document and its variables."""
UNAVAILABLE_REASON = "the server is unavailable"


class _ReservationPayload(msgspec.Struct, rename="camel"):
    uuid: UUID
    expires_at: datetime


def consume_call(consume: Consume) -> Call:
    return CONSUME, {"input": msgspec.to_builtins(consume)}


def reserve_call(consume: Consume, ttl: timedelta) -> Call:
    seconds = f"PT{ttl.total_seconds():g}S"
    return RESERVE, {"input": {**msgspec.to_builtins(consume), "ttl": seconds}}


def commit_call(id: UUID, units: int) -> Call:
    return COMMIT, {"id": str(id), "units": units}


def release_call(id: UUID) -> Call:
    return RELEASE, {"id": str(id)}


def consumption_of(data: Json) -> Consumption:
    (payload,) = data.values()
    return msgspec.convert(payload, Consumption)


def reservation_of(data: Json) -> Reservation:
    payload = data["reserve"]
    decision = msgspec.convert(payload, Consumption)
    pending = msgspec.convert(payload["reservation"], _ReservationPayload | None)
    if pending is None or not decision.allowed:
        return Reservation(decision)
    return Reservation(decision, pending.uuid, pending.expires_at)


def assumed(choice: IfUnavailable, units: int) -> Consumption:
    allowed = choice == "allow"
    return Consumption(allowed, units, None if allowed else UNAVAILABLE_REASON, is_known=False)
