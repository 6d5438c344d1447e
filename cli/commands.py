"""The commands by name; the code of one is loaded when it is called.

A command needs a part of the server only, and some need none: to show a version or a help text
nobody waits for a schema and two databases.
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
    """A command: where its code is, and what the list of commands says of it."""

    name: str
    module: str
    attribute: str
    summary: str
    """The first sentences of its own help text."""


COMMANDS = (
    Entry(
        "serve", "serve", "serve",
        "Start the server. Without any settings: on this machine, with a SQLite file, at port 8000.",
    ),
    Entry(
        "migrate", "migrate", "migrate",
        "Bring the database's tables up to date. Safe to run twice, and beside running servers.",
    ),
    Entry("keys", "keys", "app", "Make, list and revoke API keys."),
    Entry(
        "import", "importing", "app",
        "Import files of other programs as operations. Importing the same lines again adds only what "
        "is new, whether the file has grown, was rotated, joined with others or turned round.",
    ),
    Entry(
        "rollups", "rollups", "app", "Sums by hour and day: list them, rebuild them, verify them.",
    ),
    Entry(
        "watch", "watch", "watch",
        "Watch a request until it ends, or all that are active: stages, progress and events, live.",
    ),
    Entry(
        "stats", "stats", "stats",
        "Ask a running server for counts, sums and quantiles, grouped and over time.",
    ),
    Entry(
        "export", "exporting", "export",
        "Write operations, or the rows of any question, to a file or standard output.",
    ),
    Entry(
        "reprice", "repricing", "reprice",
        "Price recorded operations again, after a price was set or corrected.",
    ),
    Entry(
        "demo", "demo", "demo",
        "Send lively invented traffic: requests in stages, tools, chats, API calls, limits, an outage.",
    ),
    Entry(
        "schema", "schema", "schema",
        "Print the GraphQL schema of this version, as clients may generate code from it.",
    ),
    Entry(
        "doctor", "doctor", "doctor",
        "Check settings, database, tables, clock, keys and disk. Changes nothing; 1 if one fails.",
    ),
    Entry(
        "settings", "settings", "settings",
        "List the settings: variable, present value, default and meaning. Passwords are hidden.",
    ),
    Entry("version", "version", "version", "Print the version."),
)  # fmt: skip


class Commands(TyperGroup):
    """All commands, with the same answer to the same failure in each of them."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        for entry in COMMANDS:
            self.add_command(TyperCommand(name=entry.name, help=entry.summary))

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """The command that is called, with its code."""
        name, _, rest = super().resolve_command(ctx, args)
        entry = next(entry for entry in COMMANDS if entry.name == name)
        return name, load(entry), rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what is expected to fail now and then ends in a sentence."""
        try:
            return super().invoke(ctx)
        except typer.Exit:
            raise
        except Exception as error:
            explained = import_module("cli.sentences").explain(error)
            if explained is None:
                raise
            for sentence in explained.sentences:
                complain(sentence)
            raise typer.Exit(explained.exit_code) from None


def load(entry: Entry) -> Any:
    """The command itself."""
    with undisturbed():
        module = import_module(f"cli.{entry.module}")
    found = getattr(module, entry.attribute)
    # A group of one, since it is groups that Typer makes commands for.
    holder = typer.Typer(add_completion=False, callback=lambda: None)
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=entry.name)
    else:
        holder.command(entry.name, epilog=getattr(module, "EPILOG", None))(found)
    group: Any = typer.main.get_command(holder)
    return group.commands[entry.name]


@contextmanager
def undisturbed() -> Iterator[None]:
    """Without looking for garbage: what modules make while they are loaded, stays."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
