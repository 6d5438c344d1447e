"""The settings table of ``docs/guide/sdk.md``: ``python -m tests.unit.sdk.settings_rows``."""

import ast
import inspect
from dataclasses import fields
from pathlib import Path

from trackstore import Settings, settings

PAGE = Path("docs/guide/sdk.md")


def rows() -> list[str]:
    # A line for each setting: its name, default, and meaning.
    (settings_class,) = [
        node
        for node in ast.parse(inspect.getsource(settings)).body
        if isinstance(node, ast.ClassDef) and node.name == Settings.__name__
    ]
    descriptions = {}
    for node, following in zip(settings_class.body, settings_class.body[1:], strict=False):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            assert isinstance(following, ast.Expr)
            assert isinstance(following.value, ast.Constant)
            descriptions[node.target.id] = " ".join(str(following.value.value).split()).replace(
                "``", "`"
            )
    return [
        f"| `{field.name}` | {describe_value(field.default)} | {descriptions[field.name]} |"
        for field in fields(Settings)
    ]


def describe_value(value: object) -> str:
    # A default as people read it.
    if value is None:
        return "none"
    return f"{value:,}" if type(value) in (int, float) else f"`{value}`"


if __name__ == "__main__":
    print("\n".join(rows()))  # noqa: T201 the program's answer
