"""Messages of expected errors. Loaded only after an error."""

from collections.abc import Sequence
from dataclasses import dataclass

from cli.errors import EXIT_FAILURE, EXIT_USAGE, CommandError
from migrations.errors import MigrationError
from server.access.key_requirement import OpenAccessError
from server.graphql.persisted_documents import ManifestError
from server.redaction import hide_password
from server.settings.errors import SettingsError
from store.database import DatabaseFailureError
from store.errors import StoreError

EXPECTED_ERRORS = (
    OpenAccessError,
    DatabaseFailureError,
    ManifestError,
    MigrationError,
    OSError,
    CommandError,
    StoreError,
)
"""Errors whose message is enough, without a traceback."""


@dataclass(frozen=True, slots=True)
class Explanation:
    messages: Sequence[str]
    exit_code: int


def explain(error: Exception) -> Explanation | None:
    """Return message and exit code of an expected error; None for any other."""
    if isinstance(error, SettingsError):
        return Explanation(error.problems, EXIT_USAGE)
    if isinstance(error, EXPECTED_ERRORS):
        return Explanation([error_line(error)], EXIT_FAILURE)
    return None


def error_line(error: BaseException) -> str:
    """Return the message on one line, without passwords."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    if isinstance(error, DatabaseFailureError):  # what follows the first line is the statement
        text = f"the database rejected a statement: {text.splitlines()[0]}"
    return hide_password(" ".join(text.split())) or type(error).__name__
