"""Takes secrets out of what is kept of a call: header values, query fields, fields of a JSON body."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from urllib.parse import parse_qsl, unquote_plus

from trackstore.rule_values import names_of

REDACTED = "[redacted]"

SECRET_HEADERS = (
    "*authorization",
    "*cookie",
    "*api_key",
    "*access_key",
    "*token*",
    "*secret*",
    "*password*",
    "*credential*",
)
SECRET_FIELDS = (
    "*password*",
    "*passphrase",
    "passcode",
    "passwd",
    "*_passwd",
    "pwd",
    "*_pwd",
    "*secret",
    "*secrets",
    "secret_*",
    "*_secret_*",
    "*token",
    "*access_tokens",
    "*refresh_tokens",
    "*auth_tokens",
    "*api_tokens",
    "*api_key",
    "*api_keys",
    "*access_key",
    "*private_key",
    "*signing_key",
    "*encryption_key",
    "*authorization",
    "*auth_header",
    "*credentials",
    "*cookie",
    "*cookies",
    "*credit_card*",
    "*card_number",
    "*card_no",
    "*account_number",
    "cvv",
    "cvc",
    "*_cvv",
    "*_cvc",
    "*security_code",
    "iban",
    "*_iban",
    "ssn",
    "*_ssn",
    "*social_security*",
    "pin",
    "otp",
    "*_otp",
)
"""Globs of names in lower case with underscores. A name is compared however it is written: ``apiKey``,
``API-Key``, ``APIKey`` and ``apikey`` are ``api_key``."""

FINGERPRINT_DIGITS = 16
MAX_BODY_DEPTH = 12
"""Levels of a body that are looked through; what lies deeper is left out, not trusted."""
MAX_QUERY_FIELDS = 50
MAX_VALUE_CHARS = 500
"""Characters of a header or query field that are kept."""


_WORD_EDGE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OPEN_WORD = re.compile(r"\*_|_\*")
_SEPARATORS = re.compile(r"[^0-9A-Za-z*?]+")
_NUMBER_AT_END = re.compile(r"_*\d+$")
_PAIR_IN_URL = re.compile(r"([?&;#])([^=&;#?\s]{1,200})=([^&;#\s]*)")
_PASSWORD_IN_URL = re.compile(r"(://[^/?#\s:@]{0,200}:)([^/?#\s@]{1,500})(?=@)")


@lru_cache(64)
def _any_of(globs: tuple[str, ...]) -> re.Pattern[str]:
    plain = [translate(glob) for glob in globs]
    spelled = [translate(glob_of(glob)) for glob in globs if "[" not in glob]
    # Without separators a word may lie inside of another one: no "secret_*" for "secretary".
    joined = [
        translate(glob_of(glob).replace("_", "")) for glob in globs if not _OPEN_WORD.search(glob)
    ]
    return re.compile("|".join([*plain, *spelled, *joined]) or r"(?!)", re.IGNORECASE)


def glob_of(name: str) -> str:
    """Return a name or glob in lower case with underscores between its words."""
    return _SEPARATORS.sub("_", _WORD_EDGE.sub("_", name)).strip("_").lower()


@lru_cache(4_096)
def _is_match(globs: tuple[str, ...], name: str) -> bool:
    spelled = glob_of(name)
    forms = {name, spelled, spelled.replace("_", ""), _NUMBER_AT_END.sub("", spelled)}
    return any(_any_of(globs).match(form) is not None for form in forms)


def is_secret(globs: tuple[str, ...], name: str) -> bool:
    """Whether the value of this name is hidden, however the name is written."""
    return _is_match(globs, name[:MAX_VALUE_CHARS])


@dataclass(frozen=True, slots=True)
class Redaction:
    """Which names hide their value; globs, without regard to case.

    What is passed stands in place of the default: ``SECRET_FIELDS + ("notes",)`` adds to it.
    Raises ``InvalidSettingsError`` for what is no list of names.
    """

    headers: tuple[str, ...] = SECRET_HEADERS
    query: tuple[str, ...] = SECRET_FIELDS
    fields: tuple[str, ...] = SECRET_FIELDS

    def __post_init__(self) -> None:
        for field_name in ("headers", "query", "fields"):
            globs = names_of(f"redaction.{field_name}", getattr(self, field_name))
            object.__setattr__(self, field_name, globs)

    def of_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Give every header with its value, or with a mark in its place."""
        return {
            name: REDACTED
            if is_secret(self.headers, name)
            else self.of_text(value)[:MAX_VALUE_CHARS]
            for name, value in headers.items()
        }

    def of_query(self, query: str) -> dict[str, str | list[str]]:
        """Give the fields of a query string; one that was sent more than once is a list."""
        fields = dict[str, str | list[str]]()
        try:
            pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=MAX_QUERY_FIELDS)
        except ValueError:  # more fields than anybody reads
            return {}
        for field, text in pairs:
            name = field[:MAX_VALUE_CHARS]
            value = (
                REDACTED if is_secret(self.query, field) else self.of_text(text)[:MAX_VALUE_CHARS]
            )
            match fields.get(name):
                case None:
                    fields[name] = value
                case list(values):
                    values.append(value)
                case str(first):
                    fields[name] = [first, value]
        return fields

    def of_body(self, body: object, depth: int = 0) -> object:
        """Give a JSON value with every secret field replaced, however deep it lies."""
        if depth >= MAX_BODY_DEPTH:
            return REDACTED
        if isinstance(body, Mapping):
            return {
                str(name): REDACTED
                if is_secret(self.fields, str(name))
                else self.of_body(value, depth + 1)
                for name, value in body.items()
            }
        if isinstance(body, list | tuple):
            return [self.of_body(value, depth + 1) for value in body]
        return self.of_text(body) if isinstance(body, str) else body

    def of_text(self, text: str) -> str:
        """Give a text with the secrets in the URLs among it replaced: fields of queries, passwords."""
        if "=" in text and "?" in text:
            text = _PAIR_IN_URL.sub(self._pair, text)
        return _PASSWORD_IN_URL.sub(rf"\1{REDACTED}", text) if "://" in text else text

    def _pair(self, match: re.Match[str]) -> str:
        name = unquote_plus(match[2])
        return f"{match[1]}{match[2]}={REDACTED}" if is_secret(self.query, name) else match[0]


def fingerprint(secret: str) -> str:
    """Name a key without telling it: the same key gives the same name, and no way leads back."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()[:FINGERPRINT_DIGITS]


def cut(text: str, length: int) -> str:
    """Shorten to ``length`` characters at most."""
    return text if len(text) <= length else text[:length]
