"""Route names: the template of the framework, or a path without ids."""

import re
from functools import lru_cache

MAX_ROUTE_CHARS = 160
"""Leaves room for the method in a name of 200 characters."""
MAX_CACHED_NAMES = 2_048
"""Templates are few; scanners that try paths must not grow memory."""

UNMATCHED = "(unmatched)"
"""Route of all paths without a route, so that scanners form one group."""

# {memory_id}, {path:path} of Starlette; <memory_id>, <int:id>, <any(a, b):kind> of Flask and Django.
_PARAMETER = re.compile(r"\{([^{}:]+)(?::[^{}]*)?\}|<(?:[^<>]*:)?([^<>:]+)>")

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""What a database refuses, or what breaks a line of a log."""

_ID = re.compile(
    r"""\d+                                                         # 51
    | [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}                   # a UUID
    | (?=[^\d]*\d)[0-9a-f]{8,}                                      # hexadecimal with a digit in it
    | (?=[^\d]*\d)[0-9a-z_-]{16,}                                   # ULID, nanoid and their like
    | [a-z]{1,12}_(?!v\d+$)[0-9a-z]*\d[0-9a-z]*                     # mem_51, but not memory_v1
    | [^@]+@[^@]+                                                   # an address
    """,
    re.VERBOSE | re.IGNORECASE,
)


@lru_cache(MAX_CACHED_NAMES)
def template_name(template: str) -> str:
    """Normalize a framework's template: ``v1/memory/{memory_id}``."""
    name = _PARAMETER.sub(lambda match: f"{{{match[1] or match[2]}}}", template).strip("/")
    return name[:MAX_ROUTE_CHARS] or "/"


@lru_cache(MAX_CACHED_NAMES)
def path_name(path: str, *, keep_ids: bool = False) -> str:
    """Return the route of a raw path; ids become ``{id}`` unless ``keep_ids``."""
    bare = _UNPRINTABLE.sub("\ufffd", path.partition("?")[0]).strip("/")
    if not keep_ids:
        parts = ("{id}" if _ID.fullmatch(part) else part for part in bare.split("/"))
        bare = "/".join(parts)
    return bare[:MAX_ROUTE_CHARS] or "/"
