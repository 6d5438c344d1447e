"""Documents that read pages of operations and requests in every shape that GraphQL has."""

import re

from tests.differential.selections import everything

DECLARED = {
    "$n": "Int",
    "$yes": "Boolean! = true",
    "$no": "Boolean! = false",
    "$maybe": "Boolean = null",
}


def headed(document: str) -> str:
    """A query with the variables that it uses; one that it does not use would make it invalid."""
    if not document.startswith("{"):
        return document
    used = set(re.findall(r"\$\w+", document))
    declared = ", ".join(f"{name}: {kind}" for name, kind in DECLARED.items() if name in used)
    return f"query Page{f'({declared})' if declared else ''} {document}"


PLAIN = "uuid name kind outcome durationMs occurredAt statusCode attributes cacheHit userId"

SHAPES = {
    "nodes": f"{{ operations(first: $n) {{ nodes {{ {PLAIN} }} }} }}",
    "every plain field": f"{{ operations(first: $n) {{ nodes {{ {everything('Operation')} }} }} }}",
    "every field": f"{{ operations(first: $n) {{ {everything('OperationConnection', 2)} }} }}",
    "edges": f"{{ operations(first: $n) {{ edges {{ cursor node {{ {PLAIN} }} }} }} }}",
    "edges alone": "{ operations(first: $n) { edges { cursor } } }",
    "edges without cursor": "{ operations(first: $n) { edges { node { uuid } __typename } } }",
    "nodes and edges": """{ operations(first: $n) {
        edges { node { uuid occurredAt } } nodes { name } totalCount pageInfo { endCursor } } }""",
    "only typename": "{ operations(first: $n) { __typename nodes { __typename } } }",
    "typename aliases": "{ operations(first: $n) { nodes { a: __typename b: __typename name } } }",
    "aliases": "{ operations(first: $n) { nodes { name: kind kind: name uuid: id id: uuid } } }",
    "aliases of nodes": "{ operations(first: $n) { a: nodes { name } b: nodes { kind } nodes { uuid } } }",
    "aliases of the page": """{
        a: operations(first: $n) { nodes { name } } b: operations(first: 9) { nodes { kind } }
        operations(last: $n) { nodes { outcome } } }""",
    "fields again": "{ operations(first: $n) { nodes { name name kind name } nodes { name kind } } }",
    "the order of fields": "{ operations(first: $n) { nodes { kind name } nodes { uuid kind } } }",
    "global ids": "{ operations(first: $n) { nodes { id name } } }",
    "only global ids": "{ operations(first: $n) { nodes { id } } }",
    "texts": "{ operations(first: $n) { nodes { uuid message response } } }",
    "one step on": """{ operations(first: $n) { nodes {
        uuid session { uuid name startedAt } request { uuid status stages { name } } } } }""",
    "named fragments": """{ operations(first: $n) { ...P } }
        fragment P on OperationConnection { nodes { ...F ...G } edges { node { ...G } } }
        fragment F on Operation { name kind } fragment G on Operation { kind uuid ...H }
        fragment H on Operation { durationMs occurredAt }""",
    "inline fragments": """{ operations(first: $n) { ... { nodes { ... { name } ... on Operation { kind } } }
        ... on OperationConnection { edges { ... on OperationEdge { node { uuid } } } } } }""",
    "fragments on interfaces": """{ operations(first: $n) { nodes {
        ... on Node { id __typename } ...L name } } }
        fragment L on Labelled { organizationId userId ... on Operation { kind } ... on Node { id } }""",
    "fragments that never apply": """{ operations(first: $n) { nodes {
        ... on Node { ... on Session { name startedAt } ... on Operation { kind } } } } }""",
    "fragments of nothing": """{ operations(first: $n) { nodes {
        ... on Labelled { ... on Session { name } } } } }""",
    "include and skip": """{ operations(first: $n) { nodes {
        name @include(if: $yes) kind @include(if: $no) uuid @skip(if: $yes) outcome @skip(if: $no)
        cacheHit @include(if: true) @skip(if: false) client @include(if: $no) @skip(if: $no) } } }""",
    "include and skip of fragments": """{ operations(first: $n) {
        nodes @include(if: $yes) { ...F @skip(if: $yes) ... @include(if: $no) { kind } outcome }
        edges @skip(if: $yes) { cursor } ...P @include(if: $no) } }
        fragment F on Operation { name } fragment P on OperationConnection { totalCount }""",
    "include twice": """{ operations(first: $n) { nodes { name @include(if: $no) name kind } } }""",
    "nothing left": "{ operations(first: $n) { nodes { name @include(if: $no) } } }",
    "no page left": "{ operations(first: $n) @skip(if: $yes) { nodes { name } } viewer { name } }",
    "include null": "{ operations(first: $n) { nodes { name @include(if: $maybe) } } }",
    "lists of scalars": "{ viewer { scopes } operations(first: $n) { nodes { name } } }",
    "requests": f"{{ requests(first: $n) {{ {everything('RequestConnection', 3)} }} }}",
    "plain requests": f"{{ requests(first: $n) {{ nodes {{ {everything('Request')} }} }} }}",
    "events": f"""{{ requests(first: $n) {{ nodes {{ events {{ nodes {{ {everything("Event")} }} }}
        logged: events(first: 9) {{ edges {{ cursor node {{ seq type }} }} }} }} }} }}""",
    "operations of requests": """{ requests(first: $n) { nodes {
        operations { totalCount nodes { name kind } edges { node { uuid } } } } } }""",
    "a stage by name": '{ requests(first: $n) { nodes { stage(name: "one") { name status } } } }',
    "sessions": f"{{ sessions(first: $n) {{ {everything('SessionConnection', 3)} }} }}",
    "interactions": f"{{ interactions(first: $n) {{ {everything('InteractionConnection', 2)} }} }}",
    "unknown fields": "{ operations(first: $n) { nodes { name nonsense } } }",
    "unknown arguments": "{ operations(firsts: $n) { nodes { name } } }",
    "unknown fragments": "{ operations(first: $n) { nodes { ...Nowhere } } }",
    "unused variables": "query ($n: Int) { viewer { name } }",
    "unused fragments": "{ operations(first: $n) { nodes { name } } } fragment F on Operation { name }",
    "fields that conflict": "{ operations(first: $n) { nodes { a: name a: kind } } }",
    "no selection": "{ operations(first: $n) { nodes } }",
    "selection of a leaf": "{ operations(first: $n) { nodes { name { first } } } }",
    "an unknown directive": "{ operations(first: $n) { nodes { name @uppercase } } }",
    "a fragment within itself": """{ operations(first: $n) { nodes { ...F } } }
        fragment F on Operation { ...F }""",
    "a subscription": "subscription { operations { nodes { name } } }",
    "half a document": "{ operations(first: $n) { nodes { name }",
    "too deep": "{ requests { nodes { " + "operations { nodes { request { " * 5 + "uuid" + " } } }" * 5,
}  # fmt: skip
SIZES = (0, 1, 7, 8, 9, 40, None)
"""Asked-for sizes of a page: around the length from which rows are compiled."""

