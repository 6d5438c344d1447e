"""Takes secrets out of what is kept of a call: header values, query fields, fields of a JSON body."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from urllib.parse import parse_qsl

REDACTED = "[redacted]"

SECRET_HEADERS = (
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "x-api-key",
    "*token*",
    "*secret*",
)
SECRET_FIELDS = (
    "*password*",
    "passwd",
    "pwd",
    "*secret*",
    "*token",
    "token",
    "api[_-]key",
    "apikey",
    "authorization",
    "cookie",
    "credit[_-]card*",
    "card[_-]number",
    "cvv",
    "cvc",
    "iban",
    "ssn",
)

FINGERPRINT_DIGITS = 16
DEEPEST = 12
"""Levels of a body that are looked through; what lies deeper is left out, not trusted."""
MOST_QUERY_FIELDS = 50
VALUE_LENGTH = 500
"""Characters of a header or query field that are kept."""


@lru_cache(64)
def _any_of(globs: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(translate(glob) for glob in globs) or r"(?!)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Redaction:
    """Which names hide their value; globs, without regard to case."""

    headers: tuple[str, ...] = SECRET_HEADERS
    query: tuple[str, ...] = SECRET_FIELDS
    fields: tuple[str, ...] = SECRET_FIELDS

    def of_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Give every header with its value, or with a mark in its place."""
        secret = _any_of(self.headers)
        return {
            name: REDACTED if secret.match(name) else value[:VALUE_LENGTH]
            for name, value in headers.items()
        }

    def of_query(self, query: str) -> dict[str, str | list[str]]:
        """Give the fields of a query string; one that was sent more than once is a list."""
        secret, kept = _any_of(self.query), dict[str, str | list[str]]()
        try:
            pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_QUERY_FIELDS)
        except ValueError:  # more fields than anybody reads
            return {}
        for told, said in pairs:
            name = told[:VALUE_LENGTH]
            value = REDACTED if secret.match(told) else said[:VALUE_LENGTH]
            match kept.get(name):
                case None:
                    kept[name] = value
                case list(values):
                    values.append(value)
                case str(first):
                    kept[name] = [first, value]
        return kept

    def of_body(self, body: object, depth: int = 0) -> object:
        """Give a JSON value with every secret field replaced, however deep it lies."""
        if depth >= DEEPEST:
            return REDACTED
        if isinstance(body, Mapping):
            secret = _any_of(self.fields)
            return {
                str(name): REDACTED if secret.match(str(name)) else self.of_body(value, depth + 1)
                for name, value in body.items()
            }
        if isinstance(body, list | tuple):
            return [self.of_body(value, depth + 1) for value in body]
        return body


def fingerprint(secret: str) -> str:
    """Name a key without telling it: the same key gives the same name, and no way leads back."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()[:FINGERPRINT_DIGITS]


def cut(text: str, length: int) -> str:
    """Shorten to ``length`` characters at most."""
    return text if len(text) <= length else text[:length]


def lower_names(names: Iterable[str]) -> tuple[str, ...]:
    """Header names as they are compared."""
    return tuple(name.lower() for name in names)
