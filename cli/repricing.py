"""``trackstore reprice``: costs of recorded operations by the prices in force, told first."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cli.choosing import Last, Since, Until, Where, operations_where
from cli.interruption import EXIT_CODE
from cli.output import complain, done, err, print_table, say
from cli.remote import DEFAULT_SERVER, RemoteClient, ServerKey, ServerUrl

EPILOG = (
    "Examples: trackstore reprice --dry-run --model opus; "
    "trackstore reprice --since 2026-11-01 --tool read; trackstore reprice --yes. "
    "Exit codes: 0 done, 1 the server refused, 2 the command line is wrong, 130 stopped by "
    "Ctrl-C: what was priced stays priced, and the same command goes on."
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
COUNTS = ("operations", "changed", "newlyPriced", "newlyUnpriced")
SHOWN = 30
"""Models and tools that are listed."""


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

    What would change is told first, and then asked for; servers may write meanwhile.
    """
    chosen = operations_where(since, until, last, where)
    chosen["and"].append({"kind": ["TOOL", "LLM"]})
    names: list[dict[str, Any]] = [{"model": {"in": model}}] if model else []
    names += [{"or": [{"toolName": {"in": tool}}, {"name": {"in": tool}}]}] if tool else []
    if names:
        chosen["and"].append({"or": names})
    with RemoteClient(server, key) as remote:
        remote.viewer("READ", "MANAGE")
        try:
            _run(remote, chosen, dry_run, yes)
        except KeyboardInterrupt:
            complain("stopped: what was priced stays priced; the same command goes on")
            raise typer.Exit(EXIT_CODE) from None


def _run(remote: RemoteClient, chosen: dict[str, Any], dry_run: bool, yes: bool) -> None:
    total = remote.query(COUNT, {"where": chosen})["operations"]["totalCount"]
    if dry_run or not yes:
        told = _all(remote, chosen, True, total, "looking")
        _show(told)
        if dry_run or not told["changed"]:
            return
        typer.confirm(f"Change the costs of {told['changed']:,} operations?", abort=True, err=True)
    found = _all(remote, chosen, False, total, "pricing")
    if yes:
        _show(found)
    done(f"the costs of {found['changed']:,} operations were changed")


def _all(
    remote: RemoteClient, chosen: dict[str, Any], dry_run: bool, total: int, what: str
) -> dict[str, Any]:
    """Call after call, until all operations were looked at; their sums."""
    whole: dict[str, Any] = dict.fromkeys(COUNTS, 0) | {"before": 0.0, "after": 0.0}
    groups: dict[tuple[str, str], dict[str, Any]] = {}
    after = None
    with _bar(what, total) as bar:
        while True:
            asked = {"where": chosen, "dryRun": dry_run, "after": after}
            answer = remote.query(REPRICE, asked)["reprice"]
            _add(whole, answer)
            for group in answer["groups"]:
                name = group["kind"] or "", group["name"] or "(others)"
                _add(groups.setdefault(name, {}), group)
            bar(whole["operations"])
            after = answer["endCursor"]
            if not answer["hasMore"]:
                return whole | {"groups": groups}


def _add(to: dict[str, Any], answer: dict[str, Any]) -> None:
    for name in COUNTS:
        to[name] = to.get(name, 0) + answer[name]
    for name in ("before", "after"):
        to[name] = to.get(name, 0.0) + answer[name]["actual"]


def _show(found: dict[str, Any]) -> None:
    if not found["changed"]:
        say(f"{found['operations']:,} operations of tools and models have the costs of their time")
        return
    ranked = sorted(found["groups"].items(), key=lambda item: -item[1]["changed"])
    rows = [_row(kind, name, group) for (kind, name), group in ranked[:SHOWN]]
    rows.append(_row("", "all", found))
    heads = ("kind", "name", "changed", "newly priced", "newly unpriced", "USD before", "USD after")
    print_table(heads, rows)
    if len(ranked) > SHOWN:
        say(f"{len(ranked) - SHOWN:,} more names are not shown")


def _row(kind: str, name: str, found: dict[str, Any]) -> list[str]:
    counts = [f"{found[n]:,}" for n in ("changed", "newlyPriced", "newlyUnpriced")]
    return [kind, name, *counts, f"{found['before']:,.4f}", f"{found['after']:,.4f}"]


@contextmanager
def _bar(what: str, total: int) -> Iterator[Any]:
    """A bar on standard error where somebody looks at it."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.update(task, completed=count)
