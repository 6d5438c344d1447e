"""Settings whose owner is the server as a whole: where it listens, who may call it, what it offers."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from server.access.key_requirement import Access, is_loopback
from server.settings.values import (
    AccessWord,
    Addresses,
    HostNames,
    LogFormat,
    LogLevel,
    Origins,
    Switch,
)
from store.setting_types import HOUR_SECONDS


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """Where a server listens, in how many processes, and how it stops."""

    host: Annotated[
        str,
        Field(
            min_length=1,
            description="Address to listen on. Any but a loopback address needs API keys.",
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int, Field(ge=0, le=65_535, description="Port to listen on; 0 takes any that is free.")
    ] = 8000
    workers: Annotated[
        int,
        Field(
            ge=1,
            le=256,
            description="Server processes. SQLite serves one, PostgreSQL any number.",
        ),
    ] = 1
    shutdown_seconds: Annotated[
        float,
        Field(
            ge=1,
            le=HOUR_SECONDS,
            description="How long a stop waits for running requests, and then for queued writes.",
        ),
    ] = 30.0
    idle_seconds: Annotated[
        float,
        Field(
            gt=0,
            le=HOUR_SECONDS,
            description="How long a connection is kept between two requests; longer than clients and "
            "proxies keep theirs.",
        ),
    ] = 75.0

    @property
    def is_loopback(self) -> bool:
        return is_loopback(self.host)


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """Who may call the server."""

    policy: Annotated[
        AccessWord,
        Field(
            validation_alias="access",
            description="keys asks every caller for an API key, open asks nobody and is for loopback "
            "addresses only. auto asks where there is a key when the server starts, and is open where "
            "there is none and the address is a loopback one.",
        ),
    ] = Access.AUTO
    default_organization: Annotated[
        str,
        Field(
            min_length=1,
            max_length=200,
            description="Organization of records that come without one while access is open.",
        ),
    ] = "default"
    allowed_hosts: Annotated[
        HostNames,
        Field(
            description="Host names that the server accepts, separated by commas; *.example.com stands "
            "for all below it, * for any. Empty: the names of this machine where the address is a "
            "loopback one, else any.",
        ),
    ] = ()
    allowed_origins: Annotated[
        Origins,
        Field(
            description="Origins whose pages may call the server from a browser, separated by commas, "
            "such as https://app.example.com; * for any. Its own pages always may.",
        ),
    ] = ()
    trusted_proxies: Annotated[
        Addresses,
        Field(
            description="Addresses of proxies whose X-Forwarded-For is believed, separated by commas; "
            "* for any. Callers without a valid key are told apart by address.",
        ),
    ] = ()
    max_wrong_keys: Annotated[
        int,
        Field(
            ge=1,
            le=1_000_000,
            description="Wrong API keys from one address that each process answers with 401 in a "
            "minute; further wrong ones are answered with 429.",
        ),
    ] = 30


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """What the server offers beside its data: schema, pages, documents by id, compiled paths."""

    introspection: Annotated[
        bool, Field(description="Whether callers may read the schema from the server.")
    ] = True
    explorer: Annotated[
        Switch,
        Field(
            description="Whether browsers that open /graphql get a page to try documents; auto gives "
            "it where the address is a loopback one.",
        ),
    ] = "auto"
    dashboard: Annotated[
        bool, Field(description="Whether browsers that open the server get its pages.")
    ] = True
    persisted_queries: Annotated[
        bool,
        Field(
            description="Whether clients may send the SHA-256 of a document in its place, once the "
            "server has seen it (the automatic persisted queries of Apollo's clients).",
        ),
    ] = True
    trusted_documents: Annotated[
        str,
        Field(
            description="File with a manifest of documents, as JSON. With it no other document is "
            "executed.",
        ),
    ] = ""
    fast_path: Annotated[
        bool,
        Field(
            description="Whether bulk inputs and plain rows are compiled. Off, every answer is the same "
            "and takes longer.",
        ),
    ] = True


@dataclass(frozen=True, slots=True)
class LoggingSettings:
    level: Annotated[
        LogLevel,
        Field(
            validation_alias="log_level", description="Minimum level of messages that are logged."
        ),
    ] = "info"
    format: Annotated[
        LogFormat,
        Field(
            validation_alias="log_format",
            description="json writes one object per line, console is for people, auto takes console "
            "at a terminal and json elsewhere.",
        ),
    ] = "auto"


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    enabled: Annotated[
        bool,
        Field(
            validation_alias="metrics",
            description="Whether /metrics answers, in the format of Prometheus. With several workers "
            "each answer is of one of them, named in the label worker.",
        ),
    ] = True
    requires_key: Annotated[
        bool,
        Field(
            validation_alias="metrics_key",
            description="Whether /metrics asks for an API key: one with the scope READ for all "
            "organizations, as the numbers are of all.",
        ),
    ] = False
