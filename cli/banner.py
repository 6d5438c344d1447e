"""What ``trackstore serve`` prints once it serves: where it is, and where to go next."""

from dataclasses import dataclass

from rich.text import Text

from cli.output import out
from server.access.key_requirement import Access
from server.settings.model import Settings
from server.version import VERSION

QUERY = '{"query": "{ operations(first: 3) { totalCount } }"}'
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # what to call where all are listened on
"""Addresses that listen everywhere, and how this machine calls itself."""


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs: its settings, the port it got, and whom it lets in."""

    settings: Settings
    port: int
    access: Access

    @property
    def url(self) -> str:
        """Where GraphQL is, as somebody on this machine reaches it."""
        host = self.settings.listen.host
        host = WILDCARDS.get(host, f"[{host}]" if ":" in host else host)
        return f"http://{host}:{self.port}/graphql"


def print_banner(running: Running) -> None:
    """Tell the person who started it."""
    settings = running.settings
    workers = f", {settings.listen.workers} workers" if settings.listen.workers > 1 else ""
    pages = [("Pages", running.url.removesuffix("graphql"))] if settings.api.dashboard else []
    lines = [
        *pages,
        ("GraphQL", f"{running.url}{workers}"),
        ("Database", settings.database.display_url),
        ("Access", _access(running)),
        ("Try", _curl(running)),
        (
            "Next",
            "trackstore demo sends lively sample traffic; trackstore doctor checks the set-up",
        ),
        ("Stop", "Ctrl-C"),
    ]
    out.print(Text(f"Trackstore {VERSION}", style="bold"))
    for name, value in lines:
        out.print(Text.assemble((f"  {name:<10}", "cyan"), value))


def _access(running: Running) -> str:
    if running.access is Access.KEYS:
        return "with an API key: trackstore keys create NAME"
    return "open to this machine, no key is asked for"


def _curl(running: Running) -> str:
    key = '-H "Authorization: Bearer $KEY" ' if running.access is Access.KEYS else ""
    return f"curl {running.url} {key}-H 'Content-Type: application/json' -d '{QUERY}'"
