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


class _ReservePayload(msgspec.Struct):
    decision: Consumption
    reservation: _ReservationPayload | None = None


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
    payload = msgspec.convert(data["reserve"], _ReservePayload)
    if payload.reservation is None or not payload.decision.allowed:
        return Reservation(payload.decision)
    return Reservation(payload.decision, payload.reservation.uuid, payload.reservation.expires_at)


def assumed(choice: IfUnavailable, units: int) -> Consumption:
    allowed = choice == "allow"
    return Consumption(allowed, units, None if allowed else UNAVAILABLE_REASON, is_known=False)
