"""The files of this project as the checkout has them: committed, or new and not ignored."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

# What is installed as the server; other folders may know more than a layer may.
PACKAGES = (
    "models",
    "store",
    "schema",
    "resolvers",
    "subscriptions",
    "server",
    "cli",
    "migrations",
)


@cache
def files() -> tuple[Path, ...]:
    """Every file that is there, relative to the root, in order."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    names = sorted(set(listed.stdout.split("\0")) - {""})
    return tuple(Path(name) for name in names if (ROOT / name).is_file())


def texts() -> Iterator[tuple[Path, str]]:
    """Every file that is text, with its content."""
    for file in files():
        try:
            yield file, (ROOT / file).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


@cache
def trees() -> tuple[tuple[Path, ast.Module], ...]:
    """Every Python file with its syntax tree."""
    return tuple(
        (file, ast.parse((ROOT / file).read_text(encoding="utf-8"), str(file)))
        for file in files()
        if file.suffix == ".py"
    )
