"""The package as it is shipped: complete, and locked to what was tested."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.checkout import PACKAGES, ROOT, files

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PIN = re.compile(r"^([a-z0-9-]+)==(\S+)(.*?)(?=^[a-z0-9-]+==|\Z)", re.DOTALL | re.MULTILINE)


def _pins(lock: str) -> dict[str, tuple[str, str]]:
    """Give version and remainder, which are marker and hashes, by name."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return {name: (version, rest) for name, version, rest in PIN.findall(text)}


def _unmet(lock: str, *groups: list[str]) -> list[str]:
    pins = _pins(lock)
    needs = [Requirement(text) for group in groups for text in group]
    versions = [pins.get(canonicalize_name(need.name), ("0", ""))[0] for need in needs]
    return [
        str(need)
        for need, version in zip(needs, versions, strict=True)
        if version not in need.specifier
    ]


def test_the_locks_meet_what_the_project_asks_for() -> None:
    runtime, groups = PROJECT["project"]["dependencies"], PROJECT["dependency-groups"]
    assert not _unmet("requirements-serve.lock", runtime, groups["build"]), "run make lock"
    assert not _unmet("requirements.lock", runtime, *groups.values()), "run make lock"


def test_both_locks_pin_the_same_versions() -> None:
    whole, serve = _pins("requirements.lock"), _pins("requirements-serve.lock")
    assert serve.items() <= whole.items(), "run make lock"
    assert "pytest" not in serve


def test_every_pin_has_hashes_and_nothing_else() -> None:
    for lock in ("requirements.lock", "requirements-serve.lock"):
        assert all("--hash=sha256:" in rest for _, rest in _pins(lock).values())
        lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
        pattern = re.compile(r"[a-z0-9-]+==\S+( ; [^\\]+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?")
        assert not [line for line in lines if not pattern.fullmatch(line)]


def test_the_wheel_holds_every_file_of_every_package(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.iterdir()
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert {file.as_posix() for file in files() if file.parts[0] in PACKAGES} <= held
    client = Path("sdk/trackstore")
    paths = [file.relative_to("sdk") for file in files() if file.is_relative_to(client)]
    assert {path.as_posix() for path in paths} <= held
    assert {name.partition("/")[0] for name in held} == {*PACKAGES, "trackstore"}


def test_the_server_installs_what_its_client_needs() -> None:
    sdk = tomllib.loads((ROOT / "sdk/pyproject.toml").read_text(encoding="utf-8"))["project"]
    needs = [*sdk["dependencies"], *sdk["optional-dependencies"]["live"]]
    server = {
        Requirement(text).name: Requirement(text) for text in PROJECT["project"]["dependencies"]
    }
    assert {Requirement(text).name for text in needs} <= server.keys()
    assert "trackstore" not in server, "the wheel contains the client"
    for lock in ("requirements.lock", "requirements-serve.lock"):
        assert "trackstore" not in _pins(lock), "the client is never taken from an index"


def test_the_readme_is_the_page_of_the_package() -> None:
    if Path("README.md") in files():
        assert PROJECT["project"].get("readme") == "README.md"
