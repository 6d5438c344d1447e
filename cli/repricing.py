"""``trackstore reprice``: updates costs of recorded operations to the current prices."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.interrupts import EXIT_INTERRUPTED
from cli.operation_filters import Since, Until, Where, operations_where
from cli.output import complain, done, err, print_table, say
from cli.remote import DEFAULT_SERVER, RemoteClient, ServerKey, ServerUrl
from cli.time_options import Last

EPILOG = (
    "Examples: trackstore reprice --dry-run --model opus; "
    "trackstore reprice --since 2026-11-01 --tool read; trackstore reprice --yes. "
    "Exit codes: 0 success, 1 the server refused, 2 invalid command line, 130 stopped by Ctrl-C: "
    "priced operations stay priced, and the same command continues."
)
COUNT = (
    "query Count($where: OperationFilter) { operations(where: $where, first: 0) { totalCount } }"
)
REPRICE = """mutation Reprice($where: OperationFilter, $dryRun: Boolean!, $after: String) {
  reprice(input: {where: $where, dryRun: $dryRun, after: $after}) {
    operations changed newlyPriced newlyUnpriced hasMore endCursor
    before { actual } after { actual }
    groups { kind name operations changed newlyPriced newlyUnpriced
      before { actual } after { actual } }
  }
}"""
COUNT_FIELDS = ("operations", "changed", "newlyPriced", "newlyUnpriced")
MAX_SHOWN_GROUPS = 30
"""Maximum number of models and tools in the table."""


def reprice(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only report what would change.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask before costs are changed.")
    ] = False,
    model: Annotated[
        list[str] | None, typer.Option("--model", help="Only this model; repeat it for several.")
    ] = None,
    tool: Annotated[
        list[str] | None, typer.Option("--tool", help="Only this tool; repeat it for several.")
    ] = None,
    since: Since = None,
    until: Until = None,
    last: Last = None,
    where: Where = None,
    server: ServerUrl = DEFAULT_SERVER,
    key: ServerKey = None,
) -> None:
    """Price recorded operations again, after a price was set or corrected.

    Shows the changes first and asks before it makes them. Servers may write at the same time.
    """
    filter = operations_where(since, until, last, where)
    filter["and"].append({"kind": {"in": ["TOOL", "LLM"]}})
    names: list[dict[str, Any]] = [{"model": {"in": model}}] if model else []
    names += [{"or": [{"toolName": {"in": tool}}, {"name": {"in": tool}}]}] if tool else []
    if names:
        filter["and"].append({"or": names})
    with RemoteClient(server, key) as remote:
        remote.viewer("READ", "MANAGE")
        try:
            _run(remote, filter, dry_run, yes)
        except KeyboardInterrupt:
            complain("stopped; priced operations stay priced, and the same command continues")
            raise typer.Exit(EXIT_INTERRUPTED) from None


def _run(remote: RemoteClient, filter: dict[str, Any], dry_run: bool, yes: bool) -> None:
    total = remote.query(COUNT, {"where": filter})["operations"]["totalCount"]
    if dry_run or not yes:
        changes = _reprice_all(remote, filter, True, total, "looking")
        _print_changes(changes)
        if dry_run or not changes["changed"]:
            return
        typer.confirm(
            f"Change the costs of {changes['changed']:,} operations?", abort=True, err=True
        )
    changes = _reprice_all(remote, filter, False, total, "pricing")
    if yes:
        _print_changes(changes)
    done(f"changed the costs of {changes['changed']:,} operations")


def _reprice_all(
    remote: RemoteClient, filter: dict[str, Any], dry_run: bool, total: int, label: str
) -> dict[str, Any]:
    """Call until all operations are processed; return the sums."""
    sums: dict[str, Any] = dict.fromkeys(COUNT_FIELDS, 0) | {"before": 0.0, "after": 0.0}
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    after = None
    with _bar(label, total) as bar:
        while True:
            variables = {"where": filter, "dryRun": dry_run, "after": after}
            answer = remote.query(REPRICE, variables)["reprice"]
            _add(sums, answer)
            for group in answer["groups"]:
                name = group["kind"] or "", group["name"] or "(others)"
                _add(groups.setdefault(name, {}), group)
            bar(sums["operations"])
            after = answer["endCursor"]
            if not answer["hasMore"]:
                return sums | {"groups": groups}


def _add(to: dict[str, Any], answer: dict[str, Any]) -> None:
    for name in COUNT_FIELDS:
        to[name] = to.get(name, 0) + answer[name]
    for name in ("before", "after"):
        to[name] = to.get(name, 0.0) + answer[name]["actual"]


def _print_changes(changes: dict[str, Any]) -> None:
    if not changes["changed"]:
        say(
            f"{changes['operations']:,} operations of tools and models already have their current costs"
        )
        return
    ranked = sorted(changes["groups"].items(), key=lambda item: -item[1]["changed"])
    rows = [_row(kind, name, group) for (kind, name), group in ranked[:MAX_SHOWN_GROUPS]]
    rows.append(_row("", "all", changes))
    heads = ("kind", "name", "changed", "newly priced", "newly unpriced", "USD before", "USD after")
    print_table(heads, rows)
    if len(ranked) > MAX_SHOWN_GROUPS:
        say(f"{len(ranked) - MAX_SHOWN_GROUPS:,} more names are not shown")


def _row(kind: str, name: str, changes: dict[str, Any]) -> list[str]:
    counts = [f"{changes[n]:,}" for n in ("changed", "newlyPriced", "newlyUnpriced")]
    return [kind, name, *counts, f"{changes['before']:,.4f}", f"{changes['after']:,.4f}"]


@contextmanager
def _bar(label: str, total: int) -> Iterator[Any]:
    columns = (TextColumn(label), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(label, total=total)
        yield lambda count: bar.update(task, completed=count)
