"""Chooses type and coding of an answer from what its caller accepts, as RFC 9110 section 12.5 has it."""

import re
from dataclasses import dataclass
from functools import lru_cache

GRAPHQL_JSON = "application/graphql-response+json"
JSON = "application/json"
OFFERED = (JSON, GRAPHQL_JSON)
"""In the order in which the server prefers them where a caller does not mind."""

LARGEST_KEPT = 400
"""Characters of an Accept header worth remembering; those of real clients have 30 to 150."""
LARGEST = 8_000
"""Characters of an Accept header that are looked at."""
NAME = re.compile(r"[\w!#$&^.+*-]+")
QUALITY = re.compile(r"0(?:\.\d{0,3})?|1(?:\.0{0,3})?")


@dataclass(frozen=True, slots=True)
class Range:
    """One entry of an Accept header; ``place`` is its position."""

    type: str
    subtype: str
    quality: float
    place: int

    def precision(self, media_type: str) -> int:
        """How exactly it means ``media_type``: 3 by name, 2 by its type, 1 as anything; 0 not at all."""
        type_, subtype = media_type.split("/")
        if self.type == "*":
            return int(self.subtype == "*")
        if self.type != type_:
            return 0
        return 2 if self.subtype == "*" else 3 * (self.subtype == subtype)


def preferred(accept: str, offered: tuple[str, ...] = OFFERED) -> str | None:
    """The one of ``offered`` that the caller prefers; None where it accepts none of them.

    Quality decides, then the order in which the caller names them, then ours. No header, and one
    without a readable entry, accept anything.
    """
    if len(accept) > LARGEST_KEPT:
        return choose(accept[:LARGEST], offered)
    return _remembered(accept, offered)


def choose(accept: str, offered: tuple[str, ...]) -> str | None:
    """The same, worked out."""
    ranges = ranges_of(accept)
    if not ranges:
        return offered[0]
    best: tuple[float, int] | None = None
    chosen = None
    for media_type in offered:
        meant = max(ranges, key=lambda r: (r.precision(media_type), r.quality, -r.place))
        if not meant.precision(media_type) or not meant.quality:
            continue
        rank = meant.quality, -meant.place
        if best is None or rank > best:
            best, chosen = rank, media_type
    return chosen


_remembered = lru_cache(maxsize=256)(choose)


def ranges_of(accept: str) -> list[Range]:
    """The entries of an Accept header that can be read; the others say nothing."""
    found = []
    for place, entry in enumerate(accept.lower().split(",")):
        name, *parameters = (part.strip() for part in entry.split(";"))
        type_, _, subtype = name.partition("/")
        quality = quality_of(parameters)
        if NAME.fullmatch(type_) and NAME.fullmatch(subtype) and quality is not None:
            found.append(Range(type_, subtype, quality, place))
    return found


def quality_of(parameters: list[str]) -> float | None:
    """The weight of an entry; None where it cannot be read."""
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.rstrip() == "q":
            return float(value) if QUALITY.fullmatch(value := value.strip()) else None
    return 1.0


def preferred_coding(accept_encoding: str, offered: tuple[str, ...]) -> str:
    """The first of ``offered`` that Accept-Encoding takes; empty where it takes none of them."""
    taken: dict[str, bool] = {}
    for entry in accept_encoding.lower()[:LARGEST_KEPT].split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        quality = quality_of(parameters)
        taken[name] = bool(quality)
    return next((coding for coding in offered if taken.get(coding, taken.get("*", False))), "")
