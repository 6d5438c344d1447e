"""``trackstore demo``: lively synthetic traffic for a running server, through its public API."""

import random
import re
import time
from typing import Annotated

import typer

from cli.demo import names
from cli.demo.board import Board, print_total
from cli.demo.play import Play
from cli.demo.scene import Scene
from cli.demo.scenery import build
from cli.interruption import Interruption
from cli.output import say, warn
from cli.remote import DEFAULT_SERVER, RemoteClient, ServerKey, ServerUrl

MOST_RATE = 500.0
"""Beyond this a load generator is the better tool: this one shows what the server can hold."""
SPAN = re.compile(r"(\d{1,7}(?:\.\d{1,3})?)\s*([smh]?)")
UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600}


def demo(
    server: ServerUrl = DEFAULT_SERVER,
    key: ServerKey = None,
    rate: Annotated[
        float,
        typer.Option(
            "--rate",
            "-r",
            min=0.1,
            max=MOST_RATE,
            help="Arrivals per second; each makes one call or several.",
        ),
    ] = 20.0,
    duration: Annotated[
        str | None,
        typer.Option("--duration", "-d", metavar="30s|5m|2h", help="Default: until Ctrl-C."),
    ] = None,
    organizations: Annotated[
        int,
        typer.Option(
            "--organizations",
            "-o",
            min=1,
            max=names.MOST_ORGANIZATIONS,
            help="How many invented organizations; one with a key that is bound to one.",
        ),
    ] = 2,
    seed: Annotated[int | None, typer.Option(help="The same play again, with new ids.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only the last line.")] = False,
) -> None:
    """Send lively invented traffic: requests in stages, tools, chats, API calls, limits, an outage."""
    seconds = parse_duration(duration)
    scene = Scene(random.Random(seed))  # noqa: S311 invented traffic hides nothing
    started = time.monotonic()
    with (
        Interruption() as interruption,
        RemoteClient(server, key, stop=interruption.wished) as remote,
    ):
        chosen = prepare(remote, organizations, rate)
        play = Play(remote, scene, chosen)
        if not quiet:
            say(f"{', '.join(chosen)} at {remote.target.url}; Ctrl-C stops it")
        with Board(scene, quiet) as board:
            play.run(rate, seconds, interruption, board.tell)
        play.close()
    print_total(scene, time.monotonic() - started)


def prepare(remote: RemoteClient, count: int, rate: float) -> list[str]:
    """The organizations it plays in, with their prices and limits where the key may set them."""
    viewer = remote.viewer("INGEST")
    bound = viewer.organization_id
    if bound is not None and count > 1:
        say(f"the key is bound to {bound}: everything happens there")
    chosen = [bound] if bound is not None else organization_names(count)
    if {"MANAGE", "ADMIN"} & viewer.scopes:
        build(remote, chosen, rate)
    else:
        warn("without the scope MANAGE no prices and limits are set: nothing will be denied")
    return chosen


def organization_names(count: int) -> list[str]:
    """So many names; behind the last one they go on with a number."""
    known = names.ORGANIZATIONS
    return [
        known[index % len(known)] + (f"-{index // len(known) + 1}" if index >= len(known) else "")
        for index in range(count)
    ]


def parse_duration(text: str | None) -> float | None:
    """Seconds of 30, 30s, 5m or 2h."""
    if text is None:
        return None
    match = SPAN.fullmatch(text.strip().lower())
    if match is None or float(match[1]) == 0:
        raise typer.BadParameter(
            f"{text!r} is not a duration such as 30s, 5m or 2h", param_hint="--duration"
        )
    return float(match[1]) * UNITS[match[2]]
