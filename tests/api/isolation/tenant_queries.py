"""Everything that can be asked about a tenant by somebody who knows all of its ids and names."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLEnumType, GraphQLInputObjectType, get_named_type

from tests.api.isolation.documents import DEPTH, FLAT, document, root, schema
from tests.api.isolation.tenants import SUBJECTS, Tenant
from tests.support.api import Json

PAGES = ("operations", "requests", "sessions", "interactions")
STATS = ("operationStats", "requestStats", "stageStats", "eventStats", "interactionStats")
GROUPS = 8
"""Dimensions of one question."""
LISTS = ("limits", "circuitBreakers", "apiKeys", "prices")


@dataclass(frozen=True)
class Known:
    """A tenant, and what it got when it read all of its records."""

    tenant: Tenant
    nodes: dict[str, list[Json]]
    cursors: dict[str, tuple[str, str]]

    @property
    def global_ids(self) -> list[str]:
        """Of every record that has one, and of the stages and events inside requests."""
        inside = [
            record
            for request in self.nodes["requests"]
            for record in [*request["stages"], *request["events"]["nodes"]]
        ]
        named = [n for name in (*PAGES, *LISTS) if name != "prices" for n in self.nodes[name]]
        return [record["id"] for record in [*named, *inside]]

    def records(self, name: str) -> list[Json]:
        """What a query that has a filter finds of the tenant, with all that can be filtered by."""
        if name in self.nodes:
            return self.nodes[name]
        source = name.removesuffix("Stats") + "s"
        if source in self.nodes:
            return self.nodes[source]
        return [
            {"organizationId": None, **labels_of(request), **record}
            for request in self.nodes["requests"]
            for record in (request["events"]["nodes"] if source == "events" else request["stages"])
        ]


def labels_of(request: Json) -> Json:
    """What a stage or event has of its request."""
    labels = {name: value for name, value in request.items() if name.endswith("Id")}
    return {**labels, "requestType": request["type"], "requestStatus": request["status"]}


async def known_by(tenant: Tenant) -> Known:
    """All that the tenant itself can read."""
    api = tenant.api
    assert api is not None
    nodes: dict[str, list[Json]] = {}
    cursors = {}
    for name in PAGES:
        page = (await api(document("query", name, tenant.mark), {"first": 100}))[name]
        nodes[name] = page["nodes"]
        cursors[name] = page["pageInfo"]["startCursor"], page["pageInfo"]["endCursor"]
    for name in LISTS:
        nodes[name] = (await api(document("query", name, tenant.mark)))[name]
    assert all(nodes.values()), "the tenant has recorded something of everything"
    return Known(tenant, nodes, cursors)


def questions(known: Known) -> Iterator[tuple[str, Json, int]]:
    """Every query, what it can be asked about the tenant, filters aside, and how deep to look."""
    assert set(ASKING) == set(root("query")), "say how a query may be asked about a tenant"
    for name, ask in ASKING.items():
        for variables in ask(known):
            paged = {"after", "before", "orderBy"}.intersection(variables)
            yield name, variables, FLAT if paged else DEPTH


def _nodes(known: Known) -> list[Json]:
    return [{"ids": known.global_ids}]


def _node(known: Known) -> list[Json]:
    everything = [node for nodes in known.nodes.values() for node in nodes if "id" in node]
    by_type = {node["__typename"]: node["id"] for node in everything}
    request = known.nodes["requests"][-1]
    inside = [request["stages"][0]["id"], request["events"]["nodes"][0]["id"]]
    assert len(by_type) == len(PAGES) + len(LISTS) - 1
    return [{"id": id} for id in (*by_type.values(), *inside)]


def _request(known: Known) -> list[Json]:
    correlation = known.nodes["requests"][0]["correlationId"]
    ids = [known.tenant.id(name) for name in ("request", "running", "batch")]
    return [*({"id": id} for id in ids), {"correlationId": correlation}]


def _session(known: Known) -> list[Json]:
    return [{"id": known.tenant.id("session")}]


def _pages(name: str) -> Callable[[Known], list[Json]]:
    """Pages in every order and direction, and around the tenant's own cursors."""

    def ask(known: Known) -> list[Json]:
        start, end = known.cursors[name]
        asked: list[Json] = [
            {"first": 50}, {"first": 50, "after": start}, {"last": 50, "before": end},
        ]  # fmt: skip
        if "orderBy" in root("query")[name].args:
            asked += [{"first": 50, "orderBy": [order]} for order in orders(name)]
        return asked

    return ask


