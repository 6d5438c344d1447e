"""Tracking rules, shared by middleware, decorator, helper and events."""

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from functools import lru_cache
from typing import Any, Literal, TypeVar

from trackstore.errors import InvalidSettingsError
from trackstore.operation_types import infer_operation_type
from trackstore.redaction import Redaction
from trackstore.rule_values import count, headers_of, labels_of, name, names_of, rate, switch
from trackstore.values import describe_value

API_OPERATION = "api_operation"
"""Default interaction type."""
BATCH_SIZE: Literal["batch_size"] = "batch_size"
"""Units value that counts each item of the call."""

DEFAULT_ERROR_CHARS = 200
DEFAULT_BODY_BYTES = 16_384
SAMPLE_HASH_RANGE = 2**64
WHOLE_QUERY = " The whole query is kept, or none; Redaction(query=...) hides the values of names."

T = TypeVar("T")


@lru_cache(1_024)
def _compiled(glob: str) -> re.Pattern[str]:
    return re.compile(translate(glob.strip("/") or "/"))


@dataclass(frozen=True, slots=True)
class RouteRule:
    """Rule for some routes; what it leaves at None comes from a later rule, or the default.

    ``routes`` is a glob (``v1/memory*``; ``*`` also matches ``/``) or a compiled expression that
    must match the whole name; names have no leading slash. No ``methods`` means all of them. Raises
    ``InvalidSettingsError``.
    """

    routes: str | re.Pattern[str]
    methods: Collection[str] = ()
    track: bool | None = None
    counts_as: str | Literal[False] | None = None
    """Interaction type that counts against the plan; False does not count."""
    units: int | Literal["batch_size"] | None = None
    sample_rate: float | None = None
    operation_type: str | None = None
    keep_body: bool | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.routes, str) and not _is_pattern(self.routes):
            problem = (
                f"routes: {describe_value(self.routes)} is neither a glob nor a compiled expression"
            )
            raise InvalidSettingsError(f"{problem}: make one RouteRule for each.")
        changed: dict[str, Any] = {"methods": _methods("methods", self.methods)}
        for field_name in ("track", "keep_body"):
            if (value := getattr(self, field_name)) is not None:
                changed[field_name] = switch(field_name, value)
        if self.sample_rate is not None:
            changed["sample_rate"] = rate(self.sample_rate)
        if self.units is not None:
            changed["units"] = _units(self.units)
        if self.counts_as is not None and self.counts_as is not False:
            name("counts_as", self.counts_as, "Pass that of an interaction, or False.")
        if self.operation_type is not None:
            name("operation_type", self.operation_type, "Pass a text such as 'add_memory'.")
        _change(self, changed)

    def matches(self, method: str, route: str) -> bool:
        if self.methods and method not in self.methods:
            return False
        pattern = _compiled(self.routes) if isinstance(self.routes, str) else self.routes
        return pattern.fullmatch(route) is not None


@dataclass(frozen=True, slots=True)
class RoutePlan:
    track: bool
    operation_type: str
    counts_as: str | None
    units: int | Literal["batch_size"]
    sample_rate: float
    keep_body: bool


