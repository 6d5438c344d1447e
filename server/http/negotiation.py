"""Negotiate media type and coding of an answer, as in RFC 9110 section 12.5."""

import re
from dataclasses import dataclass
from functools import lru_cache

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
OFFERED_TYPES = (JSON, GRAPHQL_JSON)
"""In the server's order of preference."""

MAX_CACHED_CHARS = 400
"""Longer Accept headers are not cached; those of real clients have 30 to 150 characters."""
MAX_HEADER_CHARS = 8_000
"""Further characters of an Accept header are ignored."""
NAME = re.compile(r"[\w!#$&^.+*-]+")
QUALITY = re.compile(r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?")


@dataclass(frozen=True, slots=True)
class Range:
    type: str
    subtype: str
    quality: float
    position: int

    def precision(self, media_type: str) -> int:
        """Rate how exactly it matches ``media_type``: 3 by name, 2 by type, 1 for ``*/*``, 0 not at all."""
        type_, subtype = media_type.split("/")
        if self.type == "*":
            return int(self.subtype == "*")
        if self.type != type_:
            return 0
        return 2 if self.subtype == "*" else 3 * (self.subtype == subtype)


def preferred(accept: str, offered: tuple[str, ...] = OFFERED_TYPES) -> str | None:
    """Return the offered type that the caller prefers; None if it accepts none.

    Quality decides, then the caller's order, then the server's. A missing or unreadable header accepts
    anything.
    """
    if len(accept) > MAX_CACHED_CHARS:
        return choose(accept[:MAX_HEADER_CHARS], offered)
    return _choose_cached(accept, offered)


def choose(accept: str, offered: tuple[str, ...]) -> str | None:
    ranges = ranges_of(accept)
    if not ranges:
        return offered[0]
    best: tuple[float, int] | None = None
    chosen = None
    for media_type in offered:
        best_range = max(ranges, key=lambda r: (r.precision(media_type), r.quality, -r.position))
        if not best_range.precision(media_type) or not best_range.quality:
            continue
        rank = best_range.quality, -best_range.position
        if best is None or rank > best:
            best, chosen = rank, media_type
    return chosen


_choose_cached = lru_cache(maxsize=256)(choose)


def ranges_of(accept: str) -> list[Range]:
    ranges = []
    for position, entry in enumerate(accept.lower().split(",")):
        name, *parameters = (part.strip() for part in entry.split(";"))
        type_, _, subtype = name.partition("/")
        quality = quality_of(parameters)
        if NAME.fullmatch(type_) and NAME.fullmatch(subtype) and quality is not None:
            ranges.append(Range(type_, subtype, quality, position))
    return ranges


def quality_of(parameters: list[str]) -> float | None:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.rstrip() == "q":
            return float(value) if QUALITY.fullmatch(value := value.strip()) else None
    return 1.0


def preferred_coding(accept_encoding: str, offered: tuple[str, ...]) -> str:
    accepted: dict[str, bool] = {}
    for entry in accept_encoding.lower()[:MAX_CACHED_CHARS].split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        quality = quality_of(parameters)
        accepted[name] = bool(quality)
    return next(
        (coding for coding in offered if accepted.get(coding, accepted.get("*", False))), ""
    )
