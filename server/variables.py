"""Bounds the variables of a request before anything is made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class VariableBounds:
    """How much the variables of one request may hold; each is a setting."""

    depth: int = 32
    values: int = 300_000


def problem_of(variables: Mapping[str, Any], bounds: VariableBounds) -> str | None:
    """What is too much in plain JSON variables; those that were decoded as inputs are bounded by these.

    Looks at each value once, and at no more of them than there may be.
    """
    level = [v for v in variables.values() if type(v) is dict or type(v) is list]
    seen, depth = len(variables), 0
    while level:
        depth += 1
        if depth > bounds.depth:
            return f"the JSON is nested too deeply: at most {bounds.depth} levels in a variable"
        inner: list[Any] = []
        for value in level:
            seen += len(value)
            if seen > bounds.values:
                return f"more than {bounds.values:,} values in the variables: send several requests"
            items = value.values() if type(value) is dict else value
            inner += [item for item in items if type(item) is dict or type(item) is list]
        level = inner
    return None
