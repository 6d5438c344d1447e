"""Documents that are known by an id: those that clients registered, or only those of a manifest."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from cachetools import LRUCache

from server.http.bodies import GraphQLRequest, HttpError

KEPT = 1_000
LARGEST = 20_000
"""Documents kept, and characters of each: together they bound the memory to 20 MB."""
NOT_FOUND = "PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND"
NOT_SUPPORTED = "PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED"
"""Message and code that Apollo's clients know: they send the whole document, now or always."""
FORBIDDEN = "FORBIDDEN"


class ManifestError(Exception):
    """The file is no manifest of documents; the text says what is wrong."""


def digest(query: str) -> str:
    """The id of a document: SHA-256 in lower-case hexadecimal."""
    return hashlib.sha256(query.encode(errors="surrogatepass")).hexdigest()


def named(asked: GraphQLRequest) -> str | None:
    """The id under which a request names its document; raises ``HttpError``."""
    if asked.document_id is not None:
        return asked.document_id.removeprefix("sha256:")
    persisted: Any = (asked.extensions or {}).get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or not isinstance(persisted.get("sha256Hash"), str):
        raise HttpError(400, "extensions.persistedQuery must be an object with a sha256Hash")
    if persisted.get("version") != 1:
        raise HttpError(400, "extensions.persistedQuery.version must be 1")
    id: str = persisted["sha256Hash"]
    return id


class PersistedQueries:
    """Automatic persisted queries: what one client sent once, all may name by its SHA-256."""

    trusts_few = False

    def __init__(self, kept: int = KEPT) -> None:
        self._queries: LRUCache[str, str] = LRUCache(kept)

    def with_document(self, asked: GraphQLRequest) -> GraphQLRequest:
        """The request with the document that it names; one that comes with its id is kept."""
        id = named(asked)
        if id is None:
            return asked
        if asked.query:
            if digest(asked.query) != id.lower():
                raise HttpError(400, "the query does not have the SHA-256 that is given with it")
            self._keep(id.lower(), asked.query)
            return asked
        query = self._queries.get(id.lower())
        if query is None:
            raise HttpError(404, NOT_FOUND[0], code=NOT_FOUND[1])
        return replace(asked, query=query)

    def _keep(self, id: str, query: str) -> None:
        if len(query) <= LARGEST:
            self._queries[id] = query


class NoPersistedQueries:
    """Every request brings its own document."""

    trusts_few = False

    def with_document(self, asked: GraphQLRequest) -> GraphQLRequest:
        """The request as it is, where it has a document."""
        if asked.query:
            return asked
        raise HttpError(400, NOT_SUPPORTED[0], code=NOT_SUPPORTED[1])


class TrustedDocuments:
    """Only the documents of a manifest, by their ids or word for word."""

    trusts_few = True

    def __init__(self, documents: dict[str, str]) -> None:
        self._documents = documents
        self._texts = frozenset(documents.values())

    @classmethod
    def read(cls, path: Path) -> "TrustedDocuments":
        """The manifest in a file; raises ``ManifestError``."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ManifestError(f"{path} cannot be read as JSON: {error}") from None
        documents = documents_of(content)
        if not documents:
            raise ManifestError(f"{path} holds no document: {SHAPES}")
        return cls(documents)

    def with_document(self, asked: GraphQLRequest) -> GraphQLRequest:
        """The request with its document; raises ``HttpError`` for any that is not listed."""
        if asked.query:
            if asked.query in self._texts:
                return asked
            raise HttpError(403, "only documents that were listed are executed", code=FORBIDDEN)
        id = named(asked)
        query = self._documents.get(id) if id is not None else None
        if query is None:
            raise HttpError(404, NOT_FOUND[0], code=NOT_FOUND[1])
        return replace(asked, query=query)


SHAPES = (
    'write {"ID": "DOCUMENT", ...}, or {"operations": [{"id": "ID", "body": "DOCUMENT"}, ...]} as '
    "Apollo's tools do"
)


def documents_of(content: Any) -> dict[str, str] | None:
    """The documents of a manifest by their ids; None where it has another shape."""
    if isinstance(content, dict) and isinstance(content.get("operations"), list):
        listed = content["operations"]
        if not all(isinstance(one, dict) for one in listed):
            return None
        content = {one.get("id"): one.get("body") for one in listed}
    if not isinstance(content, dict):
        return None
    texts = all(isinstance(k, str) and isinstance(v, str) for k, v in content.items())
    return {**content, **{digest(v): v for v in content.values()}} if texts else None
