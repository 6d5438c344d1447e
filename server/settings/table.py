"""The table of all settings, for the command line and for docs/reference/settings.md."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from dotenv import dotenv_values

from server.settings.errors import ENV_FILE, choices, misspelt, shown, variable
from server.settings.model import Settings

SECTIONS = {
    "host": "Server",
    "access": "Access",
    "database_url": "Database",
    "writer_queue_items": "Writing",
    "max_batch_items": "Bounds of what is sent",
    "max_depth": "GraphQL",
    "log_level": "Watching it",
}
"""The first setting of each section, in the order of the class."""

INTRODUCTION = """\
# Settings

The server reads its settings from the environment, and from a file `.env` in the folder it is started in. The
environment takes precedence over the file, and options of a command take precedence over both. An empty
variable counts as not set. Write sizes as `32MiB`, booleans as `true` or `false`, and lists with commas.

`trackstore settings` prints them with their present values, `trackstore doctor` checks them.

This page is made from the code: `python -m server.settings.table > docs/reference/settings.md`.
"""


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting: the variable that holds it, its default as the environment spells it."""

    name: str
    variable: str
    default: str
    choices: tuple[str, ...]
    description: str
    section: str


def describe_settings() -> Iterator[SettingRow]:
    """Every setting, in the order in which people should read them."""
    section = ""
    for name, field in Settings.model_fields.items():
        section = SECTIONS.get(name, section)
        yield SettingRow(
            name=name,
            variable=variable(name, field),
            default=shown(field.default),
            choices=tuple(choices(field)),
            description=field.description or "",
            section=section,
        )


def describe(name: str) -> SettingRow:
    """The row of one setting."""
    return next(row for row in describe_settings() if row.name == name)


def present_values(settings: Settings) -> dict[str, str]:
    """The value of each setting by name, as it may be printed: without passwords."""
    return {name: shown(getattr(settings, name)) for name in Settings.model_fields}


def misspelt_settings() -> dict[str, str]:
    """Variables of the environment and ``.env`` that nothing reads, each with what was meant."""
    return misspelt([*os.environ, *dotenv_values(ENV_FILE)], Settings.model_fields)


def markdown() -> str:
    """The content of docs/reference/settings.md."""
    lines = [INTRODUCTION]
    section = ""
    for row in describe_settings():
        if row.section != section:
            section = row.section
            lines += [f"## {section}\n", "| variable | default | meaning |", "|---|---|---|"]
            lines[-3] = ("" if len(lines) == 4 else "\n") + lines[-3]
        default = f"`{row.default}`" if row.default else "(empty)"
        words = f" One of {', '.join(row.choices)}." if row.choices else ""
        lines.append(f"| `{row.variable}` | {default} | {row.description}{words} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(markdown())
