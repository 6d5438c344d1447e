"""What operators and outages do to a PostgreSQL, and how it is undone."""

from dataclasses import dataclass


@dataclass(frozen=True)
class State:
    """Something an operator or an outage does, how it is undone, and what the server finds."""

    name: str
    enter: tuple[str, ...]
    leave: tuple[str, ...]
    sqlstate: str
    reason: str
    """What /readyz says."""
    inside: bool = False
    """Whether the statements run inside the database of the server."""
    cut: bool = True
    """Whether it comes with the end of every connection."""


INVISIBLE = "the tables are not visible: their schema was renamed or dropped, its USAGE was revoked"
STATES = (
    State(
        "no login",
        ("ALTER ROLE {role} NOLOGIN",),
        ("ALTER ROLE {role} LOGIN",),
        "28000",
        "the database does not let the server log in (28000)",
    ),
    State(
        "no connections to the database",
        ("ALTER DATABASE {db} ALLOW_CONNECTIONS false",),
        ("ALTER DATABASE {db} ALLOW_CONNECTIONS true",),
        "55000",
        "the database does not accept this now (55000)",
    ),
    State(
        "connection limit of the database",
        ("ALTER DATABASE {db} CONNECTION LIMIT 0",),
        ("ALTER DATABASE {db} CONNECTION LIMIT -1",),
        "53300",
        "the database has no connection left (53300)",
    ),
    State(
        "connection limit of the role",
        ("ALTER ROLE {role} CONNECTION LIMIT 0",),
        ("ALTER ROLE {role} CONNECTION LIMIT -1",),
        "53300",
        "the database has no connection left (53300)",
    ),
    State(
        "connect revoked",
        ("REVOKE CONNECT ON DATABASE {db} FROM PUBLIC, {role}",),
        ("GRANT CONNECT ON DATABASE {db} TO PUBLIC, {role}",),
        "42501",
        "a privilege on the database is missing (42501)",
    ),
    State(
        "insert revoked",
        ("REVOKE INSERT ON operations FROM {role}",),
        ("GRANT INSERT ON operations TO {role}",),
        "42501",
        "a privilege on the database is missing: INSERT and UPDATE on operations",
        inside=True,
        cut=False,
    ),
    State(
        "everything revoked",
        ("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",),
        ("GRANT ALL ON ALL TABLES IN SCHEMA public TO {role}",),
        "42501",
        "a privilege on the database is missing (42501)",
        inside=True,
        cut=False,
    ),
    State(
        "usage of the schema revoked",
        ("REVOKE USAGE, CREATE ON SCHEMA public FROM PUBLIC, {role}, pg_database_owner",),
        (
            "GRANT USAGE ON SCHEMA public TO PUBLIC, pg_database_owner",
            "GRANT CREATE ON SCHEMA public TO pg_database_owner",
        ),
        "42P01",
        INVISIBLE,
        inside=True,
        cut=False,
    ),
    State(
        "schema renamed",
        ("ALTER SCHEMA public RENAME TO elsewhere",),
        ("ALTER SCHEMA elsewhere RENAME TO public",),
        "42P01",
        INVISIBLE,
        inside=True,
        cut=False,
    ),
    State(
        "another search_path",
        ("ALTER ROLE {role} SET search_path = elsewhere",),
        ("ALTER ROLE {role} RESET search_path",),
        "42P01",
        INVISIBLE,
    ),
    State(
        "read-only role",
        ("ALTER ROLE {role} SET default_transaction_read_only = on",),
        ("ALTER ROLE {role} RESET default_transaction_read_only",),
        "25006",
        "the database is read-only (25006)",
    ),
    State(
        "read-only database",
        ("ALTER DATABASE {db} SET default_transaction_read_only = on",),
        ("ALTER DATABASE {db} RESET default_transaction_read_only",),
        "25006",
        "the database is read-only (25006)",
    ),
)
