"""Define the bounds of streaming connections."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from store.setting_types import HOUR_SECONDS

Seconds = Annotated[float, Field(gt=0, le=HOUR_SECONDS)]


@dataclass(frozen=True, slots=True)
class LiveBounds:
    """Bound streaming connections; each is a setting. Times are seconds."""

    connections: Annotated[
        int,
        Field(
            validation_alias="live_connections",
            ge=1,
            le=1_000_000,
            description="Open streams each process serves at once.",
        ),
    ] = 5_000
    per_connection: Annotated[
        int,
        Field(
            validation_alias="live_per_connection",
            ge=1,
            le=100_000,
            description="Operations that stream on one websocket.",
        ),
    ] = 100
    per_principal: Annotated[
        int,
        Field(
            validation_alias="live_per_caller",
            ge=1,
            le=1_000_000,
            description="Operations that stream for one API key, in each process.",
        ),
    ] = 10_000
    pending_per_address: Annotated[
        int,
        Field(
            validation_alias="live_pending_per_address",
            ge=1,
            le=1_000_000,
            description="Websockets from one address that wait for their connection_init to be "
            "accepted, in each process; for one more, the one that has waited for longest is closed.",
        ),
    ] = 64
    init_seconds: Annotated[
        Seconds,
        Field(
            validation_alias="live_init_seconds",
            description="How long a websocket may take until its connection_init.",
        ),
    ] = 5.0
    ping_seconds: Annotated[
        Seconds,
        Field(
            validation_alias="live_ping_seconds",
            description="Interval of pings on an idle stream; a websocket that does not "
            "answer one is closed.",
        ),
    ] = 12.0
    stall_seconds: Annotated[
        Seconds,
        Field(
            validation_alias="live_stall_seconds",
            description="How long a client may read nothing before it is disconnected.",
        ),
    ] = 30.0
    poll_seconds: Annotated[
        Seconds,
        Field(
            validation_alias="live_poll_seconds",
            description="Interval of polling for commits of other server processes whose notification was "
            "lost (PostgreSQL), while anything is watched.",
        ),
    ] = 10.0
    shares: Annotated[
        bool,
        Field(
            validation_alias="live_sharing",
            description="Whether equal subscriptions are executed once for all their subscribers.",
        ),
    ] = True