@dataclass(frozen=True, slots=True)
class TrackingRules:
    """Which calls are recorded, what counts against a plan, and what is kept of a call.

    Of several matching ``routes``, the first one that sets a value decides it. Calls that count and
    calls that failed are recorded whatever ``sample_rate`` says, so limits and error lists stay
    complete. The others of one correlation id are kept or left out together, in every process.
    Raises ``InvalidSettingsError``.
    """

    routes: tuple[RouteRule, ...] = ()
    track_others: bool = True
    """Whether routes without a rule are recorded."""
    skipped_methods: Collection[str] = ("OPTIONS",)
    requires: tuple[str, ...] = ("user_id", "workspace_id")
    """Labels that are required to record a call; () records every call."""
    sample_rate: float = 1.0
    keep_ids: bool = False
    """Keep raw paths unchanged if no template is known: each id becomes a route."""
    keep_headers: Collection[str] = ()
    keep_query: bool = False
    keep_body: bool = False
    body_bytes: int = DEFAULT_BODY_BYTES
    """Longer bodies are not kept."""
    redaction: Redaction = field(default_factory=Redaction)
    client_header: str = "x-client-type"
    api_key_header: str | None = "x-api-key"
    """Header whose fingerprint is the default of ``api_key_id``."""
    trusted_proxies: int = 0
    """Number of proxies that write X-Forwarded-For; 0 ignores the header."""
    error_length: int = DEFAULT_ERROR_CHARS

    def __post_init__(self) -> None:
        changed: dict[str, Any] = {
            "routes": _routes(self.routes),
            "skipped_methods": _methods("skipped_methods", self.skipped_methods),
            "requires": labels_of("requires", self.requires),
            "sample_rate": rate(self.sample_rate),
            "keep_headers": headers_of("keep_headers", self.keep_headers),
            "keep_query": switch("keep_query", self.keep_query, WHOLE_QUERY),
        }
        for field_name in ("track_others", "keep_ids", "keep_body"):
            changed[field_name] = switch(field_name, getattr(self, field_name))
        for field_name in ("body_bytes", "trusted_proxies", "error_length"):
            changed[field_name] = count(field_name, getattr(self, field_name))
        (changed["client_header"],) = headers_of("client_header", [self.client_header])
        if self.api_key_header is not None:
            (changed["api_key_header"],) = headers_of("api_key_header", [self.api_key_header])
        redaction: Any = self.redaction
        if not isinstance(redaction, Redaction):
            problem = f"redaction: must be a Redaction (got {describe_value(redaction)})"
            raise InvalidSettingsError(
                f"{problem}: pass Redaction(headers=..., query=..., fields=...)."
            )
        _change(self, changed)

    def plan(self, method: str, route: str) -> RoutePlan:
        """Return everything about one route. Callers may cache it; it never changes."""
        method = method.upper()
        said = [rule for rule in self.routes if rule.matches(method, route)]
        track = _first([rule.track for rule in said], self.track_others or bool(said))
        counts_as: str | Literal[False] = _first([rule.counts_as for rule in said], False)
        return RoutePlan(
            track=track and method not in self.skipped_methods,
            operation_type=_first(
                [rule.operation_type for rule in said], infer_operation_type(method, route)
            ),
            counts_as=counts_as or None,
            units=_first([rule.units for rule in said], 1),
            sample_rate=_first([rule.sample_rate for rule in said], self.sample_rate),
            keep_body=_first([rule.keep_body for rule in said], self.keep_body),
        )

    @property
    def may_keep_bodies(self) -> bool:
        return self.keep_body or any(rule.keep_body for rule in self.routes)


def is_sampled(key: str, rate: float) -> bool:
    """Return whether calls of this correlation id are kept: the same in every process and language."""
    if rate >= 1:
        return True
    digest = hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") < rate * SAMPLE_HASH_RANGE


def _first(said: Sequence[T | None], default: T) -> T:
    return next((value for value in said if value is not None), default)


def _change(rule: RouteRule | TrackingRules, values: dict[str, Any]) -> None:
    for field_name, value in values.items():
        object.__setattr__(rule, field_name, value)


def _is_pattern(value: Any) -> bool:
    return isinstance(value, re.Pattern) and isinstance(value.pattern, str)


def _methods(field_name: str, value: Any) -> frozenset[str]:
    return frozenset(method.upper() for method in names_of(field_name, value))


def _units(value: Any) -> int | Literal["batch_size"]:
    if value == BATCH_SIZE:
        return BATCH_SIZE
    if isinstance(value, str):
        raise InvalidSettingsError(
            f"units: {describe_value(value)} is neither a number nor {BATCH_SIZE!r}."
        )
    return count("units", value, 1)


def _routes(value: Any) -> tuple[RouteRule, ...]:
    is_several = isinstance(value, Collection) and not isinstance(value, str)
    routes = tuple(value) if is_several else (value,)
    for rule in routes:
        if not isinstance(rule, RouteRule):
            problem = f"routes: must be RouteRule objects (got {describe_value(rule)})"
            raise InvalidSettingsError(f"{problem}: pass RouteRule({describe_value(rule)}, ...).")
    return routes
