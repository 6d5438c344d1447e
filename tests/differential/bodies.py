"""Bodies of HTTP requests: odd JSON, no JSON, and what may hide where nobody looks."""

import json

DOCUMENT = "mutation ($v: [OperationInput!]!) { trackOperations(operations: $v) { accepted } }"
QUERY = json.dumps(DOCUMENT)
ITEM = '{"kind": "API", "name": "a call"}'
SPACED = json.dumps(" " * 5_000 + DOCUMENT)
ESCAPED = '"' + "".join(f"\\u{ord(c):04x}" for c in DOCUMENT) + '"'
DIGITS = "9" * 4_301
SHORT_DIGITS = "9" * 4_300

GOOD = f'{{"query": {QUERY}, "variables": {{"v": [{ITEM}]}}}}'.encode()


def request(members: str) -> bytes:
    """A good request with more members after its own."""
    return GOOD[:-1] + b", " + members.encode() + b"}"


def variables(text: str, query: str = QUERY) -> bytes:
    """A request with this text for its variables."""
    return f'{{"query": {query}, "variables": {text}}}'.encode()


def deep(levels: int) -> str:
    """Lists within each other."""
    return "[" * levels + "]" * levels


BODIES: dict[str, bytes] = {
    "good": GOOD,
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "space around": b" \r\n\t" + GOOD + b"\n ",
    "something behind": GOOD + b"x",
    "two requests": GOOD + GOOD,
    "UTF-16": GOOD.decode().encode("utf-16"),
    "nothing": b"",
    "a list": b"[" + GOOD + b"]",
    "an empty list": b"[]",
    "null": b"null",
    "a text": b'"{ viewer { name } }"',
    "no query": b'{"variables": {}}',
    "query null": b'{"query": null}',
    "query a number": b'{"query": 1}',
    "query empty": b'{"query": ""}',
    "query blank": b'{"query": " \\n "}',
    "query with a surrogate": b'{"query": "{ viewer { name } } # \\ud800"}',
    "query with NUL": b'{"query": "{ viewer { name } } # \\u0000"}',
    "query twice": request('"query": "{ viewer { name } }"'),
    "query twice, the first one a number": b'{"query": 1, ' + GOOD[1:],
    "query escaped": variables(f'{{"v": [{ITEM}]}}', ESCAPED),
    "query with much space": variables(f'{{"v": [{ITEM}]}}', SPACED),
    "operationName null": request('"operationName": null'),
    "operationName empty": request('"operationName": ""'),
    "operationName unknown": request('"operationName": "Nobody"'),
    "operationName a number": request('"operationName": 1'),
    "operationName a surrogate": request('"operationName": "\\ud800"'),
    "extensions": request('"extensions": {"a": [1, 2.0]}'),
    "extensions null": request('"extensions": null'),
    "extensions a list": request('"extensions": []'),
    "extensions with a long number": request(f'"extensions": {{"a": {DIGITS}}}'),
    "unknown member": request('"more": {"a": 1}'),
    "unknown member, invalid UTF-8": GOOD[:-1] + b', "more": "\xff"}',
    "unknown member, overlong UTF-8": GOOD[:-1] + b', "more": "\xc0\xaf"}',
    "unknown member, encoded surrogate": GOOD[:-1] + b', "more": "\xed\xa0\x80"}',
    "unknown name, invalid UTF-8": GOOD[:-1] + b', "\xff": 1}',
    "unknown member, surrogate": request('"more": "\\ud800"'),
    "unknown member, long number": request(f'"more": {DIGITS}'),
    "unknown member, a number just short enough": request(f'"more": {SHORT_DIGITS}'),
    "unknown member, negative long number": request(f'"more": -{DIGITS}'),
    "unknown member, beyond floats": request('"more": 1e999'),
    "unknown member, NaN": request('"more": NaN'),
    "unknown member, Infinity": request('"more": -Infinity'),
    "unknown member, bad escape": request('"more": "\\x"'),
    "unknown member, control character": request('"more": "\x01"'),
    "unknown member, deep": request(f'"more": {deep(500)}'),
    "unknown member, too deep": request(f'"more": {deep(5_000)}'),
    "no variables": f'{{"query": {QUERY}}}'.encode(),
    "variables null": variables("null"),
    "variables a list": variables("[]"),
    "variables a text": variables('"{}"'),
    "variables empty": variables("{}"),
    "variables twice": request(f'"variables": {{"v": [{ITEM}, {ITEM}]}}'),
    "variables twice, then null": request('"variables": null'),
    "variables twice, the first a list": b'{"variables": [], ' + GOOD[1:],
    "variables twice, the first with a long number": f'{{"variables": {{"v": {DIGITS}}}, '.encode()
    + GOOD[1:],
    "variables twice, the first invalid UTF-8": b'{"variables": {"v": "\xff"}, ' + GOOD[1:],
    "a variable twice": variables(f'{{"v": [], "v": [{ITEM}]}}'),
    "a variable twice, escaped": variables(f'{{"v": [{ITEM}], "\\u0076": [{ITEM}, {ITEM}]}}'),
    "a variable twice, first null": variables(f'{{"v": null, "v": [{ITEM}]}}'),
    "a variable twice, then null": variables(f'{{"v": [{ITEM}], "v": null}}'),
    "a variable twice, first invalid UTF-8": b'{"query": %s, "variables": {"v": "\xff", "v": [%s]}}'
    % (QUERY.encode(), ITEM.encode()),
    "a variable twice, first too long": variables(f'{{"v": {DIGITS}, "v": [{ITEM}]}}'),
    "a variable twice, first a surrogate": variables(f'{{"v": "\\ud800", "v": [{ITEM}]}}'),
    "an unknown variable": variables(f'{{"v": [{ITEM}], "w": {{"a": 1}}}}'),
    "an unknown variable, long number": variables(f'{{"v": [{ITEM}], "w": {DIGITS}}}'),
    "an unknown variable, invalid UTF-8": b'{"query": %s, "variables": {"v": [%s], "w": "\xff"}}'
    % (QUERY.encode(), ITEM.encode()),
    "a variable's name, invalid UTF-8": b'{"query": %s, "variables": {"v": [%s], "\xff": 1}}'
    % (QUERY.encode(), ITEM.encode()),
    "an unknown variable, deep": variables(f'{{"v": [{ITEM}], "w": {deep(900)}}}'),
    "an unknown variable, too deep": variables(f'{{"v": [{ITEM}], "w": {deep(5_000)}}}'),
    "a trailing comma": GOOD[:-1] + b",}",
    "half of it": GOOD[:-9],
    "single quotes": GOOD.replace(b'"', b"'"),
    "a comment": GOOD[:-1] + b"/* comment */}",
    "a name in invalid UTF-8": GOOD.replace(b"a call", b"a \xffcall"),
    "a name in UTF-8": GOOD.replace(b"a call", "\u00e9 \U0001f600".encode()),
    "a name with a control character": GOOD.replace(b"a call", b"a\x00call"),
}

OTHER_TYPES = (
    None, "application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "text/plain",
    "application/graphql", "application/graphql-response+json",
)  # fmt: skip
ACCEPTED_TYPES = ("*/*", "application/json", "application/graphql-response+json", "text/html")
