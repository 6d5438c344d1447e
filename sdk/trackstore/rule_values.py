"""Validates the values of rules, so that a wrong one fails at once and not with every call."""

import re
from collections.abc import Collection
from typing import Any

from trackstore.call_repair import suggestion
from trackstore.errors import InvalidSettingsError
from trackstore.labels import LABELS
from trackstore.values import Problems, describe_value, flag, number, whole_number

HEADER = re.compile(r"[A-Za-z0-9!#$%&'+.^_`|~-]+")


def names_of(field: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = (value,)
    if not isinstance(value, Collection):
        raise InvalidSettingsError(
            f"{field}: must be a list of names (got {describe_value(value)})."
        )
    for name in value:
        if not isinstance(name, str) or not name.strip():
            raise InvalidSettingsError(f"{field}: must be a name (got {describe_value(name)}).")
    return tuple(name.strip() for name in value)


def headers_of(field: str, value: Any) -> tuple[str, ...]:
    names = names_of(field, value)
    for name in names:
        if not HEADER.fullmatch(name):
            raise InvalidSettingsError(
                f"{field}: must be the name of a header, not a pattern (got {describe_value(name)})."
            )
    return tuple(name.lower() for name in names)


def labels_of(field: str, value: Any) -> tuple[str, ...]:
    names = names_of(field, value)
    for name in names:
        if name not in LABELS:
            problem = f"{field}: {name}: {suggestion(name, LABELS)} Labels are {', '.join(LABELS)}."
            raise InvalidSettingsError(problem)
    return names


def switch(field: str, value: Any, hint: str = "") -> bool:
    problems: Problems = []
    converted = flag(value, problems)
    if converted is None:
        raise InvalidSettingsError(f"{field}: {problems[0][1]}{hint}")
    return converted


def count(field: str, value: Any, least: int = 0) -> int:
    problems: Problems = []
    converted: int | None = whole_number(least)(value, problems)
    if converted is None or isinstance(value, bool):
        raise InvalidSettingsError(
            f"{field}: must be an integer of at least {least} (got {describe_value(value)})."
        )
    return converted


def rate(value: Any) -> float:
    converted: float | None = None if isinstance(value, bool) else number(0, 1)(value, [])
    if converted is None:
        raise InvalidSettingsError(
            f"A sample rate must be from 0 to 1 (got {describe_value(value)})."
        )
    return converted


def name(field: str, value: Any, hint: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise InvalidSettingsError(f"{field}: must be a name (got {describe_value(value)}). {hint}")
    return value
