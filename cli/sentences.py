"""What is expected to fail now and then, in one sentence each; loaded when something has failed."""

from collections.abc import Sequence
from dataclasses import dataclass

from cli.failures import MISUSED, REFUSED, CommandError
from migrations.errors import MigrationError
from server.access.key_requirement import OpenAccessError
from server.graphql.persisted_documents import ManifestError
from server.redaction import hide_password
from server.settings.errors import SettingsError
from store.database import DatabaseFailureError
from store.errors import StoreError

EXPECTED = (
    OpenAccessError,
    DatabaseFailureError,
    ManifestError,
    MigrationError,
    OSError,
    CommandError,
    StoreError,
)
"""What needs no traceback, since its text says enough."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What to say of a failure, and the exit code."""

    sentences: Sequence[str]
    exit_code: int


def explain(error: Exception) -> Explanation | None:
    """What to say of an error; None of one that nobody expected."""
    if isinstance(error, SettingsError):
        return Explanation(error.problems, MISUSED)
    if isinstance(error, EXPECTED):
        return Explanation([sentence(error)], REFUSED)
    return None


def sentence(error: BaseException) -> str:
    """What went wrong, on one line and without passwords."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, DatabaseFailureError):  # what follows the first line is the statement
        text = f"the database rejected a statement: {text.splitlines()[0]}"
    return hide_password(" ".join(text.split())) or type(error).__name__
