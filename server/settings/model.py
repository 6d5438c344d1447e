"""Every setting of the server, from the environment and ``.env``: its default, bounds and meaning."""

import resource
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import (
    ByteSize,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)
from sqlalchemy import URL

from server.access.admission import ConnectionBounds
from server.access.key_requirement import LOOPBACK_NAMES, is_loopback
from server.settings.database_address import usable_address, with_driver
from server.settings.errors import ENV_FILE, SettingsError, explain, hide_password
from server.settings.live import LiveFields
from server.settings.serving import GIB, HOUR_SECONDS, KIB, MIB
from server.settings.values import LogFormat, LogLevel, Switch
from store.aggregation.checks import ResultLimits
from store.dialects import PoolSettings
from store.ingest.queue import WriterSettings
from store.query.paging import PageSize
from store.requests.stalls import StallPolicy
from store.store import StoreConfig
from store.validation import InputBounds

MIN_CONNECTIONS = 10
OTHER_FILES = 200
"""Files a process needs for other things than connections of callers: database, log, libraries."""


class Settings(LiveFields):
    """The settings of one server. Made by ``load_settings``; immutable afterwards."""

    max_batch_items: int = Field(
        default=10_000, ge=1, le=1_000_000, description="Items of one bulk mutation."
    )
    max_request_stages: int = Field(
        default=1_000,
        ge=1,
        le=100_000,
        description="Stages of one request, planned (200 at most) or added when they start. Every "
        "command to a request reads its stages.",
    )
    max_label_length: int = Field(
        default=200, ge=1, le=2_000, description="Characters of a name or label."
    )
    max_text_length: int = Field(
        default=8_192, ge=1, le=MIB, description="Characters of a message, path or error."
    )
    max_long_text_length: int = Field(
        default=262_144, ge=1, le=64 * MIB, description="Characters of a chat message or response."
    )
    max_json_bytes: ByteSize = Field(
        default=ByteSize(64 * KIB), ge=2, le=64 * MIB, description="Size of one JSON value."
    )
    max_json_depth: int = Field(
        default=16, ge=1, le=100, description="Levels of nesting inside a JSON value."
    )

    max_depth: int = Field(
        default=12, ge=1, le=100, description="Levels of fields inside each other in a document."
    )
    max_aliases: int = Field(default=30, ge=0, le=10_000, description="Aliases in a document.")
    max_root_fields: int = Field(
        default=20, ge=1, le=10_000, description="Fields at the top of an operation."
    )
    max_document_bytes: ByteSize = Field(
        default=ByteSize(512 * KIB),
        ge=KIB,
        le=64 * MIB,
        description="Size of a document, variables aside; parsing takes half a second for each MiB.",
    )
    max_tokens: int = Field(
        default=10_000, ge=1, le=1_000_000, description="Tokens of a document, variables aside."
    )
    max_directives: int = Field(
        default=50, ge=0, le=10_000, description="Directives in a document, fragments spread out."
    )
    max_fragments: int = Field(
        default=100, ge=0, le=10_000, description="Fragments that a document defines."
    )
    max_repeats: int = Field(
        default=50,
        ge=1,
        le=10_000,
        description="Fields of one name beside each other in a document, fragments spread out.",
    )
    max_objects: int = Field(
        default=1_000,
        ge=1,
        le=100_000,
        description="Objects in a variable such as a filter, or written into a document; batches "
        "of operations and entries aside.",
    )
    max_cost: int = Field(
        default=200_000,
        ge=1,
        le=10**12,
        description="Records that a document may ask for: page sizes multiplied along its nesting.",
    )
    max_variable_depth: int = Field(
        default=32,
        ge=2,
        le=500,
        description="Levels of objects inside a variable such as a filter.",
    )
    max_variable_values: int = Field(
        default=300_000, ge=1, le=100_000_000, description="JSON values in a request's variables."
    )
    operation_seconds: float = Field(
        default=60, gt=0, le=HOUR_SECONDS, description="How long one operation may take."
    )
    max_operations: int = Field(
        default=1_000,
        ge=1,
        le=100_000,
        description="Operations under way at once for one API key, or for all callers without one, "
        "in each process; 429 answers further ones.",
    )
    max_operations_per_organization: int = Field(
        default=2_000,
        ge=1,
        le=100_000,
        description="The same for all API keys of one organization.",
    )
    default_page_size: int = Field(
        default=100, ge=1, le=100_000, description="Records of a page if no size is given."
    )
    max_page_size: int = Field(
        default=1_000, ge=1, le=100_000, description="Records of the largest page."
    )
    max_answer_rows: int = Field(
        default=10_000, ge=1, le=1_000_000, description="Rows of the largest aggregation."
    )
    max_answer_bytes: ByteSize = Field(
        default=ByteSize(32 * MIB),
        ge=KIB,
        le=GIB,
        description="Size of the largest answer, and of a page of an export; a larger one is an "
        "error that says how to ask for less. Four times as much may be read for it.",
    )
    max_buckets: int = Field(
        default=1_500,
        ge=1,
        le=100_000,
        description="Buckets of time in one aggregation; a day has 1,440 minutes.",
    )
    max_exports: int = Field(
        default=4,
        ge=1,
        le=1_000,
        description="Exports of one organization under way at once in each process; further ones are "
        "refused with OVERLOADED.",
    )
    max_exports_total: int = Field(
        default=32,
        ge=1,
        le=10_000,
        description="Exports of all organizations under way at once in each process.",
    )
    max_export_rows: int = Field(
        default=10_000_000,
        ge=1,
        le=10**12,
        description="Rows of one export; a larger one is cut off visibly.",
    )
    export_stall_seconds: float = Field(
        default=60,
        gt=0,
        le=HOUR_SECONDS,
        description="How long an export waits for a caller that stops reading.",
    )
    max_reprice_items: int = Field(
        default=100_000,
        ge=1,
        le=10_000_000,
        description="Operations that one call of reprice looks at; the next call goes on.",
    )
    introspection: bool = Field(
        default=True, description="Whether callers may read the schema from the server."
    )
    explorer: Switch = Field(
        default="auto",
        description="Whether browsers that open /graphql get a page to try documents; auto gives "
        "it where the address is a loopback one.",
    )
    dashboard: bool = Field(
        default=True, description="Whether browsers that open the server get its pages."
    )
    persisted_queries: bool = Field(
        default=True,
        description="Whether clients may send the SHA-256 of a document in its place, once the "
        "server has seen it (the automatic persisted queries of Apollo's clients).",
    )
    trusted_documents: str = Field(
        default="",
        description="File with a manifest of documents, as JSON. With it no other document is "
        "executed.",
    )

    fast_path: bool = Field(
        default=True,
        description="Whether bulk inputs and plain rows are compiled. Off, every answer is the same "
        "and takes longer.",
    )

    log_level: LogLevel = Field(
        default="info", description="Minimum level of messages that are logged."
    )
    log_format: LogFormat = Field(
        default="auto",
        description="json writes one object per line, console is for people, auto takes console "
        "at a terminal and json elsewhere.",
    )
    metrics: bool = Field(
        default=True,
        description="Whether /metrics answers, in the format of Prometheus. With several workers "
        "each answer is of one of them, named in the label worker.",
    )
    metrics_key: bool = Field(
        default=False,
        description="Whether /metrics asks for an API key: one with the scope READ for all "
        "organizations, as the numbers are of all.",
    )

    @field_validator("database_url")
    @classmethod
    def _usable_database(cls, value: str) -> str:
        return usable_address(value)

    @model_validator(mode="after")
    def _pages_fit(self) -> "Settings":
        if self.default_page_size > self.max_page_size:
            raise ValueError(
                f"TRACKSTORE_DEFAULT_PAGE_SIZE is {self.default_page_size}, larger than "
                f"TRACKSTORE_MAX_PAGE_SIZE, {self.max_page_size}: lower the first or raise the "
                "second."
            )
        return self

    @property
    def parsed_database_url(self) -> URL:
        """The address with the driver the server uses."""
        return with_driver(self.database_url)

    @property
    def shown_database(self) -> str:
        """The address as it was given, without its password."""
        return hide_password(self.database_url)

    @property
    def database_file(self) -> Path | None:
        """The file of the embedded database; None where the database is a server."""
        url = self.parsed_database_url
        return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None

    @property
    def answered_hosts(self) -> tuple[str, ...]:
        """What may stand in the Host header, ``*`` for anything.

        The names of this machine always may: no page of a stranger can be called by them.
        """
        if self.allowed_hosts:
            return (*self.allowed_hosts, *LOOPBACK_NAMES)
        return LOOPBACK_NAMES if self.is_loopback else ("*",)

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can reach ``host``."""
        return is_loopback(self.host)

    @property
    def shows_explorer(self) -> bool:
        """Whether browsers get a page to try documents."""
        return self.is_loopback if self.explorer == "auto" else self.explorer == "yes"

    @property
    def migrates_on_start(self) -> bool:
        """Whether the server itself brings the tables up to date."""
        if self.migrate_on_start == "auto":
            return self.database_file is not None
        return self.migrate_on_start == "yes"

    def connection_bounds(self) -> ConnectionBounds:
        """What connections may take; no more of them than the system lets a process have."""
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        room = self.max_connections if files == resource.RLIM_INFINITY else files - OTHER_FILES
        return ConnectionBounds(
            most=max(MIN_CONNECTIONS, min(self.max_connections, room)),
            header_seconds=self.header_seconds,
            body_seconds=self.body_seconds,
        )

    def store_config(self) -> StoreConfig:
        """What the store must know of all this."""
        return StoreConfig(
            database_url=self.parsed_database_url.render_as_string(hide_password=False),
            pool=self._pool(),
            writer=WriterSettings(
                queue_items=self.writer_queue_items,
                flush_items=self.writer_flush_items,
                delay_seconds=self.writer_delay_ms / 1_000,
            ),
            bounds=InputBounds(
                label_length=self.max_label_length,
                text_length=self.max_text_length,
                long_text_length=self.max_long_text_length,
                json_bytes=int(self.max_json_bytes),
                json_depth=self.max_json_depth,
                batch_items=self.max_batch_items,
                request_stages=self.max_request_stages,
            ),
            pages=PageSize(default=self.default_page_size, maximum=self.max_page_size),
            answers=ResultLimits(
                rows=self.max_answer_rows,
                buckets=self.max_buckets,
                bytes=int(self.max_answer_bytes),
            ),
            default_tool_price=self.default_tool_price,
            idempotency_days=self.idempotency_days,
            reprice_items=self.max_reprice_items,
            rollups=self.rollups,
            rollup_day_hours=self.rollup_day_hours,
            stall_policy=StallPolicy(
                timedelta(seconds=self.stall_after_seconds), timedelta(hours=self.lost_after_hours)
            ),
            sweep_seconds=self.stall_sweep_seconds,
            partitions_ahead=self.partitions_ahead,
            partition_months=self.partition_months,
            key_cache_seconds=self.key_cache_seconds,
            sign_in_hours=self.sign_in_hours,
        )

    def _pool(self) -> PoolSettings:
        return PoolSettings(
            size=self.pool_size,
            overflow=self.pool_overflow,
            wait_seconds=self.pool_wait_seconds,
            statement_seconds=self.statement_seconds,
            lock_seconds=self.lock_seconds,
            questions=self.max_questions,
            waiting=self.max_waiting,
            turn_seconds=self.turn_seconds,
            flush_seconds=self.flush_seconds,
            silence_seconds=self.silence_seconds,
            synchronous=self.sqlite_synchronous,
        )


def load_settings(**overrides: Any) -> Settings:
    """The settings of the environment and ``.env``; ``overrides`` that are not None go before both.

    Raises ``SettingsError``, which names every setting that is wrong.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    make: Callable[..., Settings] = Settings
    try:
        return make(**given)
    except ValidationError as error:
        raise explain(error, Settings.model_fields) from None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([f"{ENV_FILE} cannot be read: {error}. Mend or remove it."]) from None
