"""Settings of the server itself: where it listens, who may call it, its database and its writer."""

from decimal import Decimal

from pydantic import ByteSize, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from server.access.key_requirement import Access
from server.settings.errors import ENV_FILE, PREFIX
from server.settings.values import (
    AccessWord,
    Addresses,
    HostNames,
    Origins,
    Switch,
    Synchronous,
)
from store.maintenance.partitions import MONTHS_APART
from store.pricing.prices import DEFAULT_TOOL_PRICE, MAX_PRICE

KIB, MIB, GIB = 2**10, 2**20, 2**30
HOUR_SECONDS = 3_600


class ServingSettings(BaseSettings):
    """The first half of ``server.settings.model.Settings``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=ENV_FILE,
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        validate_by_alias=True,
        validate_by_name=True,
    )

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on. Any but a loopback address needs API keys.",
    )
    port: int = Field(
        default=8000, ge=0, le=65_535, description="Port to listen on; 0 takes any that is free."
    )
    workers: int = Field(
        default=1,
        ge=1,
        le=256,
        description="Server processes. SQLite serves one, PostgreSQL any number.",
    )
    shutdown_seconds: float = Field(
        default=30,
        ge=1,
        le=HOUR_SECONDS,
        description="How long a stop waits for running requests, and then for queued writes.",
    )
    max_body_bytes: ByteSize = Field(
        default=ByteSize(32 * MIB),
        ge=KIB,
        le=GIB,
        description="Largest body of a request; 413 answers a larger one.",
    )
    max_connections: int = Field(
        default=10_000,
        ge=10,
        le=1_000_000,
        description="Connections each process holds; for one more, the one that has been idle for "
        "longest is closed.",
    )
    header_seconds: float = Field(
        default=15,
        gt=0,
        le=HOUR_SECONDS,
        description="How long a connection may take to send the head of a request.",
    )
    body_seconds: float = Field(
        default=30,
        gt=0,
        le=HOUR_SECONDS,
        description="How long a body may take, and a second more for each 16 KiB that have come; "
        "408 answers a slower one.",
    )
    idle_seconds: float = Field(
        default=75,
        gt=0,
        le=HOUR_SECONDS,
        description="How long a connection is kept between two requests; longer than clients and "
        "proxies keep theirs.",
    )

    access: AccessWord = Field(
        default=Access.AUTO,
        description="keys asks every caller for an API key, open asks nobody and is for loopback "
        "addresses only. auto asks where there is a key when the server starts, and is open where "
        "there is none and the address is a loopback one.",
    )
    default_organization: str = Field(
        default="default",
        min_length=1,
        max_length=200,
        description="Organization of records that come without one while access is open.",
    )
    allowed_hosts: HostNames = Field(
        default=(),
        description="Host names that the server accepts, separated by commas; *.example.com stands "
        "for all below it, * for any. Empty: the names of this machine where the address is a "
        "loopback one, else any.",
    )
    allowed_origins: Origins = Field(
        default=(),
        description="Origins whose pages may call the server from a browser, separated by commas, "
        "such as https://app.example.com; * for any. Its own pages always may.",
    )
    trusted_proxies: Addresses = Field(
        default=(),
        description="Addresses of proxies whose X-Forwarded-For is believed, separated by commas; "
        "* for any. Callers without a valid key are told apart by address.",
    )
    max_wrong_keys: int = Field(
        default=30,
        ge=1,
        le=1_000_000,
        description="Wrong API keys from one address that each process answers with 401 in a "
        "minute; further wrong ones are answered with 429.",
    )
    key_cache_seconds: float = Field(
        default=10,
        ge=0,
        le=HOUR_SECONDS,
        description="How long a key that was revoked in another process may still be taken where no "
        "notification of it arrives.",
    )

    sign_in_hours: float = Field(
        default=168,
        gt=0,
        le=8_784,
        description="How long a sign-in at the pages lasts.",
    )

    database_url: str = Field(
        default="sqlite:///trackstore.db",
        validation_alias="DATABASE_URL",
        description="The database: sqlite:///FILE or postgresql://USER@HOST/NAME. With a password in "
        "it (USER:PASSWORD@), give it in the environment rather than on a command line.",
    )
    migrate_on_start: Switch = Field(
        default="auto",
        description="Whether `serve` brings the tables up to date; auto does on SQLite, and leaves "
        "it to `trackstore migrate` elsewhere.",
    )
    pool_size: int = Field(
        default=10, ge=1, le=1_000, description="Connections each process keeps open (PostgreSQL)."
    )
    pool_overflow: int = Field(
        default=20, ge=0, le=1_000, description="Connections on top of these while many are in use."
    )
    pool_wait_seconds: float = Field(
        default=5,
        gt=0,
        le=HOUR_SECONDS,
        description="How long to wait for a connection before the caller gets a retryable error.",
    )
    max_questions: int = Field(
        default=8,
        ge=1,
        le=1_000,
        description="Aggregations each process runs at once, at most a third of its connections, and "
        "3 on SQLite. One organization has at most half of them, rounded up.",
    )
    max_waiting: int = Field(
        default=500,
        ge=1,
        le=1_000_000,
        description="Reads, aggregations and bulk loads of one organization that wait for their turn "
        "in each process, of each kind; further ones are refused with OVERLOADED.",
    )
    turn_seconds: float = Field(
        default=30,
        gt=0,
        le=HOUR_SECONDS,
        description="How long one of them waits for its turn before it is refused with OVERLOADED.",
    )
    statement_seconds: float = Field(
        default=30,
        gt=0,
        le=HOUR_SECONDS,
        description="How long one statement may run before it is ended.",
    )
    lock_seconds: float = Field(
        default=5,
        gt=0,
        le=HOUR_SECONDS,
        description="How long a statement waits for a lock (PostgreSQL).",
    )
    silence_seconds: float = Field(
        default=3,
        gt=0,
        le=HOUR_SECONDS,
        description="How long the database may leave a statement unanswered before another "
        "connection asks whether it works on it; an unresponsive one is closed (PostgreSQL).",
    )
    sqlite_synchronous: Synchronous = Field(
        default="FULL",
        description="When SQLite waits for the disk. FULL survives a power cut; NORMAL is faster "
        "and may lose what was acknowledged in the last moment before one.",
    )
    rollups: bool = Field(
        default=True, description="Whether sums by hour and day are kept; the same on all servers."
    )
    rollup_day_hours: float = Field(
        default=1, ge=0, le=8_784, description="Hours after a UTC day until it is merged into one."
    )
    partitions_ahead: int = Field(
        default=2,
        ge=1,
        le=24,
        description="Months for which partitions are created in advance (PostgreSQL).",
    )
    partition_months: int = Field(
        default=MONTHS_APART,
        ge=1,
        le=240,
        description="Months back for which each has a partition of its own; records of older ones "
        "share one (PostgreSQL).",
    )

    writer_queue_items: int = Field(
        default=50_000,
        ge=1,
        le=10_000_000,
        description="Entries of one organization that may wait to be written, about 2 KB each; further "
        "ones are refused with OVERLOADED. Those of all organizations may be twice as many.",
    )
    writer_flush_items: int = Field(
        default=2_000, ge=1, le=100_000, description="Entries written in one transaction."
    )
    writer_delay_ms: float = Field(
        default=0,
        ge=0,
        le=1_000,
        description="How long a small transaction waits for more entries, in addition to those that "
        "arrived during the last one.",
    )
    flush_seconds: float = Field(
        default=10,
        gt=0,
        le=HOUR_SECONDS,
        description="How long a transaction of the writer may take before it is abandoned and its "
        "callers are answered; entries may wait three times as long for theirs.",
    )
    idempotency_days: int = Field(
        default=35, ge=1, le=3_650, description="Days a repeated consume is recognised by its id."
    )
    default_tool_price: Decimal = Field(
        default=DEFAULT_TOOL_PRICE,
        ge=0,
        le=int(MAX_PRICE),
        description="US dollars per 1,000 tokens of a tool without a price of its own.",
    )
