"""``trackstore watch``: one request, or all active requests, live."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import typer

from cli.errors import EXIT_FAILURE, CommandError
from cli.interrupts import EXIT_INTERRUPTED
from cli.output import out, say
from cli.remote import DEFAULT_SERVER, RemoteClient, ServerKey, ServerUrl
from cli.watch.descriptions import duration_text, failure_reason
from cli.watch.documents import REQUEST
from cli.watch.options import After, All, AsJson, Away, Named, Organization, Type
from cli.watch.runner import WatchOptions, watch_all, watch_request
from trackstore.calls import Json

EPILOG = (
    "Examples: trackstore watch 01a1f84a-95c0-7000-8000-000000000002; "
    "trackstore watch lesson-7 --json | jq .type; "
    "trackstore watch lesson-7 && echo published; "
    "trackstore watch --all --organization acme --type lesson. "
    "In a pipe it prints a line per event, for one request from its first event on. "
    "Exit codes: 0 completed, 1 refused or server unavailable, 2 invalid command line, "
    "3 the request failed, 4 it was cancelled, 130 Ctrl-C."
)
EXIT_CODES = {"COMPLETED": 0, "FAILED": 3, "CANCELLED": 4}
"""Exit code of each final status."""
INITIAL_EVENTS = 20
"""Number of past events on a new screen."""


@dataclass(frozen=True, slots=True)
class Filters:
    organization: str | None
    type: str | None

    def where(self, type_field: str) -> Json:
        """Return a filter of the API, in which ``type_field`` is the name of the type."""
        values = {"organizationId": self.organization, type_field: self.type}
        return {name: {"eq": value} for name, value in values.items() if value is not None}


def watch(
    request: Named = None,
    watch_every: All = False,
    organization: Organization = None,
    type: Type = None,
    after: After = None,
    as_json: AsJson = False,
    away: Away = 300.0,
    server: ServerUrl = DEFAULT_SERVER,
    key: ServerKey = None,
) -> None:
    """Watch a request until it ends, or all active requests: stages, progress and events, live."""
    filters = Filters(organization, type)
    if (request is None) != watch_every:
        raise typer.BadParameter("name a request, or use --all", param_hint="REQUEST_ID")
    if request is not None and filters != Filters(None, None):
        raise typer.BadParameter("requires --all", param_hint="--organization, --type")
    options = WatchOptions(away, as_json, on_screen=out.is_terminal and not as_json)
    with RemoteClient(server, key) as remote:
        if request is None:
            _watch_all(remote, options, filters, after)
        else:
            _watch_one(remote, options, request, after)


def _watch_one(remote: RemoteClient, options: WatchOptions, name: str, after: str | None) -> None:
    seq = None if after is None else _seq(after)
    viewer = remote.viewer("READ")
    request = _request(remote, name, viewer.organization_id)
    if seq is not None and seq > request["lastSeq"]:
        raise CommandError(
            f"--after {seq}: the log of this request has {request['lastSeq']:,} events so far"
        )
    try:
        final = asyncio.run(watch_request(remote.target, options, request, seq))
    except KeyboardInterrupt:
        say(f"stopped watching; the request {request['uuid']} continues")
        raise typer.Exit(EXIT_INTERRUPTED) from None
    if not options.on_screen:
        duration = final["durationMs"]
        after_span = "" if duration is None else f" after {duration_text(duration / 1_000)}"
        reason = failure_reason(final)
        say(f"{final['status']}{after_span}{f': {reason}' if reason else ''}")
    raise typer.Exit(EXIT_CODES.get(final["status"], EXIT_FAILURE))


def _watch_all(
    remote: RemoteClient, options: WatchOptions, filters: Filters, after: str | None
) -> None:
    remote.viewer("READ")
    requests, events = filters.where("type"), filters.where("requestType")
    try:
        asyncio.run(watch_all(remote, options, requests, events, after))
    except KeyboardInterrupt:
        say("stopped watching")
        raise typer.Exit(EXIT_INTERRUPTED) from None


def _request(remote: RemoteClient, name: str, organization: str | None) -> Json:
    keys: list[Mapping[str, Any]] = [{"correlationId": name}]
    if _is_uuid(name):
        keys.insert(0, {"id": name})
    for key in keys:
        request: Json | None = remote.query(REQUEST, {**key, "last": INITIAL_EVENTS})["request"]
        if request is not None:
            return request
    within = f" in {organization}" if organization else ""
    raise CommandError(
        f"there is no request with the id or correlation id {name!r}{within}. "
        "`trackstore watch --all` shows the active requests."
    )


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _seq(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    raise typer.BadParameter(f"{text!r} is not a seq such as 7", param_hint="--after")
