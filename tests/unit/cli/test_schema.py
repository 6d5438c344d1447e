"""``trackstore schema``: printed, written, compared."""

from pathlib import Path

from graphql import build_schema

from tests.unit.cli.conftest import Run


def test_it_is_printed_as_it_is_committed(run: Run) -> None:
    result = run("schema")
    assert result.exit_code == 0
    assert build_schema(result.stdout).mutation_type is not None
    check = run("schema", "--check")
    assert check.exit_code == 0, check.stdout


def test_what_is_written_is_what_is_compared(run: Run, own_folder: Path) -> None:
    file = own_folder / "s.graphql"
    assert run("schema", "--output", str(file)).exit_code == 0
    assert run("schema", "--check", "--output", str(file)).exit_code == 0


def test_a_stale_file_is_1_with_the_difference(run: Run, own_folder: Path) -> None:
    file = own_folder / "s.graphql"
    run("schema", "--output", str(file))
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("type Mutation {", "type Mutations {"), encoding="utf-8")
    result = run("schema", "--check", "--output", str(file))
    assert result.exit_code == 1
    assert "-type Mutations {" in result.stdout
    assert "+type Mutation {" in result.stdout
    assert "make sdl" in result.stderr


def test_a_missing_file_is_1(run: Run) -> None:
    result = run("schema", "--check", "--output", "nothing.graphql")
    assert result.exit_code == 1
    assert "error: nothing.graphql does not exist" in result.stderr


def test_a_place_that_cannot_be_written_is_1(run: Run) -> None:
    result = run("schema", "--output", "no/such/folder/s.graphql")
    assert result.exit_code == 1
    assert "error: no/such/folder/s.graphql: No such file or directory" in result.stderr
