"""The table of all settings, for the command line and for docs/reference/settings.md."""

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from dotenv import dotenv_values

from server.settings.errors import ENV_FILE, choices, format_setting, misspelt
from server.settings.model import FIELDS, SETTINGS, Setting, Settings

SECTIONS = {
    "Server": ("listen", "requests", "connections"),
    "Access": ("access", "credentials"),
    "Database": ("database", "pool", "rollups", "maintenance"),
    "Writing": ("writer", "pricing"),
    "Live streams and stalls": ("live", "stalls"),
    "Input limits": ("inputs",),
    "GraphQL": ("documents", "execution", "pages", "answers", "exports", "api"),
    "Logs and metrics": ("logging", "metrics"),
}
"""The groups of each section."""

INTRODUCTION = """\
# Settings

The server reads its settings from the environment, and from a file `.env` in the folder it is started in. The
environment takes precedence over the file, and options of a command take precedence over both. An empty
variable counts as not set. Write sizes as `32MiB`, booleans as `true` or `false`, and lists with commas.

`trackstore settings` prints them with their current values, and `trackstore doctor` checks them.

This page is generated from the code: `python -m server.settings.table > docs/reference/settings.md`.
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
    """Yield every setting, in the order in which people should read them."""
    for section, groups in SECTIONS.items():
        for setting in SETTINGS.values():
            if setting.path[0] in groups:
                yield _row(setting, section)


def _row(setting: Setting, section: str) -> SettingRow:
    return SettingRow(
        name=setting.name,
        variable=setting.variable,
        default=format_setting(setting.info.default, setting.info),
        choices=tuple(choices(setting.info)),
        description=setting.info.description or "",
        section=section,
    )


def describe(name: str) -> SettingRow:
    """Return the row of one setting."""
    return next(row for row in describe_settings() if row.name == name)


def present_values(settings: Settings) -> dict[str, str]:
    """Return the value of each setting by name, as it may be printed: without passwords."""
    return {
        name: format_setting(setting.value_in(settings), setting.info)
        for name, setting in SETTINGS.items()
    }


def misspelt_settings() -> dict[str, str]:
    """Find variables of the environment and ``.env`` that nothing reads; with the name meant."""
    return misspelt([*os.environ, *dotenv_values(ENV_FILE)], FIELDS)


def markdown() -> str:
    """Return the content of docs/reference/settings.md."""
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
