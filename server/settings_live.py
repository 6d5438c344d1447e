"""Settings of live streams: websockets and streaming answers."""

from pydantic import Field
from pydantic_settings import BaseSettings

from server.live.server import LiveSettings
from server.settings_values import Origins

HOUR_SECONDS = 3_600


class LiveFields(BaseSettings):
    """Bounds of everything that streams."""

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
    live_init_seconds: float = Field(
        default=10,
        gt=0,
        le=HOUR_SECONDS,
        description="How long a websocket may take until its connection_init.",
    )
    live_ping_seconds: float = Field(
        default=12,
        gt=0,
        le=HOUR_SECONDS,
        description="Between two signs of life on an idle stream; a websocket that does not answer "
        "one is closed.",
    )
    live_stall_seconds: float = Field(
        default=30,
        gt=0,
        le=HOUR_SECONDS,
        description="How long a client may read nothing of what is sent before it is given up.",
    )
    live_poll_seconds: float = Field(
        default=10,
        gt=0,
        le=HOUR_SECONDS,
        description="Between two looks for what another server process committed and its hint did "
        "not tell (PostgreSQL), while anything is watched.",
    )
    live_sharing: bool = Field(
        default=True,
        description="Whether equal subscriptions are executed once for all their subscribers.",
    )
    allowed_origins: Origins = Field(
        default=(),
        description="Origins of web pages that may open websockets beside the server's own, such "
        "as https://ops.example.com, separated by commas; * for any.",
    )

    def live(self) -> LiveSettings:
        """What the live side of a server is told."""
        return LiveSettings(
            connections=self.live_connections,
            per_connection=self.live_per_connection,
            per_principal=self.live_per_caller,
            init_seconds=self.live_init_seconds,
            ping_seconds=self.live_ping_seconds,
            recheck_seconds=30.0,
            stall_seconds=self.live_stall_seconds,
            poll_seconds=self.live_poll_seconds,
            shares=self.live_sharing,
            origins=self.allowed_origins,
        )
