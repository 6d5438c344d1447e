"""Settings of the database: its address, checked, as people write it and as the driver takes it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from server.redaction import hide_password
from server.settings.values import Switch

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
    """Return the address with the driver that the server uses."""
    url = make_url(address)
    url = url.set(drivername=DRIVERS[url.get_backend_name()])
    # libpq's name of the parameter; the driver's own takes the same values.
    mode = url.query.get("sslmode")
    if mode is None:
        return url
    return url.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})


DatabaseUrl = Annotated[str, AfterValidator(usable_address)]


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """The database by its address, and who migrates it."""

    url: Annotated[
        DatabaseUrl,
        Field(
            validation_alias="database_url",
            description="The database: sqlite:///FILE or postgresql://USER@HOST/NAME. With a password in "
            "it (USER:PASSWORD@), give it in the environment rather than on a command line.",
        ),
    ] = "sqlite:///trackstore.db"
    migrate_on_start: Annotated[
        Switch,
        Field(
            description="Whether `serve` brings the tables up to date; auto does on SQLite, and leaves "
            "it to `trackstore migrate` elsewhere.",
        ),
    ] = "auto"

    @property
    def parsed_url(self) -> URL:
        """Return the address with the driver the server uses."""
        return with_driver(self.url)

    @property
    def url_with_driver(self) -> str:
        return self.parsed_url.render_as_string(hide_password=False)

    @property
    def display_url(self) -> str:
        """Return the address as it was given, without its password."""
        return hide_password(self.url)

    @property
    def file(self) -> Path | None:
        """Return the file of the embedded database; None where the database is a server."""
        url = self.parsed_url
        return Path(str(url.database)) if url.get_backend_name() == "sqlite" else None

    @property
    def migrates_on_start(self) -> bool:
        if self.migrate_on_start == "auto":
            return self.file is not None
        return self.migrate_on_start == "yes"