VARIABLES: dict[str, object] = {
    "none": None,
    "an empty object": {},
    "null": {"n": None},
    "a text": {"n": "9"},
    "a float that is whole": {"n": 9.0},
    "a float": {"n": 9.5},
    "a boolean": {"n": True},
    "a list": {"n": [9]},
    "an object": {"n": {"value": 9}},
    "negative": {"n": -1},
    "too large for a page": {"n": 1_001},
    "too large for Int": {"n": 2**31},
    "too large for anything": {"n": 10**400},
    "null for a non-null one": {"n": 9, "yes": None},
    "a default replaced": {"n": 9, "yes": False, "no": True},
    "of the wrong type": {"n": 9, "yes": "true"},
    "unknown ones": {"n": 9, "m": 1, "operations": [], "__proto__": {}},
    "all of them": {"n": 9, "yes": True, "no": False, "maybe": True},
}

OPERATIONS_OF_A_DOCUMENT = """
    query A($n: Int = 9) { operations(first: $n) { nodes { name ...F } } }
    query B($n: Int = 2) { operations(first: $n) { nodes { kind ...F } } }
    mutation C($v: [OperationInput!]! = [{kind: API, name: "c"}]) {
        trackOperations(operations: $v) { accepted } }
    mutation D($v: OperationInput!) { trackOperation(input: $v) { status } }
    fragment F on Operation { uuid }"""
NAMES = ("A", "B", "C", "D", "E", "F", "a", "", " ", None)
"""Names of operations that are asked of the document above; not all of them are there."""
