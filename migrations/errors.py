"""Errors that keep a migration from running, each with its fix."""


class MigrationError(Exception):
    """Root of the tree; its text is meant for the person who runs the server."""


class UnsupportedDatabaseError(MigrationError):
    """The address or the database behind it is of a kind that Trackstore does not run on."""


class DatabaseUnreachableError(MigrationError):
    pass


class DatabaseBusyError(MigrationError):
    """Others held the database or a table for longer than a migration waits; try again."""


class SchemaTooNewError(MigrationError):
    """A newer version of Trackstore has migrated this database: this one cannot know its tables."""


class ConflictingTablesError(MigrationError):
    """The database holds tables of our names that no migration of ours has made."""


class HiddenTablesError(MigrationError):
    """The tables exist, and this connection does not see them."""


class UnknownRevisionError(MigrationError):
    """The revision that was asked for does not exist or cannot be reached from the present one."""


class MigrationFailedError(MigrationError):
    """The database refused a statement; the revision it belongs to was rolled back."""
