"""Message that ``trackstore serve`` prints when it is ready."""

from dataclasses import dataclass

from rich.text import Text

from cli.output import out
from server.access.key_requirement import Access
from server.settings.model import Settings
from server.version import VERSION

QUERY = '{"query": "{ operations(first: 3) { totalCount } }"}'
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
"""Wildcard addresses, and the address to call on this machine instead."""


@dataclass(frozen=True, slots=True)
class StartedServer:
    settings: Settings
    port: int
    access: Access

    @property
    def url(self) -> str:
        host = self.settings.listen.host
        host = WILDCARDS.get(host, f"[{host}]" if ":" in host else host)
        return f"http://{host}:{self.port}/graphql"


def print_banner(started_server: StartedServer) -> None:
    settings = started_server.settings
    workers = f", {settings.listen.workers} workers" if settings.listen.workers > 1 else ""
    pages = (
        [("Pages", started_server.url.removesuffix("graphql"))] if settings.api.dashboard else []
    )
    lines = [
        *pages,
        ("GraphQL", f"{started_server.url}{workers}"),
        ("Database", settings.database.display_url),
        ("Access", _access(started_server)),
        ("Try", _curl(started_server)),
        (
            "Next",
            "trackstore demo sends sample traffic; trackstore doctor checks the setup",
        ),
        ("Stop", "Ctrl-C"),
    ]
    out.print(Text(f"Trackstore {VERSION}", style="bold"))
    for name, value in lines:
        out.print(Text.assemble((f"  {name:<10}", "cyan"), value))


def _access(started_server: StartedServer) -> str:
    if started_server.access is Access.KEYS:
        return "with an API key: trackstore keys create NAME"
    return "open to this machine, no API key required"


def _curl(started_server: StartedServer) -> str:
    key = '-H "Authorization: Bearer $KEY" ' if started_server.access is Access.KEYS else ""
    return f"curl {started_server.url} {key}-H 'Content-Type: application/json' -d '{QUERY}'"
