"""Options that override settings of the environment; their help comes from the settings."""

import os
from enum import Enum
from typing import Annotated, Any

import typer

from server.settings.errors import variable
from server.settings.table import describe


def setting_option(name: str, *flags: str) -> Any:
    """Return the option of a setting, with description, variable and default as its help."""
    row = describe(name)
    flag = "--" + name.replace("_", "-")
    default = f"; default: {row.default}" if row.default else ""
    text = f"{row.description} ({row.variable}{default})"
    return typer.Option(*(flags or (flag,)), help=text, show_default=False)


DatabaseUrl = Annotated[str | None, setting_option("database_url")]


def export_settings(**options: Any) -> None:
    """Put options into the environment, where worker processes read them."""
    for name, value in options.items():
        if value is not None:
            text = value.value if isinstance(value, Enum) else str(value)
            os.environ[variable(name)] = text
