"""Infers the operation type of a call from its route and method.

The server has the same rules for what is recorded without this package.
"""

import re

MAX_TYPE_CHARS = 160
"""Longer types are cut, so that a long route does not make its call invalid."""

_ID = re.compile(
    r"\d+"
    r"|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
    r"|(?=[^\d]*\d)[0-9a-f]{16,}"
    r"|(?=[^\d]*\d)[0-9a-hjkmnp-tv-z]{26}",
)
"""A number, a UUID, hexadecimal digits, a ULID: what cannot be a word of a route."""
_PARAMETER = re.compile(r"\{.*\}|<.*>|:.+")
_NO_NOUN = re.compile(r"api|rest|v\d+(?:[.\-]\d+)*|\*")
_NOT_A_WORD = re.compile(r"[^0-9a-z]+")

_SEARCHES = {"search", "query", "find"}
_BATCHES = {"batch", "bulk"}
_EVERYTHING = {"all"}
_PARTS = _SEARCHES | _BATCHES | _EVERYTHING

_VERBS = {"GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
_POSTED = {"memory": "add"}
"""Verbs of POST by noun; the default is ``create``."""


def infer_operation_type(method: str, route: str) -> str:
    """Infer the type: ``POST v1/memory`` is ``add_memory``, ``GET v1/users`` is ``list_users``.

    The noun is the last named part of the route, in the singular. ``search``, ``batch`` and ``all``
    describe what is done with the noun before them. Parameters, versions and ids are ignored.
    """
    method = method.strip().upper()
    parts = [part.lower() for part in route.partition("?")[0].split("/") if part]
    return _type_of(method, parts)[:MAX_TYPE_CHARS]


def _type_of(method: str, parts: list[str]) -> str:
    named = [_word(part) for part in parts if not (_is_id(part) or _NO_NOUN.fullmatch(part))]
    if not named:
        return f"{_VERBS.get(method, _word(method.lower()) if method else 'call')}_root"
    done = named[-1] if named[-1] in _PARTS else None
    if done is not None and len(named) == 1:
        return done
    plural = named[-2] if done is not None else named[-1]
    noun = _singular(plural)
    verb = _VERBS.get(method, _word(method.lower()))
    if method == "POST":
        verb = _POSTED.get(noun, "create")
    if done in _SEARCHES:
        return f"search_{noun}"
    if done in _BATCHES:
        return f"{verb}_{noun}_batch"
    if done in _EVERYTHING:
        return f"{verb}_all_{_plural(noun)}"
    if not method:
        return noun
    if verb == "get" and noun != plural and not _is_id(parts[-1]):
        return f"list_{plural}"
    return f"{verb}_{noun}"


def _is_id(part: str) -> bool:
    return bool(_PARAMETER.fullmatch(part) or _ID.fullmatch(part))


def _word(part: str) -> str:
    return _NOT_A_WORD.sub("_", part).strip("_") or "part"


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2:
        return word[:-1]
    return word


def _plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch", "sh")) else f"{word}s"
