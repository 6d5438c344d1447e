"""What the answer to a mutation may show: things as they are now, and nothing of others."""

from tests.support.api import Api

CREATE = 'mutation { createRequest(input: {type: "video"}) { request { uuid } } }'


async def test_a_later_mutation_of_a_document_reads_what_an_earlier_one_wrote(api: Api) -> None:
    uuid = (await api(CREATE))["createRequest"]["request"]["uuid"]
    answer = await api(
        """
        mutation ($id: UUID!) {
          start: startStage(input: {requestId: $id, stage: "a"}) { cancelRequested }
          cancel: cancelRequest(input: {requestId: $id}) { request { status } }
          beat: progressStage(input: {requestId: $id, stage: "a"}) {
            status cancelRequested request { status }
          }
        }
        """,
        {"id": uuid},
    )
    assert answer["start"] == {"cancelRequested": False}
    assert answer["cancel"] == {"request": {"status": "CANCELLED"}}
    expected = {
        "status": "DUPLICATE",
        "cancelRequested": True,
        "request": {"status": "CANCELLED"},
    }
    assert answer["beat"] == expected


async def test_a_key_that_only_reports_reads_no_records_of_others_through_an_answer(
    api: Api,
) -> None:
    uuid = (await api(CREATE))["createRequest"]["request"]["uuid"]
    await api(
        """
        mutation ($id: UUID!) {
          trackOperation(input: {kind: API, name: "secret", requestId: $id}) { status }
        }
        """,
        {"id": uuid},
    )
    key = await api(
        """
        mutation {
          createApiKey(input: {name: "reporter", scopes: [INGEST], organizationId: "default"}) {
            secret
          }
        }
        """
    )
    reporter = api.as_key(key["createApiKey"]["secret"])
    for edge in ("operations { nodes { name } }", "events { nodes { type } }"):
        document = f"""mutation ($id: UUID!) {{
          startRequest(input: {{requestId: $id}}) {{ request {{ {edge} }} }} }}"""
        response = await reporter.raw({"query": document, "variables": {"id": uuid}})
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN", edge
        assert "secret" not in response.text
