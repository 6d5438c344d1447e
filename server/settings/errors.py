"""Explains wrong settings in sentences: which variable, its value, the fix."""

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from dotenv import dotenv_values
from pydantic import ByteSize, ValidationError
from pydantic.fields import FieldInfo

from server.redaction import hide_password
from store.setting_types import PARSES_BYTE_SIZE

PREFIX = "TRACKSTORE_"
ENV_FILE = ".env"
VARIABLES_WITHOUT_PREFIX = {"database_url": "DATABASE_URL"}
MAX_VALUE_CHARACTERS = 80
SERVICE_LINK = re.compile(r"(tcp|udp)://")
"""What Kubernetes puts into NAME_PORT for every Service called NAME."""

Fields = Mapping[str, FieldInfo]


class SettingsError(Exception):
    """One or more settings are wrong; the text is meant for the person who runs the server."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


def variable(name: str) -> str:
    """Return the environment variable that holds the setting ``name``."""
    return VARIABLES_WITHOUT_PREFIX.get(name, PREFIX + name.upper())


def is_byte_size(field: FieldInfo) -> bool:
    return PARSES_BYTE_SIZE in field.metadata


def format_setting(value: object, field: FieldInfo) -> str:
    """Format a value of a setting as the environment spells it, without a password."""
    return shown(ByteSize(value) if is_byte_size(field) and isinstance(value, int) else value)


def shown(value: object) -> str:
    """Format a value for a message: as the environment spells it, short, without a password."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, ByteSize):
        return value.human_readable().replace(".0", "") if value % 1024 == 0 else str(int(value))
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    text = hide_password(str(value))
    return text if len(text) <= MAX_VALUE_CHARACTERS else f"{text[:MAX_VALUE_CHARACTERS]}..."


def choices(field: FieldInfo) -> list[str]:
    """Return the allowed words of a setting; none if it allows anything else."""
    annotation = field.annotation
    if get_origin(annotation) is Literal:
        return [str(choice) for choice in get_args(annotation)]
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return [str(member.value) for member in annotation]
    return []


def expected(field: FieldInfo) -> str:
    """Describe the values of a setting, to follow the word "expected"."""
    if words := choices(field):
        return f"one of {', '.join(words)}"
    if field.annotation is bool:
        return "true or false"
    if is_byte_size(field):
        return f"a size such as {format_setting(field.default, field)}{_range(field)}"
    if field.annotation is str:
        return f"text{_range(field)}"
    kind = "an integer" if field.annotation is int else "a number"
    return kind + _range(field)


def _range(field: FieldInfo) -> str:
    number = _size if is_byte_size(field) else _number
    low = high = ""
    for rule in field.metadata:
        match rule:
            case Ge(ge=bound):
                low = f" of at least {number(bound)}"
            case Gt(gt=bound):
                low = f" above {number(bound)}"
            case Le(le=bound):
                high = f" at most {number(bound)}"
            case MinLen(min_length=bound):
                low = f" of at least {bound} character{'s'[: bound > 1]}"
            case MaxLen(max_length=bound):
                high = f" at most {bound} characters"
            case _:
                continue
    return f"{low} and{high}" if low and high else low or high


def _size(value: Any) -> str:
    return shown(ByteSize(value))


def _number(value: Any) -> str:
    return str(value) if isinstance(value, float) else str(int(value))


def explain(error: ValidationError, fields: Fields) -> SettingsError:
    """Translate ``error`` into sentences, one for each setting that is wrong."""
    problems = []
    for detail in error.errors(include_url=False):
        message = str(detail["msg"]).removeprefix("Value error, ")
        name = next((step for step in reversed(detail["loc"]) if step in fields), None)
        if name is None:
            problems.append(message)  # about several settings together: names them itself
            continue
        problems.append(
            _sentence(str(name), fields[str(name)], detail["input"], detail["type"], message)
        )
    return SettingsError(problems)


def _sentence(name: str, field: FieldInfo, value: object, kind: str, message: str) -> str:
    variable_name = variable(name)
    said = f"{variable_name} is {shown(value)!r}{_origin(variable_name)}"
    if SERVICE_LINK.match(str(value)):
        return (
            f"{said}: Kubernetes sets that for a Service of this name. Set "
            f"enableServiceLinks: false in the pod, or give the Service another name."
        )
    if kind == "value_error":
        return f"{said}: {message}."
    return (
        f"{said}: expected {expected(field)}. "
        f"Set {variable_name}={format_setting(field.default, field)} (the default) or remove it."
    )


def _origin(variable_name: str) -> str:
    """Say so where the value comes from the file, since the shell does not show it."""
    if any(name.upper() == variable_name for name in os.environ):
        return ""
    in_file = any(name.upper() == variable_name for name in dotenv_values(ENV_FILE))
    return f" (in {ENV_FILE})" if in_file else ""


def misspelt(names: list[str], fields: Fields) -> dict[str, str]:
    """Variables that nothing reads, each with the setting it was probably meant to be."""
    known = [variable(name) for name in fields]
    strangers = [n for n in names if n.upper().startswith(PREFIX) and n.upper() not in known]
    close = {name: get_close_matches(name.upper(), known, n=1, cutoff=0.85) for name in strangers}
    return {name: matches[0] for name, matches in close.items() if matches}
