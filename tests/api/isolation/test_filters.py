"""Every filter finds the tenant's records for itself, and none of them for anybody else."""

from collections.abc import Iterator
from itertools import islice

from tests.api.isolation.conftest import World
from tests.api.isolation.filters import FILTERED, filters, type_of
from tests.api.isolation.tenant_queries import STATS
from tests.support.api import Api, Json

TOGETHER = 15
"""Questions in one document."""
ALTERNATIVES = 20
"""Conditions in one question that finds nothing only where none of them does."""
PAGE = "{ totalCount nodes { __typename id } }", ", first: 2"
MAX_QUOTED_CHARS = {
    "limits": ("{ __typename id subject }", ""),
    "circuitBreakers": ("{ __typename id }", ""),
    "apiKeys": ("{ __typename id }", ""),
    "prices": ("{ __typename name }", ""),
    **dict.fromkeys(STATS, ("{ rows { count } totals { __typename count } }", "")),
}
"""What is selected, and what else is asked: as little as tells whether there is anything."""
OF_THE_WHOLE = {"circuitBreakers", "limits", "prices"}
"""What an organization has as a whole, or on levels of which a part of it sees its own."""


def together(name: str, questions: list[Json]) -> Iterator[tuple[str, Json, list[Json]]]:
    """Documents that ask several questions each, with their variables, and the questions."""
    filter = type_of(name).name
    shown, first = MAX_QUOTED_CHARS.get(name, PAGE)
    rest = iter(questions)
    while some := list(islice(rest, TOGETHER)):
        declared = ", ".join(f"$w{i}: {filter}" for i in range(len(some)))
        fields = " ".join(f"f{i}: {name}(where: $w{i}{first}) {shown}" for i in range(len(some)))
        yield f"query ({declared}) {{ {fields} }}", {f"w{i}": w for i, w in enumerate(some)}, some


def found_in(answer: Json) -> list[Json]:
    """The records of a page, or whether there are any; totals tell no more than they do."""
    if "totals" in answer:
        assert answer["totals"]["count"] == sum(row["count"] for row in answer["rows"])
        return [answer["totals"]] if answer["totals"]["count"] else []
    assert (answer["totalCount"] > 0) == bool(answer["nodes"])
    return list(answer["nodes"])


async def ask(api: Api, name: str, questions: list[Json]) -> list[list[Json]]:
    """The records that each question finds."""
    found: list[list[Json]] = []
    for document, variables, some in together(name, questions):
        data = await api(document, variables)
        answers = [data[f"f{i}"] for i in range(len(some))]
        found += [one if isinstance(one, list) else found_in(one) for one in answers]
    return found


async def test_a_filter_finds_the_callers_own_only(world: World) -> None:
    theirs = set(world.known.global_ids)
    for name in FILTERED:
        asked = filters(name, world.known)
        await finds_own(world, name, asked)
        questions = all_of(asked)
        for stranger in world.strangers:
            seen = await ask(stranger.api, name, questions)
            for question, records in zip(questions, seen, strict=True):
                whole = stranger.shares_organization and name in OF_THE_WHOLE
                mine = [r for r in records if not (whole and of_the_whole(r))]
                if name == "apiKeys":  # A stranger sees the key that it calls with.
                    mine = [r for r in mine if r["id"] in theirs]
                assert not mine, f"{stranger.name}: {name} {question} finds {mine}"


async def finds_own(world: World, name: str, asked: dict[str, list[Json]]) -> None:
    """By each field the tenant finds something: a stranger's silence proves something."""
    assert world.tenant.api is not None
    found = await ask(world.tenant.api, name, [questions[0] for questions in asked.values()])
    for (field, questions), records in zip(asked.items(), found, strict=True):
        others = [] if records else await ask(world.tenant.api, name, questions[1:])
        assert records or any(others), f"{name} by {field} finds nothing of the tenant"


def all_of(asked: dict[str, list[Json]]) -> list[Json]:
    """Each field in one way by itself, and then all ways in which all of them can be asked."""
    everything = [question for questions in asked.values() for question in questions]
    if "or" not in asked:
        return everything
    either = [
        {"or": everything[i : i + ALTERNATIVES]} for i in range(0, len(everything), ALTERNATIVES)
    ]
    return [*(questions[0] for questions in asked.values()), *either]


def of_the_whole(record: Json) -> bool:
    """Whether a record belongs to its organization, and not to a part of it."""
    whole = {"CircuitBreaker", "Price"}
    return bool(record["__typename"] in whole or record["subject"] == "ORGANIZATION")
