"""The command ``trackstore``. Modules of commands are imported when they are called."""

from importlib import import_module
from typing import Annotated

import typer

from cli.commands import Commands

app = typer.Typer(
    name="trackstore",
    cls=Commands,
    help="Tracking of operations, requests and limits, behind one GraphQL API.",
    epilog="Exit codes: 0 success, 1 failure or failed check, 2 invalid command line or setting.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def trackstore(
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True)
    ] = False,
) -> None:
    """Tracking of operations, requests and limits, behind one GraphQL API."""
    if show_version:
        import_module("cli.version").version()
        raise typer.Exit


def main() -> None:
    app()
