"""An import against a stand-in for the server: batches, refusals, and how it stops."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli import app
from cli.importing import pipeline
from tests.unit.cli.importing.conftest import ACCESS_LOG, summary
from tests.unit.cli.importing.loopback import Reply, Script, refused, stand_in, tracked

VIEWER: Reply = (
    200,
    {},
    {
        "data": {
            "viewer": {
                "name": "k",
                "scopes": ["INGEST"],
                "organizationId": None,
                "homeOrganizationId": "default",
            }
        }
    },
)


def run(script: Script, *arguments: object) -> Result:
    """Import the shipped log; the script answers for its batches."""

    def whole(asked: dict[str, Any], headers: dict[str, str]) -> Reply | None:
        return VIEWER if "viewer" in asked["query"] else script(asked, headers)

    with stand_in(whole) as url:
        words = ["import", "access-log", *map(str, arguments or (ACCESS_LOG,)), "--server", url]
        return CliRunner().invoke(app, words, catch_exceptions=False)


def test_batches_have_the_size_that_was_asked_for() -> None:
    sizes: list[int] = []

    def script(asked: dict[str, Any], _: object) -> Reply:
        sizes.append(len(asked["variables"]["operations"]))
        return tracked(asked)

    result = run(script, ACCESS_LOG, "--batch", 4)
    assert sorted(sizes) == [1, 4, 4]
    assert result.exit_code == 0
    assert summary(result)["accepted"] == 9


def test_a_batch_that_is_too_large_is_parted(monkeypatch: pytest.MonkeyPatch) -> None:
    def script(asked: dict[str, Any], _: object) -> Reply:
        if len(asked["variables"]["operations"]) > 2:
            return refused("the body is larger than 1 bytes", "BAD_USER_INPUT", 413)
        return tracked(asked)

    assert summary(run(script))["accepted"] == 9
    monkeypatch.setattr(pipeline, "MAX_BATCH_BYTES", 300)
    sizes: list[int] = []

    def count(asked: dict[str, Any], _: object) -> Reply:
        sizes.append(len(asked["variables"]["operations"]))
        return tracked(asked)

    assert summary(run(count))["accepted"] == 9
    assert max(sizes) < 9


def test_refusals_are_shown_with_their_lines_and_counted() -> None:
    def script(asked: dict[str, Any], _: object) -> Reply:
        found = {"code": "BAD_USER_INPUT", "message": "too new", "path": ["occurredAt"]}
        results = [{"index": 0, **found}, {"index": 8, **found}]
        return tracked(asked, accepted=6, duplicates=1, rejected=2, results=results)  # type: ignore[arg-type]  # as it comes

    result = run(script)
    assert result.exit_code == 0
    assert f"{ACCESS_LOG}:1: BAD_USER_INPUT: too new" in result.stderr
    assert f"{ACCESS_LOG}:12: BAD_USER_INPUT: too new" in result.stderr
    assert "2 rejected with BAD_USER_INPUT at occurredAt" in result.stdout
    assert summary(result)["rejected"] == 2
    assert run(script, ACCESS_LOG, "--strict").exit_code == 1


def test_a_server_that_refuses_all_stops_it_with_where() -> None:
    calls = []

    def script(asked: dict[str, Any], _: object) -> Reply:
        calls.append(asked)
        if len(calls) > 1:
            return refused("the key is revoked", "UNAUTHENTICATED", 401)
        return tracked(asked)

    result = run(script, ACCESS_LOG, "--batch", 3, "--in-flight", 1)
    assert result.exit_code == 1
    assert (
        "error: the key is revoked (set an API key with TRACKSTORE_API_KEY or --key)"
        in result.stderr
    )
    assert f"stopped at {ACCESS_LOG}:3. Run the same command again to continue" in result.stderr
    assert summary(result)["accepted"] == 3
    assert summary(result)["unsent"] == summary(result)["lines read"] - 3 - summary(result).get(
        "malformed", 0
    )


def test_a_key_without_the_scope_is_refused_before_anything_is_sent() -> None:
    body: Any = json.loads(json.dumps(VIEWER[2]))
    body["data"]["viewer"]["scopes"] = ["READ"]
    with stand_in(lambda *_: (200, {}, body)) as url:
        words = ["import", "access-log", str(ACCESS_LOG), "--server", url]
        result = CliRunner().invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 1
    assert "error: the key k lacks the scope INGEST" in result.stderr


def test_a_dry_run_needs_no_server() -> None:
    words = ["import", "access-log", "--dry-run", str(ACCESS_LOG)]
    result = CliRunner().invoke(
        app, [*words, "--server", "http://127.0.0.1:1"], catch_exceptions=False
    )
    assert result.exit_code == 0
    assert '"name": "GET /guide"' in result.stdout
    assert result.stdout.count('"kind": "API"') == 3
    assert "dry run: 11 lines read, 9 would be sent, 2 malformed" in result.stdout


def test_quiet_says_only_what_is_wrong(tmp_path: Path) -> None:
    good = tmp_path / "good.log"
    good.write_bytes(ACCESS_LOG.read_bytes().splitlines(keepends=True)[0])
    result = run(lambda asked, _: tracked(asked), good, "--quiet")
    assert (result.exit_code, result.output) == (0, "")
    result = run(lambda asked, _: tracked(asked), ACCESS_LOG, "--quiet")
    assert "malformed" in result.stdout


def test_nothing_that_fits_is_1(tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("\x1b[31mno log\nat all\n" * 20, encoding="utf-8")
    result = run(lambda asked, _: tracked(asked), tmp_path / "other.txt")
    assert result.exit_code == 1
    assert result.stderr.count("warning:") == 10
    assert "further ones are counted but not shown" in result.stderr
    assert "\x1b" not in result.stderr
    assert r"\x1b[31mno log" in result.stderr
    assert summary(result)["malformed"] == 40


def test_a_file_that_breaks_off_is_loaded_as_far_as_it_goes(tmp_path: Path) -> None:
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(ACCESS_LOG.read_bytes())[:-9])
    result = run(lambda asked, _: tracked(asked), cut, ACCESS_LOG)
    assert result.exit_code == 1
    assert "cut.gz cannot be read any further" in result.stderr
    assert summary(result)["accepted"] >= 9


def test_files_are_checked_first(tmp_path: Path) -> None:
    result = run(lambda *_: None, ACCESS_LOG, tmp_path, tmp_path / "none", "-", "-")
    assert result.exit_code == 2
    told = " ".join(result.stderr.replace("│", " ").split())
    assert "is a folder" in told
    assert "does not exist" in told
    assert "(standard input) can be used only once" in told


def test_what_the_line_says_is_no_constant() -> None:
    result = run(lambda *_: None, ACCESS_LOG, "--set", "api.route=x")
    assert result.exit_code == 2
    assert "set by the line itself" in result.stderr
