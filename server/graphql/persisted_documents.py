"""Look documents up by id: those that clients registered, or only those of a manifest."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from cachetools import LRUCache

from server.http.bodies import GraphQLRequest, HttpError

MAX_REGISTERED_DOCUMENTS = 1_000
MAX_DOCUMENT_CHARS = 20_000
"""Together with the number of documents this bounds the memory to 20 MB."""
NOT_FOUND = "PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND"
NOT_SUPPORTED = "PersistedQueryNotSupported", "PERSISTED_QUERY_NOT_SUPPORTED"
"""Message and code known to Apollo's clients, which then send the full document."""
FORBIDDEN = "FORBIDDEN"


class ManifestError(Exception):
    pass


def digest(query: str) -> str:
    return hashlib.sha256(query.encode(errors="surrogatepass")).hexdigest()


def requested_id(request: GraphQLRequest) -> str | None:
    if request.document_id is not None:
        return request.document_id.removeprefix("sha256:")
    persisted: Any = (request.extensions or {}).get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or not isinstance(persisted.get("sha256Hash"), str):
        raise HttpError(400, "extensions.persistedQuery must be an object with a sha256Hash.")
    if persisted.get("version") != 1:
        raise HttpError(400, "extensions.persistedQuery.version must be 1.")
    id: str = persisted["sha256Hash"]
    return id


class PersistedQueries:
    """Implement automatic persisted queries: a document sent once can be named by its SHA-256."""

    restricts_documents = False

    def __init__(self, max_documents: int = MAX_REGISTERED_DOCUMENTS) -> None:
        self._queries: LRUCache[str, str] = LRUCache(max_documents)

    def with_document(self, request: GraphQLRequest) -> GraphQLRequest:
        """Return the request with its document; a document sent with its id is registered."""
        id = requested_id(request)
        if id is None:
            return request
        if request.query:
            if digest(request.query) != id.lower():
                raise HttpError(400, "The query does not match its sha256Hash.")
            self._keep(id.lower(), request.query)
            return request
        query = self._queries.get(id.lower())
        if query is None:
            raise HttpError(404, NOT_FOUND[0], code=NOT_FOUND[1])
        return replace(request, query=query)

    def _keep(self, id: str, query: str) -> None:
        if len(query) <= MAX_DOCUMENT_CHARS:
            self._queries[id] = query


class NoPersistedQueries:
    restricts_documents = False

    def with_document(self, request: GraphQLRequest) -> GraphQLRequest:
        if request.query:
            return request
        raise HttpError(400, NOT_SUPPORTED[0], code=NOT_SUPPORTED[1])


class TrustedDocuments:
    restricts_documents = True

    def __init__(self, documents: dict[str, str]) -> None:
        self._documents = documents
        self._texts = frozenset(documents.values())

    @classmethod
    def read(cls, path: Path) -> "TrustedDocuments":
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ManifestError(f"{path} is not valid JSON: {error}") from None
        documents = manifest_documents(content)
        if not documents:
            raise ManifestError(f"{path} contains no documents: {MANIFEST_FORMATS}")
        return cls(documents)

    def with_document(self, request: GraphQLRequest) -> GraphQLRequest:
        if request.query:
            if request.query in self._texts:
                return request
            raise HttpError(
                403, "Only the documents of this server's manifest can be executed.", code=FORBIDDEN
            )
        id = requested_id(request)
        query = self._documents.get(id) if id is not None else None
        if query is None:
            raise HttpError(404, NOT_FOUND[0], code=NOT_FOUND[1])
        return replace(request, query=query)


MANIFEST_FORMATS = (
    'write {"ID": "DOCUMENT", ...}, or {"operations": [{"id": "ID", "body": "DOCUMENT"}, ...]} as '
    "Apollo's tools do"
)


def manifest_documents(content: Any) -> dict[str, str] | None:
    """Return the documents of a manifest by id; None for an unknown format."""
    if isinstance(content, dict) and isinstance(content.get("operations"), list):
        entries = content["operations"]
        if not all(isinstance(entry, dict) for entry in entries):
            return None
        content = {entry.get("id"): entry.get("body") for entry in entries}
    if not isinstance(content, dict):
        return None
    texts = all(isinstance(k, str) and isinstance(v, str) for k, v in content.items())
    return {**content, **{digest(v): v for v in content.values()}} if texts else None
