"""Output of commands: results on standard output, everything else on standard error."""

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 10_000
"""Width without a terminal: no value is cut."""

out = Console(highlight=False, soft_wrap=True, emoji=False)
"""Results. Lines are not wrapped, so that they can be copied and piped."""
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def say(text: str) -> None:
    err.print(Text(text, style="dim"))


def done(text: str) -> None:
    err.print(Text.assemble(("✓ ", "green"), text))


def complain(text: str) -> None:
    err.print(Text.assemble(("error: ", "bold red"), text))


def warn(text: str) -> None:
    err.print(Text.assemble(("warning: ", "yellow"), text))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str | Text]]) -> None:
    """Print a table; in a pipe, as wide as needed so that no value is cut."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(cell if isinstance(cell, Text) else Text(cell) for cell in row))
    if out.is_terminal:
        out.print(table)
        return
    wide = Console(width=PIPE_WIDTH, file=out.file, highlight=False)
    wide.print(table)
