"""``trackstore settings``: lists every setting with its current value."""

from typing import Annotated

import typer
from rich.text import Text

from cli.output import out, print_table, say, warn
from server.settings.model import load_settings
from server.settings.table import describe_settings, markdown, misspelt_settings, present_values


def settings(
    changed: Annotated[
        bool, typer.Option("--changed", help="Only settings that differ from their default.")
    ] = False,
    docs: Annotated[
        bool,
        typer.Option(
            "--markdown", help="Print the page docs/reference/settings.md, without current values."
        ),
    ] = False,
) -> None:
    """List the settings: variable, current value, default and meaning. Passwords are hidden."""
    if docs:
        out.file.write(markdown())
        return
    values = present_values(load_settings())
    rows: list[tuple[str | Text, ...]] = []
    for row in describe_settings():
        value = values[row.name]
        differs = value != row.default
        if differs or not changed:
            value_text = Text(value or "(empty)", "bold" if differs else "dim")
            rows.append((row.variable, value_text, row.default or "(empty)", row.description))
    if rows:
        print_table(("variable", "value", "default", "meaning"), rows)
    else:
        say("All settings have their defaults.")
    for unknown_name, similar_name in misspelt_settings().items():
        warn(f"{unknown_name} is not a setting. Did you mean {similar_name}?")
