"""What a call was for, read from its route and method where nobody says it."""

import re

_NO_NOUN = re.compile(r"api|rest|v\d+(?:[.\-]\d+)*|\{.*\}|<.*>|\*")
_NOT_A_WORD = re.compile(r"[^0-9a-z]+")

_SEARCHES = {"search", "query", "find"}
_BATCHES = {"batch", "bulk"}
_EVERYTHING = {"all"}
_PARTS = _SEARCHES | _BATCHES | _EVERYTHING

_VERBS = {"GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "update", "DELETE": "delete"}
# A memory is added; everything else is created.
_POSTED = {"memory": "add"}


def infer_operation_type(method: str, route: str) -> str:
    """``POST v1/memory`` is ``add_memory``, ``GET v1/users`` is ``list_users``.

    The noun is the last named part of the route, in the singular. The parts ``search``, ``batch``
    and ``all`` say what is done with the noun before them: ``search_memory``, ``add_memory_batch``,
    ``delete_all_memories``.
    """
    method = method.upper()
    parts = [part.lower() for part in route.split("/") if part]
    named = [_word(part) for part in parts if not _NO_NOUN.fullmatch(part.lower())]
    if not named:
        return f"{_VERBS.get(method, method.lower() or 'call')}_root"
    done = named[-1] if named[-1] in _PARTS else None
    if done is not None and len(named) == 1:
        return done
    plural = named[-2] if done is not None else named[-1]
    noun = _singular(plural)
    verb = _POSTED.get(noun, "create") if method == "POST" else _VERBS.get(method, method.lower())
    if done in _SEARCHES:
        return f"search_{noun}"
    if done in _BATCHES:
        return f"{verb}_{noun}_batch"
    if done in _EVERYTHING:
        return f"{verb}_all_{_plural(noun)}"
    is_collection = noun != plural and not parts[-1].startswith(("{", "<"))
    if not method:
        return noun
    if verb == "get" and is_collection:
        return f"list_{plural}"
    return f"{verb}_{noun}"


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
