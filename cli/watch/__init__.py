"""``trackstore watch``: one request, or all that are active, as they happen."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

import typer

from cli.api_client import (
    DEFAULT_SERVER,
    ApiClient,
    ServerKey,
    ServerUrl,
    require_scopes,
)
from cli.failures import REFUSED, CommandError
from cli.interruption import EXIT_CODE
from cli.output import out, say
from cli.watch.connection import Json
from cli.watch.documents import FIND
from cli.watch.options import After, All, AsJson, Away, Named, Organization, Type
from cli.watch.running import Target, watch_all, watch_one
from cli.watch.words import span, why

EPILOG = (
    "Examples: trackstore watch 01a1f84a-95c0-7000-8000-000000000002; "
    "trackstore watch lesson-7 --json | jq .type; "
    "trackstore watch lesson-7 && echo published; "
    "trackstore watch --all --organization acme --type lesson. "
    "In a pipe it prints a line per event, of one request from its first event on. "
    "Exit codes: 0 completed, 1 refused or the server stayed away, 2 the command line is wrong, "
    "3 the request failed, 4 it was cancelled, 130 Ctrl-C."
)
OUTCOMES = {"COMPLETED": 0, "FAILED": 3, "CANCELLED": 4}
"""The exit code of each final state."""
LAST_EVENTS = 20
"""Events that a screen begins with."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked of requests, with ``--all``."""

    organization: str | None
    type: str | None

    def where(self, type_field: str) -> Json:
        """As a filter of the API, which calls the type by one name or another."""
        given = {"organizationId": self.organization, type_field: self.type}
        return {name: {"eq": value} for name, value in given.items() if value is not None}


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
    """Watch a request until it ends, or all that are active: stages, progress and events, live."""
    filters = Filters(organization, type)
    if (request is None) != watch_every:
        raise typer.BadParameter("name a request, or watch --all", param_hint="REQUEST_ID")
    if request is not None and filters != Filters(None, None):
        raise typer.BadParameter("is for --all", param_hint="--organization, --type")
    target = Target(server, key, away, as_json, draws=out.is_terminal and not as_json)
    if request is None:
        _watch_all(target, filters, after)
    else:
        _watch_one(target, request, after)


def _watch_one(target: Target, name: str, after: str | None) -> None:
    seq = None if after is None else _seq(after)
    client = ApiClient(target.server, target.key)
    try:
        viewer = client.viewer()
        require_scopes(viewer, "READ")
        found = _find(client, name, viewer["organizationId"])
    finally:
        client.close()
    if seq is not None and seq > found["lastSeq"]:
        raise CommandError(
            f"--after {seq}: the log of this request has {found['lastSeq']:,} events yet"
        )
    try:
        ended = asyncio.run(watch_one(target, found, seq))
    except KeyboardInterrupt:
        say(f"stopped watching; the request {found['uuid']} goes on")
        raise typer.Exit(EXIT_CODE) from None
    if not target.draws:
        took = "" if ended["durationMs"] is None else f" after {span(ended['durationMs'] / 1_000)}"
        reason = why(ended)
        say(f"{ended['status']}{took}{f': {reason}' if reason else ''}")
    raise typer.Exit(OUTCOMES.get(ended["status"], REFUSED))


def _watch_all(target: Target, filters: Filters, after: str | None) -> None:
    client = ApiClient(target.server, target.key)
    try:
        require_scopes(client.viewer(), "READ")
        asyncio.run(
            watch_all(target, client, filters.where("type"), filters.where("requestType"), after)
        )
    except KeyboardInterrupt:
        say("stopped watching")
        raise typer.Exit(EXIT_CODE) from None
    finally:
        client.close()


def _find(client: ApiClient, name: str, organization: str | None) -> Json:
    """The request of that id, or the newest of that correlation id."""
    asked = [{"correlationId": name}]
    if _is_uuid(name):
        asked.insert(0, {"id": name})
    for one in asked:
        found: Json | None = client.call(FIND, {**one, "last": LAST_EVENTS})["request"]
        if found is not None:
            return found
    within = f" in {organization}" if organization else ""
    raise CommandError(
        f"there is no request with the id or correlation id {name!r}{within}: "
        "`trackstore watch --all` shows those that are active"
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
    raise typer.BadParameter(f"{text!r} is no seq such as 7", param_hint="--after")
