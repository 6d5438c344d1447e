"""How Alembic drafts a revision: numbered in sequence, our types and partitions by name."""

from collections.abc import Iterable
from typing import Any, Literal

from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.rewriter import Rewriter
from alembic.operations.ops import CreateTableOp, MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from migrations.comparison import partition_clause
from models.partitions import INFO_KEY
from models.types import CleanText, Instant, Json

partitions = Rewriter()


@partitions.rewrites(CreateTableOp)
def declare_partition(
    context: MigrationContext, revision: Any, operation: CreateTableOp
) -> CreateTableOp:
    """Declare the partitions of a drafted table in place of the models' declaration."""
    del context, revision
    partition = operation.info.pop(INFO_KEY, None)
    if partition is not None:
        operation.kw["postgresql_partition_by"] = partition_clause(partition)
    return operation


def draft(
    context: MigrationContext,
    revision: str | Iterable[str | None] | Iterable[str],
    directives: list[MigrationScript],
) -> None:
    """Give the new revision the next number, and declare its partitions."""
    partitions(context, revision, directives)
    assert context.config is not None
    newest = ScriptDirectory.from_config(context.config).get_current_head()
    for directive in directives:
        directive.rev_id = f"{int(newest or 0) + 1:04d}"


def render_item(kind: str, item: Any, context: AutogenContext) -> str | Literal[False]:
    if kind != "type":
        return False
    if isinstance(item, Instant | CleanText):
        name = type(item).__name__
        context.imports.add(f"from models.types import {name}")
        return f"{name}()"
    if item is Json:
        context.imports.add("from models.types import Json")
        return "Json"
    return False
