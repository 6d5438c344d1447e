"""Redacts secrets in headers, query fields and JSON bodies."""

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
"""Globs of names in snake case. Names match in any spelling: ``apiKey``, ``API-Key``, ``APIKey``
and ``apikey`` are ``api_key``."""

FINGERPRINT_DIGITS = 16
MAX_BODY_DEPTH = 12
"""Deeper levels of a body are redacted entirely."""
MAX_QUERY_FIELDS = 50
MAX_VALUE_CHARS = 500
"""Characters kept of a header or query field."""


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
    return _SEPARATORS.sub("_", _WORD_EDGE.sub("_", name)).strip("_").lower()


@lru_cache(4_096)
def _is_match(globs: tuple[str, ...], name: str) -> bool:
    spelled = glob_of(name)
    forms = {name, spelled, spelled.replace("_", ""), _NUMBER_AT_END.sub("", spelled)}
    return any(_any_of(globs).match(form) is not None for form in forms)


def is_secret(globs: tuple[str, ...], name: str) -> bool:
    return _is_match(globs, name[:MAX_VALUE_CHARS])


@dataclass(frozen=True, slots=True)
class Redaction:
    """Names whose values are hidden; globs, case-insensitive.

    A value replaces the default: ``SECRET_FIELDS + ("notes",)`` extends it. Raises
    ``InvalidSettingsError`` if it is not a list of names.
    """

    headers: tuple[str, ...] = SECRET_HEADERS
    query: tuple[str, ...] = SECRET_FIELDS
    fields: tuple[str, ...] = SECRET_FIELDS

    def __post_init__(self) -> None:
        for field_name in ("headers", "query", "fields"):
            globs = names_of(f"redaction.{field_name}", getattr(self, field_name))
            object.__setattr__(self, field_name, globs)

    def of_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {
            name: REDACTED
            if is_secret(self.headers, name)
            else self.of_text(value)[:MAX_VALUE_CHARS]
            for name, value in headers.items()
        }

    def of_query(self, query: str) -> dict[str, str | list[str]]:
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
        """Return a JSON value with every secret field redacted, at any depth."""
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
        """Return a text with the secrets of URLs in it redacted: query fields and passwords."""
        if "=" in text and "?" in text:
            text = _PAIR_IN_URL.sub(self._pair, text)
        return _PASSWORD_IN_URL.sub(rf"\1{REDACTED}", text) if "://" in text else text

    def _pair(self, match: re.Match[str]) -> str:
        name = unquote_plus(match[2])
        return f"{match[1]}{match[2]}={REDACTED}" if is_secret(self.query, name) else match[0]


def fingerprint(secret: str) -> str:
    """Return a one-way fingerprint of a key, which is the same for the same key."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()[:FINGERPRINT_DIGITS]


def cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[:length]
