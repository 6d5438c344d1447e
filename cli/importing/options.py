"""Options of both import commands."""

import codecs
import os
import re
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

from cli.importing.sources import STDIN
from cli.importing.times import MAX_UTC_OFFSET

DEFAULT_BATCH = 1_000
MAX_IN_FLIGHT = 32
OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)", re.ASCII)

Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...",
        help="Files, plain or gzip; - is standard input.",
    ),
]
Sets = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="FIELD=VALUE",
        help="The same value for every record, such as client=web or labels.workspaceId=blog.",
    ),
]
OrganizationName = Annotated[
    str | None,
    typer.Option(
        "--organization", "-o", help="Whose records they are. Default: the key's organization."
    ),
]
SourceName = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="NAME",
        help="Whose records these are, such as the name of a server. An equal line of the same "
        "source is the same call, in whatever file it stands; equal lines of one file are as many "
        "calls. Default: all files are one source. With a new name the same records are loaded "
        "once more.",
    ),
]
BatchItems = Annotated[
    int, typer.Option("--batch", min=1, max=10_000, metavar="N", help="Records in one call.")
]
InFlight = Annotated[
    int,
    typer.Option(min=1, max=MAX_IN_FLIGHT, metavar="N", help="Calls on their way at once."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Send nothing: show the first records, count the rest.")
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit with 1 where a line was malformed or rejected.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Say only what is wrong: no progress, no summary.")
]

Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        "-m",
        metavar="COLUMN=FIELD",
        help="What a column means, such as Tokens=llm.inputTokens or City=attributes.city. "
        "A wrong name is answered with all there are.",
    ),
]
ZoneName = Annotated[
    str | None,
    typer.Option(
        "--zone",
        "--timezone",
        metavar="ZONE",
        help="Of times that name none: UTC, Europe/Berlin or +01:00.",
    ),
]
TimeFormat = Annotated[
    str | None,
    typer.Option(
        metavar="FORM",
        help="Such as '%d.%m.%Y %H:%M'. Default: what databases and logs print (ISO 8601, names of "
        "months), or a number since 1970.",
    ),
]
ColumnNames = Annotated[
    str | None,
    typer.Option(metavar="A,B,C", help="Names of the columns of a file without a header."),
]
Delimiter = Annotated[
    str, typer.Option("--delimiter", "-d", metavar="CHARACTER", help="tab is a tab.")
]
Quote = Annotated[str, typer.Option(metavar="CHARACTER", help="Around cells.")]
Encoding = Annotated[str, typer.Option(help="Such as utf-8, latin-1, cp1252.")]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    files: list[Path]
    server: str
    key: str | None
    source: str | None
    batch: int
    in_flight: int
    dry_run: bool
    strict: bool
    quiet: bool


def check_files(files: list[Path]) -> None:
    problems = ["- stands for standard input, once"] if files.count(STDIN) > 1 else []
    for file in files:
        if file == STDIN:
            continue
        if not file.exists():
            problems.append(f"{file} does not exist")
        elif file.is_dir():
            problems.append(f"{file} is a folder: name the files in it")
        elif not os.access(file, os.R_OK):
            problems.append(f"{file} may not be read by this account")
    if problems:
        raise typer.BadParameter("; ".join(problems), param_hint="FILE...")


def parse_zone(name: str | None) -> tzinfo | None:
    if name is None:
        return None
    if match := OFFSET.fullmatch(name):
        sign, hours, minutes = match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        if offset <= MAX_UTC_OFFSET:
            return timezone(-offset if sign == "-" else offset)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise typer.BadParameter(
            f"{name!r} is not a zone such as UTC, Europe/Berlin or +01:00", param_hint="--zone"
        ) from None


def parse_time_format(form: str | None) -> str | None:
    if form is None:
        return None
    if "%Z" in form.replace("%%", ""):
        raise typer.BadParameter(
            f"{form!r}: names of zones such as EST mean several zones. Use %z for offsets, or leave "
            "the name out of the times and give --zone",
            param_hint="--time-format",
        )
    return form


def parse_encoding(name: str) -> str:
    """Return an encoding in which a line end is one byte."""
    try:
        found = codecs.lookup(name).name
        if "\n".encode(found) == b"\n":
            return found
    except (LookupError, ValueError):
        pass
    raise typer.BadParameter(
        f"{name!r} is not an encoding such as utf-8, latin-1 or cp1252", param_hint="--encoding"
    )


def parse_character(text: str, option: str) -> str:
    r"""Return one character; ``\t`` and ``tab`` mean a tab."""
    text = {"\\t": "\t", "tab": "\t"}.get(text, text)
    if len(text) != 1 or text in "\r\n":
        raise typer.BadParameter(f"{text!r} is not one character", param_hint=option)
    return text
