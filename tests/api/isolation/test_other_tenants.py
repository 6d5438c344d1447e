"""Nobody gets anything of another tenant: by any query, by any mutation, with any of its ids."""

from tests.api.isolation.conftest import ONCE, Stranger, World
from tests.api.isolation.documents import FLAT, argument_paths, document, paths_in, root
from tests.api.isolation.tenant_queries import questions
from tests.api.isolation.tenants import Tenant
from tests.support.absent_arguments import without_absent_arguments
from tests.support.api import Json
from tests.support.stored_rows import Rows, rows_of

REFUSALS = {"FORBIDDEN", "NOT_FOUND"}
FILTERS = {"where"}
"""Arguments that are tried field by field in ``test_filters``, with every query that has them."""
BY_FILTER = {"reprice"}
"""Mutations of whatever a filter finds: of others it finds nothing, and that is no refusal."""
BY_ID = {"node", "request", "session"}
OF_THE_WHOLE = {
    "limit_usages",
    "circuit_breakers",
    "circuit_breaker_transitions",
    "interaction_counters",
}
"""Tables where a part of an organization may change what belongs to the whole of it."""


async def test_nothing_is_told_and_nothing_is_changed(world: World, database_url: str) -> None:
    for stranger in world.strangers:
        before = await rows_of(database_url, world.tenant.organization)
        await find_nothing(world, stranger)
        await send_the_same(world, stranger)
        untouched(before, await rows_of(database_url, world.tenant.organization), stranger)
        await send_as_own(world, stranger)
        untouched(before, await rows_of(database_url, world.tenant.organization), stranger)
        await ask_everything(world, stranger)


async def find_nothing(world: World, stranger: Stranger) -> None:
    """By every id of the tenant there is nothing; breakers are those of a whole organization."""
    for name, variables, _ in questions(world.known):
        if name in BY_ID:
            answer = await stranger.ask(name, variables, FLAT)
            found = (answer.get("data") or {}).get(name)
            whole = found is not None and found["__typename"] == "CircuitBreaker"
            assert found is None or (stranger.shares_organization and whole), answer


async def send_the_same(world: World, stranger: Stranger) -> None:
    """What the tenant sent, word for word: all of it is refused."""
    for name, variables in world.tenant.sent:
        if not (stranger.shares_organization and name == "reportCircuitBreaker"):
            answer = await stranger.tell(name, variables)
            if name in BY_FILTER:
                assert answer["data"][name]["operations"] == 0, f"{stranger.name}: {answer}"
                continue
            assert refused(answer, name, stranger), f"{stranger.name}: {name} {answer}"


async def send_as_own(world: World, stranger: Stranger) -> None:
    """The same ids in records of the stranger's own: what is answered is the stranger's own, too."""
    for name, variables in world.tenant.sent:
        own = stranger.as_own(variables, world.tenant)
        answer = await stranger.tell(name, own)
        leaked = world.secrets[stranger.name].in_answer(answer, own)
        assert not leaked, f"{stranger.name}: {name} {own} tells {leaked}: {answer}"
        codes = {error["extensions"]["code"] for error in answer.get("errors", [])}
        assert "INTERNAL" not in codes, f"{stranger.name}: {name} {own}: {answer}"


async def ask_everything(world: World, stranger: Stranger) -> None:
    """Every query about the tenant, by somebody who has records with the same ids by now."""
    for name, variables, depth in questions(world.known):
        if stranger.shares_organization and "orderBy" in variables:
            continue  # an order shows what any other does: once is enough
        answer = await stranger.ask(name, variables, depth)
        leaked = world.secrets[stranger.name].in_answer(answer, variables)
        assert not leaked, f"{stranger.name}: {name} {variables} tells {leaked}: {answer}"


def refused(answer: Json, name: str, stranger: Stranger) -> bool:
    """Whether nothing of a call was taken, and nothing said but that."""
    if errors := answer.get("errors"):
        return {error["extensions"]["code"] for error in errors} <= REFUSALS
    told = answer["data"][name]
    if "results" not in told:
        return False
    results = told["results"]
    if stranger.shares_organization and name == "ingest":
        results = results[:-1]  # the breaker, which belongs to the organization as a whole
    return all(r["status"] == "REJECTED" and r["code"] in REFUSALS for r in results)


def untouched(before: Rows, after: Rows, stranger: Stranger) -> None:
    """Every row of the tenant stands as it stood; its organization has no other, either."""
    if not stranger.shares_organization:
        assert after == before
        return
    for table in set(before) - OF_THE_WHOLE:
        gone = [row for row in before[table] if row not in after[table]]
        assert not gone, f"{table} was changed by a stranger {stranger.name}"


@ONCE
async def test_the_tenant_itself_is_answered(world: World) -> None:
    """The same questions have answers: a stranger's silence is not that of a wrong question."""
    api = world.tenant.api
    assert api is not None
    for name, variables, depth in questions(world.known):
        found = (
            await api(
                without_absent_arguments(document("query", name, "alpha", depth), variables),
                variables,
            )
        )[name]
        cursor = {"after", "before"}.intersection(variables)
        assert found or cursor, f"{name} {variables}"
        if isinstance(found, dict) and "nodes" in found and not cursor:
            assert found["nodes"], f"{name} {variables}"
        if name == "nodes":
            assert all(found)


@ONCE
async def test_every_argument_is_tried(tenant: Tenant) -> None:
    """What a tenant records goes through every argument and every input field of the schema."""
    missing = []
    for name, field in root("mutation").items():
        sent = [variables for mutation, variables in tenant.sent if mutation == name]
        tried = {path for variables in sent for path in paths_in(variables)}
        missing += [
            f"{name}({'.'.join(path)}: {type})"
            for path, type in argument_paths(field)
            if path not in tried and not FILTERS.intersection(path)
        ]
    assert not missing, "let Tenant send them"
