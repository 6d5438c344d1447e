"""Build GraphQL requests as bytes, ready to be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Document:
    text: str
    expected: bytes

    def body(self, variables: dict[str, Any] | None = None) -> bytes:
        return _encoder.encode({"query": self.text, "variables": variables or {}})

    def request(self, variables: dict[str, Any] | None = None) -> bytes:
        return post(self.body(variables))


def post(body: bytes) -> bytes:
    return (
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Accept: application/graphql-response+json\r\nContent-Length: %d\r\n\r\n%s"
    ) % (len(body), body)


def get(path: str) -> bytes:
    return b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % path.encode()


def track_many(count: int) -> Document:
    return Document(
        "mutation Bulk($operations: [OperationInput!]!) "
        "{ trackOperations(operations: $operations) { accepted duplicates rejected } }",
        b'{"data":{"trackOperations":{"accepted":%d,"duplicates":0,"rejected":0}}' % count,
    )


TRACK_ONE = Document(
    "mutation One($input: OperationInput!) { trackOperation(input: $input) { status uuid } }",
    b'{"data":{"trackOperation":{"status":"ACCEPTED"',
)


def ingest(count: int) -> Document:
    return Document(
        "mutation Batch($entries: [EntryInput!]!) "
        "{ ingest(entries: $entries) { accepted duplicates rejected } }",
        b'{"data":{"ingest":{"accepted":%d,"duplicates":0,"rejected":0}}' % count,
    )


CONSUME = Document(
    "mutation Use($input: ConsumeInput!) "
    "{ consume(input: $input) { allowed status deniedBy { subject maximum used resetsAt } } }",
    b'{"data":{"consume":{"allowed":true,"status":"ACCEPTED"',
)
SET_LIMIT = Document(
    "mutation Limit($input: LimitInput!) { setLimit(input: $input) { limit { uuid } } }",
    b'{"data":{"setLimit":',
)
FIRST_ANSWER = Document("query First { viewer { scopes } }", b'{"data":{"viewer":')


def page(fields: Sequence[str], rows: int) -> Document:
    return Document(
        f"query Page($where: OperationFilter) {{ operations(first: {rows}, where: $where) "
        f"{{ nodes {{ {' '.join(fields)} }} pageInfo {{ hasNextPage endCursor }} }} }}",
        b'{"data":{"operations":{"nodes":[{',
    )
