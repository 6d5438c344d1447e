"""``trackstore schema``: prints, writes or compares the GraphQL schema."""

import difflib
from pathlib import Path
from typing import Annotated

import typer

import schema as vocabulary
from cli.errors import EXIT_FAILURE, CommandError
from cli.output import complain, done, out
from server.graphql.schema import schema_sdl

COMMITTED = Path(vocabulary.__file__).parent / "schema.graphql"


def schema(
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the schema to a file."),
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Compare the schema with schema/schema.graphql; exit with 1 if they differ.",
        ),
    ] = False,
) -> None:
    """Print the GraphQL schema of this version, for code generators of clients."""
    text = schema_sdl().rstrip("\n") + "\n"
    if check:
        compare(text, output or COMMITTED)
    elif output is not None:
        output.write_text(text, encoding="utf-8")
        done(f"wrote {output}")
    else:
        out.file.write(text)


def compare(text: str, file: Path) -> None:
    try:
        committed = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CommandError(f"{file} does not exist. Run `make sdl` to create it.") from None
    if committed == text:
        done(f"{file.name} is up to date")
        return
    difference = difflib.unified_diff(
        committed.splitlines(keepends=True), text.splitlines(keepends=True), file.name, "the code"
    )
    out.file.writelines(difference)
    complain(f"{file.name} differs from the code. Run `make sdl` to update it.")
    raise typer.Exit(EXIT_FAILURE)