def orders(name: str) -> Iterator[Json]:
    """Every column to order by, each way."""
    single = get_named_type(root("query")[name].args["orderBy"].type)
    assert isinstance(single, GraphQLInputObjectType)
    assert set(single.fields) == {"field", "direction"}
    field = schema().get_type(f"{single.name}Field")
    assert isinstance(field, GraphQLEnumType)
    for value in field.values:
        for direction in ("ASC", "DESC"):
            yield {"field": value, "direction": direction}


def _usage(known: Known) -> list[Json]:
    """Every level by name: as the tenant asks, and as if it were the caller's own."""
    labels = known.tenant.filler.labels
    subjects: list[Json] = [{"subject": "ORGANIZATION"}]
    subjects += [{"subject": s, "subjectId": labels[name]} for s, name in SUBJECTS.items()]
    type = f"{known.tenant.mark}-interactionType"
    asked: list[Json] = []
    for subject in subjects:
        asked.append({"subject": subject, "interactionType": type})
        asked.append({"subject": {**subject, "organizationId": known.tenant.organization}})
    organization = {"subject": "ORGANIZATION", "subjectId": known.tenant.organization}
    return [*asked, {"subject": organization}]


def _stats(name: str) -> Callable[[Known], list[Json]]:
    """Every dimension, some at a time, with all that can stand beside the groups."""

    def ask(known: Known) -> list[Json]:
        del known
        group = get_named_type(root("query")[name].args["groupBy"].type)
        assert isinstance(group, GraphQLInputObjectType)
        dimensions = get_named_type(group.fields["field"].type)
        assert isinstance(dimensions, GraphQLEnumType)
        groups: list[Json] = [{"field": dimension} for dimension in dimensions.values]
        if "attribute" in group.fields:
            groups += [{"attribute": "mark"}, {"attribute": "number"}]
        asked = [{"groupBy": groups[i : i + GROUPS]} for i in range(0, len(groups), GROUPS)]
        whole = {
            "compare": {"range": {"since": "2020-01-01T00:00:00Z", "until": "2999-01-01T00:00:00Z"}}
        }
        top = {"n": 1, "by": {"measure": "COUNT"}}
        return [
            *asked,
            whole,
            {"bucket": {"unit": "MONTH", "fill": False}},
            {"groupBy": groups[:1], "top": top, "having": {"count": {"gte": 0}}},
        ]

    return ask


def _tools(known: Known) -> list[Json]:
    client = f"{known.tenant.mark}-client"
    return [
        {"timeRange": "ALL"}, {"timeRange": "30d", "client": client},
        {"timeRange": "30d", "toolId": client},
    ]  # fmt: skip


def _monitoring(known: Known) -> list[Json]:
    del known
    return [{"hours": 2}]


def _month(*labels: str) -> Callable[[Known], list[Json]]:
    """The months in which the tenant used anything, by its labels."""

    def ask(known: Known) -> list[Json]:
        own = {name: known.tenant.filler.labels[name] for name in ("organizationId", *labels)}
        months = {(node["year"], node["month"]) for node in known.nodes["interactions"]}
        return [{**own, "year": year, "month": month} for year, month in sorted(months)]

    return ask


def _plain(known: Known) -> list[Json]:
    del known
    return [{}]


ASKING: dict[str, Callable[[Known], list[Any]]] = {
    "node": _node,
    "nodes": _nodes,
    "request": _request,
    "session": _session,
    **{name: _pages(name) for name in PAGES},
    **{name: _stats(name) for name in STATS},
    **dict.fromkeys(("toolBreakdown", "apiSavings"), _tools),
    **dict.fromkeys(("monitoringOverview", "requestMetrics", "stageDurations"), _monitoring),
    "organizationInteractions": _month(),
    "namespaceInteractions": _month("namespaceId"),
    "apiKeyInteractions": _month("apiKeyId"),
    "usage": _usage,
    **dict.fromkeys((*LISTS, "viewer", "about", "feedCursors"), _plain),
}
