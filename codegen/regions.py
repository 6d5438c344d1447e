"""Regions of source files that are generated: ``# region generated: RENDERER PART without NAMES``."""

import re
import subprocess
import sys
from pathlib import Path
from textwrap import indent

from codegen.renderers import RENDERERS
from models.field_declarations import OperationField, Part
from models.operation_fields import OPERATION_FIELDS, fields_in

ROOT = Path(__file__).resolve().parents[1]
FILES = (
    "models/operations.py",
    "store/operations/drafts.py",
    "store/operations/fast_path.py",
    "schema/operation_inputs.py",
    "schema/operation_filters.py",
    "schema/operations.py",
    "sdk/trackstore/arguments.py",
    "sdk/trackstore/entries.py",
    "sdk/trackstore/normalization.py",
)
REGION = re.compile(
    r"^(?P<margin> *)# region generated: (?P<renderer>\w+)(?: (?P<part>[A-Z]+))?"
    r"(?: without (?P<without>[\w ]+))?\n(?P<body>.*?)^ *# endregion\n",
    re.MULTILINE | re.DOTALL,
)
FORMATTER = (sys.executable, "-m", "ruff", "format", "--quiet", "--stdin-filename")


class MissingRegionError(Exception):
    pass


def renew(is_check: bool) -> list[str]:
    """Write the files whose regions are not current, unless it is a check; return their names."""
    outdated = []
    for name in FILES:
        file = ROOT / name
        text = file.read_text(encoding="utf-8")
        current = renewed(file, text)
        if current != text:
            outdated.append(name)
            if not is_check:
                file.write_text(current, encoding="utf-8")
    return outdated


def renewed(file: Path, text: str) -> str:
    """Return the text of a file with its regions generated again, formatted."""
    changed, count = REGION.subn(rendered, text)
    if not count or count != text.count("# region generated:"):
        raise MissingRegionError(
            f"{file} has an unreadable region. Write '# region generated: RENDERER PART without "
            "NAMES' and '# endregion' on lines of their own."
        )
    formatting = subprocess.run(  # noqa: S603  # our own formatter on our own file
        [*FORMATTER, str(file), "-"],
        input=changed, stdout=subprocess.PIPE, check=True, encoding="utf-8", cwd=ROOT,
    )  # fmt: skip
    return formatting.stdout


def rendered(region: re.Match[str]) -> str:
    fields = selected(region["part"], (region["without"] or "").split())
    body = "\n".join(RENDERERS[region["renderer"]](fields))
    head = region[0].partition("\n")[0]
    return f"{head}\n{indent(body, region['margin'])}\n{region['margin']}# endregion\n"


def selected(part: str | None, without: list[str]) -> tuple[OperationField, ...]:
    fields = OPERATION_FIELDS if part is None else fields_in(Part[part])
    if unknown := set(without) - {field.name for field in fields}:
        raise MissingRegionError(f"No field of {part or 'an operation'} is named {unknown.pop()}.")
    return tuple(field for field in fields if field.name not in without)
