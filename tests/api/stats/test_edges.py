"""Edges of arguments: the ends of time, nulls, attributes of events, answers that are cut."""

from tests.support.api import Api, Json

INGEST = "mutation ($v: [EntryInput!]!) { ingest(entries: $v) { accepted } }"
REQUEST = "01a1f84a-95c0-7000-8000-000000000002"


async def test_spans_to_the_end_of_time(api: Api) -> None:
    last = "9999-12-31T23:59:59.999999Z"
    for name in ("operationStats", "interactionStats"):
        document = f"""{{ {name}(compare: {{range: {{since: "2026-06-01T08:00:00Z", until: "{last}"}}}}) {{
          totals {{ count previous {{ count }} }} compared {{ until }} }} }}"""
        assert (await api(document))[name] == {
            "totals": {"count": 0, "previous": {"count": 0}},
            "compared": {"until": last},
        }


async def test_null_stands_for_an_argument_that_is_left_out(api: Api) -> None:
    answer = await api("""{ operationStats(where: null, groupBy: null, bucket: null, having: null,
        orderBy: null, top: null, compare: null, limit: null) {
          rows { count bucket { start } previous { count } delta { count } key { kind } } }
      toolBreakdown(timeRange: null) { operations }
      monitoringOverview(hours: null) { hours(zone: null) { start } } }""")
    (row,) = answer["operationStats"]["rows"]
    assert row == {
        "count": 0, "bucket": None, "previous": None, "delta": None, "key": {"kind": None},
    }  # fmt: skip
    assert len(answer["monitoringOverview"]["hours"]) in (24, 25)


async def test_attributes_of_events_are_their_data(api: Api) -> None:
    entries: list[Json] = [{"createRequest": {"id": REQUEST, "type": "t"}}]
    entries += [
        {"logEvent": {"requestId": REQUEST, "type": "poll", "data": {"at": {"n": n}, "k": n % 2}}}
        for n in range(5)
    ]
    assert (await api(INGEST, {"v": entries}))["ingest"]["accepted"] == 6
    answer = await api("""{ eventStats(where: {data: [{path: "at.n", gte: 1}]},
        groupBy: [{attribute: "k"}, {field: REQUEST_TYPE}]) {
      rows { key { attribute(path: "k") requestType } count attribute(path: "at.n") { sum } } } }""")
    refused = await api.refused(
        '{ eventStats(where: {attributes: [{path: "a", eq: 1}]}) { totals { count } } }'
    )
    assert "unknown field 'attributes'" in refused.message
    assert answer["eventStats"]["rows"] == [
        {"key": {"attribute": 0, "requestType": "t"}, "count": 2, "attribute": {"sum": 6}},
        {"key": {"attribute": 1, "requestType": "t"}, "count": 2, "attribute": {"sum": 4}},
    ]


async def test_an_answer_that_was_cut_says_so(api: Api) -> None:
    track = "mutation ($v: [OperationInput!]!) { trackOperations(operations: $v) { accepted } }"
    await api(track, {"v": [{"kind": "API", "name": f"n{i}"} for i in range(5)]})
    document = """query ($n: Int) { operationStats(groupBy: [{field: NAME}], limit: $n) {
      truncated rows { count } totals { count } } }"""
    for limit, cut in ((4, True), (5, False), (None, False)):
        found = (await api(document, {"n": limit}))["operationStats"]
        assert (found["truncated"], len(found["rows"])) == (cut, limit or 5)
        assert found["totals"]["count"] == 5
