"""What a command says when it cannot go on: one sentence on standard error, and an exit code."""

from typing import Any

import typer
from typer.core import TyperGroup

from migrations.errors import MigrationError
from server.access import AccessRefused
from server.cli.output import complain
from server.persisted import ManifestError
from server.settings_errors import SettingsError, hide_password
from store.database import DatabaseFailure
from store.errors import StoreError

REFUSED = 1
"""A check failed, or something that had to be there was not."""
MISUSED = 2
"""The command line or a setting is wrong; nothing was tried."""


class Refusal(Exception):
    """A command will not go on; the text says why and what to do."""


EXPECTED = (
    AccessRefused,
    DatabaseFailure,
    ManifestError,
    MigrationError,
    OSError,
    Refusal,
    StoreError,
)
"""What needs no traceback, since its text says enough."""


class Commands(TyperGroup):
    """The commands, with the same answer to the same failure in all of them."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; what is expected to fail now and then ends in a sentence."""
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            for problem in error.problems:
                complain(problem)
            raise typer.Exit(MISUSED) from None
        except EXPECTED as error:
            complain(sentence(error))
            raise typer.Exit(REFUSED) from None


def sentence(error: BaseException) -> str:
    """What went wrong, on one line and without passwords."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, DatabaseFailure):  # what follows the first line is the statement
        text = f"the database refused a statement: {text.splitlines()[0]}"
    return hide_password(" ".join(text.split())) or type(error).__name__
