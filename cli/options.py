"""Options of commands that are settings: they go before the environment, and describe themselves."""

import os
from enum import Enum
from typing import Annotated, Any

import typer

from server.settings.errors import variable
from server.settings.table import describe


def setting_option(name: str, *flags: str) -> Any:
    """The option for the setting ``name``, with its description, variable and default as help."""
    row = describe(name)
    flag = "--" + name.replace("_", "-")
    default = f"; default: {row.default}" if row.default else ""
    text = f"{row.description} ({row.variable}{default})"
    return typer.Option(*(flags or (flag,)), help=text, show_default=False)


DatabaseUrl = Annotated[str | None, setting_option("database_url")]


def export(**options: Any) -> None:
    """Put the options that were given into the environment, where worker processes find them."""
    for name, value in options.items():
        if value is not None:
            text = value.value if isinstance(value, Enum) else str(value)
            os.environ[variable(name)] = text
