"""``trackstore keys``: create, list and revoke API keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

import typer
from rich.text import Text

from cli.database import OPERATOR, update_tables, with_store
from cli.expiry import parse_expiry
from cli.output import done, out, print_table, say
from cli.setting_options import DatabaseUrl
from models.enums import AccessScope
from server.access.key_requirement import Access
from server.settings.model import Settings, load_settings
from store.auth.access import EVERY_ORGANIZATION, TenantBounds
from store.database import Row
from store.ids import utc_now

DEFAULT_SCOPES = (AccessScope.INGEST, AccessScope.READ)

app = typer.Typer(help="Create, list and revoke API keys.", no_args_is_help=True)


@dataclass(slots=True)
class NewKey:
    name: str
    scopes: Sequence[AccessScope]
    organization_id: str | None
    namespace_id: str | None
    workspace_id: str | None
    expires_at: datetime | None


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Name of the key, shown in lists and logs.")],
    organization: Annotated[
        str | None,
        typer.Option("--organization", "-o", help="Bind the key to this organization."),
    ] = None,
    all_organizations: Annotated[
        bool,
        typer.Option(
            "--all-organizations", help="Bind the key to no organization: for administrators."
        ),
    ] = False,
    scope: Annotated[
        list[AccessScope] | None,
        typer.Option(
            "--scope",
            "-s",
            case_sensitive=False,
            help="Scope of the key; repeat it for several. Default: INGEST and READ.",
        ),
    ] = None,
    namespace: Annotated[str | None, typer.Option(help="Bind the key to this namespace.")] = None,
    workspace: Annotated[str | None, typer.Option(help="Bind the key to this workspace.")] = None,
    expires: Annotated[
        str | None, typer.Option(metavar="90d|DATE", help="When the key expires. Default: never.")
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Print the key and nothing else.")
    ] = False,
    database_url: DatabaseUrl = None,
) -> None:
    """Create a key. It is printed once: only a digest of it is stored."""
    if organization is not None and all_organizations:
        raise typer.BadParameter("--organization and --all-organizations exclude each other")
    settings = _settings(database_url)
    draft = NewKey(
        name=name,
        scopes=scope or DEFAULT_SCOPES,
        organization_id=EVERY_ORGANIZATION
        if all_organizations
        else organization or settings.access.default_organization,
        namespace_id=namespace,
        workspace_id=workspace,
        expires_at=_expiry(expires),
    )
    row, secret = with_store(settings, lambda store: store.keys.create(draft, OPERATOR))
    out.print(secret, markup=False)
    if not quiet:
        _explain(row, settings)


@app.command("list")
def list_keys(
    organization: Annotated[
        str | None, typer.Option("--organization", "-o", help="Only keys of this organization.")
    ] = None,
    database_url: DatabaseUrl = None,
) -> None:
    """List the keys, newest first; their secrets are not shown."""
    settings = _settings(database_url)
    rows = with_store(settings, lambda store: store.key_list.list_keys(TenantBounds(organization)))
    if not rows:
        owner = f" of {organization}" if organization else ""
        say(f"There are no keys{owner}. Create one: trackstore keys create NAME --scope INGEST")
        return
    now = utc_now()
    columns = ("id", "name", "organization", "scopes", "key", "created", "expires", "state")
    print_table(columns, [_line(row, now) for row in rows])


@app.command()
def revoke(
    id: Annotated[UUID, typer.Argument(help="Id of the key, as `trackstore keys list` shows it.")],
    database_url: DatabaseUrl = None,
) -> None:
    """Revoke a key permanently; its open streams end."""
    settings = _settings(database_url)
    row, _ = with_store(settings, lambda store: store.keys.revoke(id, OPERATOR))
    done(
        f"{row['name']} is revoked. Servers refuse it within {settings.credentials.key_cache_seconds:g} s"
    )


def _settings(database_url: str | None) -> Settings:
    settings = load_settings(database_url=database_url)
    update_tables(settings)
    return settings


def _expiry(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return parse_expiry(text, utc_now())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--expires") from None


def _explain(row: Row, settings: Settings) -> None:
    ends = row["expires_at"]
    until = f", until {ends:%Y-%m-%d %H:%M} UTC" if ends else ""
    done(f"{row['name']}: {', '.join(row['scopes'])} for {_bound_to(row)}{until}")
    say("Store the key now, it is not shown again. Send it with every request:")
    say("  Authorization: Bearer <the key>")
    host = f"[{settings.listen.host}]" if ":" in settings.listen.host else settings.listen.host
    say(f"  to http://{host}:{settings.listen.port}/graphql")
    if settings.access.policy is Access.AUTO:
        say("A server that runs without keys requires them from its next start.")


def _bound_to(row: Row) -> str:
    if row["organization_id"] == EVERY_ORGANIZATION:
        return "all organizations"
    parts = [row["organization_id"], row["namespace_id"], row["workspace_id"]]
    return " / ".join(part for part in parts if part)


def _line(row: Row, now: datetime) -> list[str | Text]:
    state = Text("active", "green")
    if row["expires_at"] is not None and row["expires_at"] <= now:
        state = Text("expired", "yellow")
    if row["revoked_at"] is not None:
        state = Text("revoked", "red")
    return [
        str(row["id"]),
        row["name"],
        _bound_to(row),
        ", ".join(row["scopes"]),
        f"...{row['hint']}",
        f"{row['created_at']:%Y-%m-%d %H:%M}",
        f"{row['expires_at']:%Y-%m-%d %H:%M}" if row["expires_at"] else "never",
        state,
    ]
