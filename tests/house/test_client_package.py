"""The client as it is shipped: complete, typed, and with two dependencies."""

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from packaging.requirements import Requirement

from tests.house.checkout import ROOT, files

SDK = Path("sdk")
PROJECT = tomllib.loads((ROOT / SDK / "pyproject.toml").read_text(encoding="utf-8"))
DEPENDENCIES = {"httpx", "msgspec"}


def test_the_base_depends_on_little() -> None:
    assert {Requirement(text).name for text in PROJECT["project"]["dependencies"]} == DEPENDENCIES


def test_the_wheel_holds_every_file_of_the_client(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT / SDK,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    package = SDK / PROJECT["project"]["name"]
    expected = {f.relative_to(SDK).as_posix() for f in files() if f.is_relative_to(package)}
    assert held == expected
    assert "trackstore/py.typed" in held


def test_the_client_and_its_server_have_one_version() -> None:
    server = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert PROJECT["project"]["version"] == server["project"]["version"]


def test_its_licence_is_that_of_the_project() -> None:
    assert (ROOT / SDK / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()
