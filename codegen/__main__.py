"""``python -m codegen [--check]``: renew the generated regions, or fail if one is not current."""

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[1]


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        sys.stderr.write("Usage: python -m codegen [--check]\n")
        return 2
    regions = import_module("codegen.regions")
    outdated: list[str] = regions.renew(is_check=bool(arguments))
    if outdated and arguments:
        sys.stderr.write(f"Not what models/operation_fields.py declares: {', '.join(outdated)}. ")
        sys.stderr.write("Run `make generate`.\n")
        return 1
    sys.stdout.writelines(f"{name} renewed\n" for name in outdated)
    return 0


# The declarations alone, without the tables: a table whose region is broken can be generated again.
sys.modules["models"] = ModuleType("models")
sys.modules["models"].__path__ = [str(ROOT / "models")]
sys.exit(main(sys.argv[1:]))
