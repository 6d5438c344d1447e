"""The list of commands. The module of a command is imported when it is called.

``--help`` and ``version`` therefore start without loading the schema and the database drivers.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from cli.output import complain


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: its module, and its line in the list of commands."""

    name: str
    module: str
    attribute: str
    summary: str
    """First sentences of its help text."""


COMMANDS = (
    Entry(
        "serve", "serve", "serve",
        "Start the server. By default it listens on 127.0.0.1:8000 and uses a SQLite file.",
    ),
    Entry(
        "migrate", "migrate", "migrate",
        "Bring the database's tables up to date. Safe to run twice, and beside running servers.",
    ),
    Entry("keys", "keys", "app", "Create, list and revoke API keys."),
    Entry(
        "import", "importing", "app",
        "Import files of other programs as operations. Importing the same lines again adds only new "
        "ones, whether the file has grown, was rotated, merged with others or reversed.",
    ),
    Entry(
        "rollups", "rollups", "app", "List, rebuild and verify the precomputed sums by hour and day.",
    ),
    Entry(
        "watch", "watch", "watch",
        "Watch a request until it ends, or all active requests: stages, progress and events, live.",
    ),
    Entry(
        "stats", "stats", "stats",
        "Print counts, sums and quantiles of a running server, grouped and over time.",
    ),
    Entry(
        "export", "exporting", "export",
        "Write operations, or the rows of any query, to a file or standard output.",
    ),
    Entry(
        "reprice", "repricing", "reprice",
        "Price recorded operations again, after a price was set or corrected.",
    ),
    Entry(
        "demo", "demo", "demo",
        "Send synthetic traffic: requests in stages, tools, chats, API calls, limits, an outage.",
    ),
    Entry(
        "schema", "schema", "schema",
        "Print the GraphQL schema of this version, for code generators of clients.",
    ),
    Entry(
        "doctor", "doctor", "doctor",
        "Check settings, database, tables, clock, keys and disk. Changes nothing; 1 if one fails.",
    ),
    Entry(
        "settings", "settings", "settings",
        "List the settings: variable, current value, default and meaning. Passwords are hidden.",
    ),
    Entry("version", "version", "version", "Print the version."),
)  # fmt: skip


class Commands(TyperGroup):
    """Group of all commands, which reports expected errors in the same way for each."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for entry in COMMANDS:
            self.add_command(TyperCommand(name=entry.name, help=entry.summary))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        name, _, remaining_arguments = super().resolve_command(ctx, args)
        entry = next(entry for entry in COMMANDS if entry.name == name)
        return name, load(entry), remaining_arguments

    def invoke(self, ctx: Any) -> Any:
        """Run the command; print expected errors as one line instead of a traceback."""
        try:
            return super().invoke(ctx)
        except typer.Exit:
            raise
        except Exception as error:
            explanation = import_module("cli.error_messages").explain(error)
            if explanation is None:
                raise
            for sentence in explanation.messages:
                complain(sentence)
            raise typer.Exit(explanation.exit_code) from None


def load(entry: Entry) -> Any:
    with gc_disabled():
        module = import_module(f"cli.{entry.module}")
    command = getattr(module, entry.attribute)
    # A group of one, since it is groups that Typer makes commands for.
    holder = typer.Typer(add_completion=False, callback=lambda: None)
    if isinstance(command, typer.Typer):
        holder.add_typer(command, name=entry.name)
    else:
        holder.command(entry.name, epilog=getattr(module, "EPILOG", None))(command)
    group: Any = typer.main.get_command(holder)
    return group.commands[entry.name]


@contextmanager
def gc_disabled() -> Iterator[None]:
    """Disable garbage collection: objects created by imports stay."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
