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
        help="Constant value for every record, such as client=web or labels.workspaceId=blog.",
    ),
]
OrganizationName = Annotated[
    str | None,
    typer.Option(
        "--organization",
        "-o",
        help="Organization of the records. Default: the organization of the key.",
    ),
]
SourceName = Annotated[
    str | None,
    typer.Option(
        "--source",
        metavar="NAME",
        help="Source of the records, such as the name of a server. An equal line of the same source "
        "is the same call, in whichever file it is; equal lines of one file are different calls. "
        "Default: all files are one source. With a new name the same records are imported again.",
    ),
]
BatchItems = Annotated[
    int,
    typer.Option(
        "--batch", min=1, max=10_000, metavar="N", help="Maximum number of records in one call."
    ),
]
InFlight = Annotated[
    int,
    typer.Option(min=1, max=MAX_IN_FLIGHT, metavar="N", help="Maximum number of concurrent calls."),
]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Send nothing; print the first records and count the rest."),
]
Strict = Annotated[
    bool, typer.Option("--strict", help="Exit with 1 if a line was malformed or rejected.")
]
Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Print problems only: no progress, no summary.")
]

Maps = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        "-m",
        metavar="COLUMN=FIELD",
        help="Field of a column, such as Tokens=llm.inputTokens or City=attributes.city. "
        "An unknown name prints all fields.",
    ),
]
ZoneName = Annotated[
    str | None,
    typer.Option(
        "--zone",
        "--timezone",
        metavar="ZONE",
        help="Time zone of times without one: UTC, Europe/Berlin or +01:00.",
    ),
]
TimeFormat = Annotated[
    str | None,
    typer.Option(
        metavar="FORM",
        help="Such as '%d.%m.%Y %H:%M'. Default: the formats of databases and logs (ISO 8601, names "
        "of months), or a number since 1970.",
    ),
]
ColumnNames = Annotated[
    str | None,
    typer.Option(metavar="A,B,C", help="Column names of a file without a header."),
]
Delimiter = Annotated[
    str,
    typer.Option(
        "--delimiter", "-d", metavar="CHARACTER", help="Separator of cells; tab for a tab."
    ),
]
Quote = Annotated[str, typer.Option(metavar="CHARACTER", help="Quote around cells.")]
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
    problems = ["- (standard input) can be used only once"] if files.count(STDIN) > 1 else []
    for file in files:
        if file == STDIN:
            continue
        if not file.exists():
            problems.append(f"{file} does not exist")
        elif file.is_dir():
            problems.append(f"{file} is a folder; pass the files in it")
        elif not os.access(file, os.R_OK):
            problems.append(f"{file} cannot be read by this account")
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
            f"{form!r}: names such as EST are ambiguous. Use %z for offsets, or remove the name "
            "from the times and set --zone",
            param_hint="--time-format",
        )
    return form


def parse_encoding(name: str) -> str:
    """Return an encoding in which a line end is one byte."""
    try:
        encoding = codecs.lookup(name).name
        if "\n".encode(encoding) == b"\n":
            return encoding
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
