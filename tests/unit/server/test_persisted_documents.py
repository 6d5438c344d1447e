"""Documents named by an id: automatic persisted queries, and manifests of what alone may be asked."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from server.graphql.persisted_documents import ManifestError, PersistedQueries, TrustedDocuments
from server.http.negotiation import GRAPHQL_JSON
from tests.support.api import Api, Json, StartApi

VIEWER = "{ viewer { name } }"
ANSWER = {"data": {"viewer": {"name": "open"}}}
COUNT = "query Count { operations { totalCount } }"


def digest(query: str) -> str:
    """The id of a document, worked out by itself."""
    return sha256(query.encode()).hexdigest()


def persisted(query: str, **members: object) -> Json:
    """The extension that names a document."""
    return {"persistedQuery": {"version": 1, "sha256Hash": digest(query), **members}}


async def test_a_document_is_sent_once(api: Api) -> None:
    asked = {"extensions": persisted(VIEWER)}
    answer = await api.raw(asked)
    assert answer.status_code == 200
    assert answer.json() == {
        "errors": [
            {
                "message": "PersistedQueryNotFound",
                "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"},
            }
        ]
    }
    assert (await api.raw(asked, headers={"Accept": GRAPHQL_JSON})).status_code == 404
    assert (await api.raw({**asked, "query": VIEWER})).json() == ANSWER
    for _ in range(3):
        assert (await api.raw(asked)).json() == ANSWER
    params = {"extensions": json.dumps(persisted(VIEWER))}
    assert (await api.raw(method="GET", params=params)).json() == ANSWER


async def test_a_kept_mutation_is_not_asked_by_get(api: Api) -> None:
    change = "mutation { startSession(input: {}) { status } }"
    asked = {"extensions": persisted(change)}
    assert (await api.raw({**asked, "query": change})).status_code == 200
    params = {"extensions": json.dumps(persisted(change))}
    assert (await api.raw(method="GET", params=params)).status_code == 405


WRONG = [
    (persisted("{ other }"), "does not match its sha256Hash"),
    (persisted(VIEWER, version=2), "version must be 1"),
    (persisted(VIEWER, version=None), "version must be 1"),
    (persisted(VIEWER, sha256Hash=5), "an object with a sha256Hash"),
    ({"persistedQuery": 5}, "an object with a sha256Hash"),
    ({"persistedQuery": []}, "an object with a sha256Hash"),
    (persisted(VIEWER, sha256Hash="\ud800"), "does not match its sha256Hash"),
]


async def test_what_is_no_persisted_query(api: Api) -> None:
    for extensions, message in WRONG:
        answer = await api.raw({"query": VIEWER, "extensions": extensions})
        assert answer.status_code == 400
        assert message in answer.json()["errors"][0]["message"]


def test_only_so_many_are_kept() -> None:
    keeper = PersistedQueries(max_documents=2)
    for query in ("{ a }", "{ b }", "{ c }", "{ " + "d " * 20_000 + "}"):
        keeper._keep(digest(query), query)
    assert list(keeper._queries.values()) == ["{ b }", "{ c }"]


@pytest.mark.parametrize("server_settings", [{"persisted_queries": False}])
async def test_they_can_be_switched_off(api: Api) -> None:
    answer = await api.raw({"extensions": persisted(VIEWER)})
    assert answer.json()["errors"][0]["message"] == "PersistedQueryNotSupported"
    assert answer.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_SUPPORTED"
    both = {"query": VIEWER, "extensions": persisted(VIEWER)}
    assert (await api.raw(both)).json() == ANSWER


MANIFESTS = [
    {"viewer": VIEWER},
    {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [{"id": "viewer", "name": "", "type": "query", "body": VIEWER}],
    },
]


@pytest.mark.parametrize("manifest", MANIFESTS)
async def test_only_listed_documents_are_executed(
    start_api: StartApi, tmp_path: Path, manifest: Json
) -> None:
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps(manifest))
    api = await start_api(trusted_documents=str(file))
    for asked in (
        {"query": VIEWER},
        {"documentId": "viewer"},
        {"documentId": f"sha256:{digest(VIEWER)}"},
        {"extensions": persisted(VIEWER)},
        {"query": VIEWER, "extensions": persisted(VIEWER)},
    ):
        for _ in range(2):
            assert (await api.raw(asked)).json() == ANSWER
    for asked in (
        {"query": COUNT},
        {"query": VIEWER + " "},
        {"query": "{ __schema { types { name } } }"},
        {"query": COUNT, "documentId": "viewer"},
        {"query": COUNT, "extensions": persisted(COUNT)},
    ):
        answer = await api.raw(asked)
        assert answer.status_code == 403
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    for asked in ({"documentId": "other"}, {"extensions": persisted(COUNT)}):
        answer = await api.raw(asked)
        assert answer.json()["errors"][0]["message"] == "PersistedQueryNotFound"


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"a": 5}', '{"operations": [5]}', "\ufeff"])
def test_a_file_that_is_no_manifest(tmp_path: Path, content: str) -> None:
    file = tmp_path / "manifest.json"
    file.write_text(content)
    with pytest.raises(ManifestError, match=r"manifest\.json"):
        TrustedDocuments.read(file)
    with pytest.raises(ManifestError):
        TrustedDocuments.read(tmp_path / "nowhere.json")
