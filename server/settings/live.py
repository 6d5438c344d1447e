"""Settings of live streams, and of what is not heard of any more."""

from pydantic import Field

from server.live.bounds import LiveBounds
from server.settings.serving import HOUR_SECONDS, ServingSettings

DAY_SECONDS = 86_400


class LiveFields(ServingSettings):
    """The second part of ``server.settings.model.Settings``: bounds of everything that streams."""

    live_connections: int = Field(
        default=5_000, ge=1, le=1_000_000, description="Open streams each process serves at once."
    )
    live_per_connection: int = Field(
        default=100, ge=1, le=100_000, description="Operations that stream on one websocket."
    )
    live_per_caller: int = Field(
        default=10_000,
        ge=1,
        le=1_000_000,
        description="Operations that stream for one API key, in each process.",
    )
    live_pending_per_address: int = Field(
        default=64,
        ge=1,
        le=1_000_000,
        description="Websockets from one address that wait for their connection_init to be "
        "accepted, in each process; for one more, the one that has waited for longest is closed.",
    )
    live_init_seconds: float = Field(
        default=5,
        gt=0,
        le=HOUR_SECONDS,
        description="How long a websocket may take until its connection_init.",
    )
    live_ping_seconds: float = Field(
        default=12,
        gt=0,
        le=HOUR_SECONDS,
        description="Interval of pings on an idle stream; a websocket that does not answer one is closed.",
    )
    live_stall_seconds: float = Field(
        default=30,
        gt=0,
        le=HOUR_SECONDS,
        description="How long a client may read nothing before it is disconnected.",
    )
    live_poll_seconds: float = Field(
        default=10,
        gt=0,
        le=HOUR_SECONDS,
        description="Interval of polling for commits of other server processes whose notification was "
        "lost (PostgreSQL), while anything is watched.",
    )
    live_sharing: bool = Field(
        default=True,
        description="Whether equal subscriptions are executed once for all their subscribers.",
    )
    stall_after_seconds: float = Field(
        default=600,
        ge=1,
        le=DAY_SECONDS,
        description="Silence after which a stage, or a request without running stages, becomes STALLED.",
    )
    lost_after_hours: float = Field(
        default=24,
        gt=0,
        le=8_784,
        description="Hours after which what is STALLED becomes FAILED, with the reason LOST; final.",
    )
    stall_sweep_seconds: float = Field(
        default=15,
        ge=0,
        le=HOUR_SECONDS,
        description="Pause between checks for them; 0 disables the checks.",
    )

    def live(self) -> LiveBounds:
        """What the live side of a server is told."""
        return LiveBounds(
            connections=self.live_connections,
            per_connection=self.live_per_connection,
            per_principal=self.live_per_caller,
            pending_per_address=self.live_pending_per_address,
            init_seconds=self.live_init_seconds,
            ping_seconds=self.live_ping_seconds,
            stall_seconds=self.live_stall_seconds,
            poll_seconds=self.live_poll_seconds,
            shares=self.live_sharing,
        )
