"""The address of a database as people write it, checked, and as the driver takes it."""

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
}
DATABASES = {"sqlite": ("SQLite", (3, 35)), "postgresql": ("PostgreSQL", (15,))}
"""What people call them, and the oldest version of each that knows all statements used here."""
URL_FORMS = "sqlite:///trackstore.db or postgresql://USER:PASSWORD@HOST/NAME"
SERVER_PARAMETERS = {
    "gsslib",
    "host",
    "krbsrvname",
    "passfile",
    "port",
    "prepared_statement_cache_size",
    "ssl",
    "sslmode",
    "target_session_attrs",
}
"""What may stand behind the ``?`` of a PostgreSQL address; the driver refuses everything else."""


def usable_address(value: str) -> str:
    """``value``; raises ``ValueError`` for what the driver would refuse later and less clearly."""
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):
        raise ValueError(
            f"that is not the URL of a database. Write {URL_FORMS}; characters such as @ : / # "
            "in a password are percent-encoded, @ as %40"
        ) from None
    backend = url.get_backend_name()
    if backend not in DRIVERS or url.drivername not in (backend, DRIVERS[backend]):
        raise ValueError(f"{url.drivername} is not supported. Write {URL_FORMS}")
    if backend == "sqlite":
        if url.database in (None, "", ":memory:"):
            raise ValueError(
                "a database in memory ends with its connection. Name a file, "
                "sqlite:///trackstore.db"
            )
        return value
    if "@" in f"{url.host}{url.database}":
        raise ValueError("it has a second @. In a password, write %40 for it")
    if strange := sorted(set(url.query) - SERVER_PARAMETERS):
        raise ValueError(
            f"the driver does not know the parameter {', '.join(strange)}. Leave it out; "
            f"known are {', '.join(sorted(SERVER_PARAMETERS))}"
        )
    return value


def with_driver(address: str) -> URL:
    """The address with the driver the server uses."""
    url = make_url(address)
    url = url.set(drivername=DRIVERS[url.get_backend_name()])
    # libpq's name of the parameter; the driver's own takes the same values.
    mode = url.query.get("sslmode")
    if mode is None:
        return url
    return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
