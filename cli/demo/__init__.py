"""``trackstore demo``: synthetic traffic through the public API of a running server."""

import random
import re
import time
from typing import Annotated

import typer

from cli.demo import sample_data
from cli.demo.generator import TrafficGenerator
from cli.demo.prices_and_limits import set_prices_and_limits
from cli.demo.simulation import Simulation
from cli.demo.status_line import StatusLine, print_total
from cli.interrupts import Interrupts
from cli.output import say, warn
from cli.remote import DEFAULT_SERVER, RemoteClient, ServerKey, ServerUrl

MAX_RATE = 500.0
"""Use a load generator for higher rates."""
DURATION = re.compile(r"(\d{1,7}(?:\.\d{1,3})?)\s*([smh]?)")
UNIT_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600}


def demo(
    server: ServerUrl = DEFAULT_SERVER,
    key: ServerKey = None,
    rate: Annotated[
        float,
        typer.Option(
            "--rate",
            "-r",
            min=0.1,
            max=MAX_RATE,
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
            max=sample_data.MAX_ORGANIZATIONS,
            help="Number of synthetic organizations. One if the key is bound to an organization.",
        ),
    ] = 2,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the random traffic. Ids differ in each run.")
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print only the last line.")] = False,
) -> None:
    """Send synthetic traffic: requests in stages, tools, chats, API calls, limits, an outage."""
    seconds = parse_duration(duration)
    simulation = Simulation(random.Random(seed))  # noqa: S311 invented traffic hides nothing
    started = time.monotonic()
    with (
        Interrupts() as interrupts,
        RemoteClient(server, key, stop=interrupts.requested) as remote,
    ):
        names = prepare(remote, organizations, rate)
        generator = TrafficGenerator(remote, simulation, names)
        if not quiet:
            say(f"{', '.join(names)} at {remote.target.url}; Ctrl-C stops it")
        with StatusLine(simulation, quiet) as status_line:
            generator.run(rate, seconds, interrupts, status_line.update)
        generator.close()
    print_total(simulation, time.monotonic() - started)


def prepare(remote: RemoteClient, count: int, rate: float) -> list[str]:
    """Return the organizations; set their prices and limits if the key may do so."""
    viewer = remote.viewer("INGEST")
    bound = viewer.organization_id
    if bound is not None and count > 1:
        say(f"the key is bound to {bound}: all traffic is sent there")
    names = [bound] if bound is not None else organization_names(count)
    if {"MANAGE", "ADMIN"} & viewer.scopes:
        set_prices_and_limits(remote, names, rate)
    else:
        warn("without the scope MANAGE no prices and limits are set, and nothing is denied")
    return names


def organization_names(count: int) -> list[str]:
    base_names = sample_data.ORGANIZATIONS
    return [
        base_names[index % len(base_names)]
        + (f"-{index // len(base_names) + 1}" if index >= len(base_names) else "")
        for index in range(count)
    ]


def parse_duration(text: str | None) -> float | None:
    """Return the seconds of 30, 30s, 5m or 2h."""
    if text is None:
        return None
    match = DURATION.fullmatch(text.strip().lower())
    if match is None or float(match[1]) == 0:
        raise typer.BadParameter(
            f"{text!r} is not a duration such as 30s, 5m or 2h", param_hint="--duration"
        )
    return float(match[1]) * UNIT_SECONDS[match[2]]
