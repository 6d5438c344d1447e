"""The command ``trackstore``: one module per command, put together here."""

from typing import Annotated

import typer

from server.cli import importing, keys, rollups
from server.cli.demo import demo
from server.cli.doctor import doctor
from server.cli.exporting import EPILOG as EXPORT_EPILOG
from server.cli.exporting import export
from server.cli.failures import Commands
from server.cli.migrate import migrate
from server.cli.repricing import EPILOG as REPRICE_EPILOG
from server.cli.repricing import reprice
from server.cli.schema import schema
from server.cli.serve import serve
from server.cli.settings import settings
from server.cli.stats import EPILOG, stats
from server.cli.version import version
from server.cli.watch import EPILOG as WATCH_EPILOG
from server.cli.watch import watch

app = typer.Typer(
    name="trackstore",
    cls=Commands,
    help="Tracking of operations, requests and limits, behind one GraphQL API.",
    epilog="Exit codes: 0 done, 1 refused or a check failed, 2 the command line or a setting is wrong.",
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
        version()
        raise typer.Exit


app.command("serve")(serve)
app.command("migrate")(migrate)
app.add_typer(keys.app, name="keys")
app.add_typer(importing.app, name="import")
app.add_typer(rollups.app, name="rollups")
app.command("watch", epilog=WATCH_EPILOG)(watch)
app.command("stats", epilog=EPILOG)(stats)
app.command("export", epilog=EXPORT_EPILOG)(export)
app.command("reprice", epilog=REPRICE_EPILOG)(reprice)
app.command("demo")(demo)
app.command("schema")(schema)
app.command("doctor")(doctor)
app.command("settings")(settings)
app.command("version")(version)


def main() -> None:
    """What the installed command runs."""
    app()
