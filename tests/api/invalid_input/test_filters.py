"""Filters that ask for too much, for what cannot be, or for numbers that no column holds."""

from tests.api.invalid_input.batches import COUNT, count, operation, track
from tests.support.api import Api, Json


async def refused(api: Api, **where: object) -> str:
    """What is said of a filter that must be refused."""
    refusal = await api.refused(COUNT, {"where": where})
    assert refusal.code == "BAD_USER_INPUT"
    return refusal.message


async def test_numbers_that_no_column_holds(api: Api) -> None:
    call = {"statusCode": 200, "batchSize": 3}
    await track(api, operation(api=call, durationMs=12.5), operation())
    for number in (2**31, -(2**31) - 1, 2**40, 2**63 - 1, -(2**63)):
        for field in ("statusCode", "batchSize", "tokensOriginal", "units"):
            assert await count(api, **{field: {"eq": number}}) == 0
            assert await count(api, **{field: {"in": [number, 200, 3]}}) in (0, 1)
        some = {"gte" if number < 0 else "lte": number}
        none = {"lt" if number < 0 else "gt": number}
        assert await count(api, statusCode=some) == await count(api, batchSize=some) == 1
        assert await count(api, statusCode=none) == await count(api, batchSize=none) == 0
    for milliseconds in (1e308, -1e308, 5e-324):
        assert await count(api, durationMs={"eq": milliseconds}) == 0
    assert "Use a value within 64 bits." in await refused(api, statusCode={"eq": 2**63})
    assert "Invalid integer '200.0'." in await refused(api, statusCode={"eq": "200.0"})
    assert "non numeric value" in await refused(api, durationMs={"gt": "1"})


async def test_filters_too_deep(api: Api) -> None:
    await track(api, operation())
    for step in ("and", "or", "not"):
        where: Json = {"name": {"contains": "memory"}}
        for level in range(400):
            if level < 9:
                expected = 1 if step != "not" or level % 2 else 0
                assert await count(api, **{step: where}) == expected
            elif level in (9, 30, 100, 150, 300, 399):
                assert "nested" in await refused(api, **{step: where})
            where = {step: where} if step == "not" else {step: [where]}


async def test_filters_of_too_many_comparisons_and_values(api: Api) -> None:
    await track(api, operation())
    one = {"name": {"eq": "GET v1/memory"}}
    assert await count(api, **{"or": [one] * 200}) == 1
    assert "more than 200 comparisons" in await refused(api, **{"or": [one] * 201})
    assert "more than 200 comparisons" in await refused(
        api, attributes=[{"path": f"a{i}", "exists": True} for i in range(201)]
    )
    for values in ([f"n{i}" for i in range(999)] + ["GET v1/memory"], ["GET v1/memory"] * 1_000):
        assert await count(api, name={"in": values}) == 1
    assert "A list must not hold more than 1,000 values (got 1,001)." in await refused(
        api, name={"in": ["x"] * 1_001}
    )
    id = "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f"
    assert "more than 1,000 values (got 1,001)" in await refused(api, id={"in": [id] * 1_001})
    assert "more than 1,000 values (got 1,001)" in await refused(
        api, attributes=[{"path": "a", "in": [1] * 1_001}]
    )


async def test_filters_of_nothing(api: Api) -> None:
    await track(api, operation())
    for where, found in (
        ({}, 1), ({"and": []}, 1), ({"or": []}, 0), ({"not": {"or": []}}, 1),
        ({"attributes": []}, 1), ({"kind": {"in": []}}, 0), ({"id": {"in": []}}, 0),
        ({"name": {"in": []}}, 0), ({"name": {"notIn": []}}, 1), ({"name": {"contains": ""}}, 1),
        ({"name": {"startsWith": ""}}, 1), ({"name": {"eq": ""}}, 0),
        ({"attributes": [{"path": "a", "in": []}]}, 0),
    ):  # fmt: skip
        assert await count(api, **where) == found, where
    without_value: tuple[tuple[Json, str], ...] = (
        ({"not": {}}, "where.not: "), ({"and": [{}]}, "where.and.0: "),
        ({"or": [{}]}, "where.or.0: "), ({"name": {}}, "where.name: "),
        ({"occurredAt": {}}, "where.occurredAt: "), ({"name": None}, "where.name: "),
        ({"attributes": [{"path": "a"}]}, "where.attributes.0: "), ({"not": None}, "where.not: "),
    )  # fmt: skip
    for condition, place in without_value:
        assert (await refused(api, **condition)).startswith(place), condition


async def test_texts_are_compared_without_wildcards_and_by_case(api: Api) -> None:
    await track(
        api, *(operation(name=name) for name in ("a%b", "a_b", "A%B", "a\\b", "axb", "äxb"))
    )
    for condition, found in (
        ({"contains": "%"}, 2), ({"contains": "_"}, 1), ({"startsWith": "a%"}, 1),
        ({"startsWith": "a_"}, 1), ({"contains": "\\"}, 1), ({"eq": "A%B"}, 1),
        ({"startsWith": "A"}, 1), ({"startsWith": "ä"}, 1), ({"contains": "' OR 1=1 --"}, 0),
        ({"contains": "x" * 100_000}, 0), ({"endsWith": "%B"}, 1), ({"endsWith": "_b"}, 1),
        ({"endsWith": ""}, 6), ({"endsWith": "xa%b"}, 0), ({"eqIgnoreCase": "a%B"}, 2),
        ({"containsIgnoreCase": "XB"}, 2), ({"startsWithIgnoreCase": "A"}, 5),
        ({"startsWithIgnoreCase": "Ä"}, 0), ({"endsWithIgnoreCase": "B"}, 6),
    ):  # fmt: skip
        assert await count(api, name=condition) == found, condition


async def test_texts_are_ordered_by_code_point(api: Api) -> None:
    names = ["", "A", "Z", "_", "a", "a b", "ab", "z", "ä", "\uffee", "\U0001f600"]
    await track(api, *(operation(name=name or "!") for name in names))
    ordered = sorted(name or "!" for name in names)
    for place, name in enumerate(ordered):
        assert await count(api, name={"lt": name}) == place, name
        assert await count(api, name={"lte": name}) == place + 1, name
        assert await count(api, name={"gt": name}) == len(names) - place - 1, name
        assert await count(api, name={"gte": name}) == len(names) - place, name
    assert await count(api, name={"gte": "a", "lt": "b"}) == 3
    assert await count(api, organizationId={"gte": "default", "lte": "default"}) == len(names)
    assert await count(api, userId={"gt": ""}) == 0


async def test_values_without_an_order(api: Api) -> None:
    llm = {"model": "m", "inputTokens": 3}
    await track(
        api,
        operation(cacheHit=True),
        operation(cacheHit=False, outcome="ERROR"),
        operation(kind="LLM", name="m", llm=llm),
    )
    some = "0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f"
    for where, found in (
        ({"kind": {"eq": "LLM"}}, 1), ({"kind": {"ne": "LLM"}}, 2), ({"kind": {"notIn": ["API"]}}, 1),
        ({"kind": {"in": ["API", "LLM"]}}, 3), ({"kind": {"notIn": []}}, 3),
        ({"kind": {"eq": "API", "ne": "API"}}, 0), ({"kind": {"isNull": True}}, 0),
        ({"priceStatus": {"isNull": True}}, 2), ({"priceStatus": {"ne": "UNPRICED"}}, 2),
        ({"priceStatus": {"notIn": ["UNPRICED"]}}, 2), ({"priceStatus": {"isNull": False}}, 1),
        ({"outcome": {"ne": "OK"}}, 1), ({"not": {"outcome": {"eq": "OK"}}}, 1),
        ({"cacheHit": {"eq": True}}, 1), ({"cacheHit": {"eq": False}}, 1), ({"cacheHit": {"ne": True}}, 2),
        ({"cacheHit": {"in": [True, False]}}, 2), ({"cacheHit": {"notIn": [True]}}, 2),
        ({"cacheHit": {"isNull": True}}, 1), ({"cacheHit": {"in": []}}, 0),
        ({"id": {"eq": some}}, 0), ({"id": {"ne": some}}, 3), ({"id": {"notIn": [some]}}, 3),
        ({"requestId": {"isNull": True}}, 3), ({"requestId": {"ne": some}}, 3),
        ({"sessionId": {"isNull": False}}, 0), ({"sessionId": {"ne": "s"}}, 3),
        ({"recordedAt": {"isNull": True}}, 0), ({"occurredAt": {"gt": "2000-01-01T00:00:00Z"}}, 3),
        ({"occurredAt": {"ne": "2000-01-01T00:00:00Z"}}, 3), ({"occurredAt": {"in": []}}, 0),
        ({"occurredAt": {"lte": "2000-01-01T00:00:00Z"}}, 0),
        ({"occurredAt": {"last": "P999999W", "isNull": False}}, 3),
    ):  # fmt: skip
        assert await count(api, **where) == found, where


async def test_every_filter_joins_conditions(api: Api) -> None:
    labels = {f"{name}Id": name for name in ("developer", "apiKey", "company", "subscription")}
    document = "mutation ($s: SessionInput!) { startSession(input: $s) { status } }"
    await api(document, {"s": {"id": "one", "labels": labels}})
    for name, value in labels.items():
        for text, found in ((value, 1), ("other", 0)):
            document = f'{{ sessions(where: {{{name}: {{eq: "{text}"}}}}) {{ totalCount }} }}'
            assert await api(document) == {"sessions": {"totalCount": found}}
    for state in ("OPEN", "CLOSED"):
        report = f'name: "{state}", state: {state}'
        await api(f"mutation {{ reportCircuitBreaker(input: {{{report}}}) {{ status }} }}")
    for where, names in (
        ("not: {state: {eq: OPEN}}", ["CLOSED"]),
        ('or: [{state: {eq: OPEN}}, {name: {startsWith: "CL"}}]', ["CLOSED", "OPEN"]),
        ('and: [{state: {eq: OPEN}}, {name: {startsWith: "CL"}}]', []),
        ("or: []", []),
    ):
        breakers = (await api(f"{{ circuitBreakers(where: {{{where}}}) {{ name }} }}"))[
            "circuitBreakers"
        ]
        assert [breaker["name"] for breaker in breakers] == names, where
    for period in ("DAY", "MONTH"):
        limit = f'subject: ORGANIZATION, interactionType: "mini", maximum: 1, period: {period}'
        await api(f"mutation {{ setLimit(input: {{{limit}}}) {{ status }} }}")
    where = 'not: {period: {eq: DAY}}, or: [{mode: {eq: HARD}}, {subjectId: {gt: "z"}}]'
    limits = (await api(f"{{ limits(where: {{{where}}}) {{ period }} }}"))["limits"]
    assert limits == [{"period": "MONTH"}]


async def test_prices_are_filtered_by_every_field_with_their_tiers(api: Api) -> None:
    document = "mutation ($input: PriceInput!) { setPrice(input: $input) { status } }"
    tiers = [{"aboveInputTokens": 1_000, "inputPer1k": 9}]
    for price in (
        {"kind": "MODEL", "name": "large", "inputPer1k": 0.3, "tiers": tiers},
        {"kind": "MODEL", "name": "small", "inputPer1k": 0.1, "outputPer1k": 0.7},
        {
            "kind": "TOOL",
            "name": "read",
            "inputPer1k": 0.1,
            "effectiveFrom": "2026-01-01T00:00:00Z",
        },
        {"kind": "TOOL", "name": "base", "inputPer1k": 2, "organizationId": "*"},
    ):
        await api(document, {"input": price})
    everything = ["large", "small", "base", "read"]
    for where, expected in (
        ("", everything),
        ("kind: {eq: TOOL}", ["base", "read"]),
        ('name: {startsWith: "l"}', ["large"]),
        ('organizationId: {eq: "*"}', ["base"]),
        ("inputPer1k: {eq: 0.1}", ["small", "read"]),
        ("inputPer1k: {in: [0.3, 2]}", ["large", "base"]),
        ("inputPer1k: {gt: 2}", []),
        ("inputPer1k: {ne: 0.1}", ["large", "base"]),
        ("outputPer1k: {gte: 0.7}", ["small", "base"]),
        ('effectiveFrom: {since: "2025-01-01T00:00:00Z"}', ["read"]),
        ("createdAt: {last: ALL}", everything),
        ("not: {kind: {eq: TOOL}}", ["large", "small"]),
        ('or: [{name: {eq: "small"}}, {inputPer1k: {gte: 2}}]', ["small", "base"]),
        ("or: []", []),
    ):
        prices = (await api(f"{{ prices(where: {{{where}}}) {{ name tiers {{ inputPer1k }} }} }}"))[
            "prices"
        ]
        assert sorted(price["name"] for price in prices) == sorted(expected), where
        for price in prices:
            assert price["tiers"] == ([{"inputPer1k": 9}] if price["name"] == "large" else [])
    refused = await api.refused("{ prices(where: {inputPer1k: null}) { name } }")
    assert refused.message.startswith("where.inputPer1k: null is not a condition")


async def test_keys_limits_and_breakers_are_filtered_by_every_field(api: Api) -> None:
    document = "mutation ($input: ApiKeyInput!) { createApiKey(input: $input) { apiKey { uuid } } }"
    ids = []
    for key in (
        {"name": "site", "organizationId": "acme", "expiresAt": "2100-01-01T00:00:00Z"},
        {"name": "worker", "organizationId": "acme", "namespaceId": "n"},
    ):
        payload = await api(document, {"input": {"scopes": ["READ"], **key}})
        ids.append(payload["createApiKey"]["apiKey"]["uuid"])
    await api(f'mutation {{ revokeApiKey(input: {{keyId: "{ids[1]}"}}) {{ status }} }}')
    limit = 'subject: ORGANIZATION, interactionType: "mini", maximum: 7, zone: "Europe/Rome"'
    await api(f"mutation {{ setLimit(input: {{{limit}}}) {{ status }} }}")
    report = 'name: "db", state: OPEN, totalCalls: 9, totalFailures: 3, message: "down"'
    await api(f"mutation {{ reportCircuitBreaker(input: {{{report}}}) {{ status }} }}")
    for root, where, expected in (
        ("apiKeys", f'id: {{eq: "{ids[0]}"}}', 1),
        ("apiKeys", 'name: {in: ["site", "worker", "other"]}', 2),
        ("apiKeys", "revokedAt: {isNull: true}", 1),
        ("apiKeys", "expiresAt: {isNull: false}", 1),
        ("apiKeys", 'namespaceId: {eq: "n"}, not: {workspaceId: {isNull: false}}', 1),
        ("apiKeys", 'organizationId: {eq: "other"}', 0),
        ("apiKeys", 'hint: {eq: "?"}', 0),
        ("apiKeys", "createdAt: {last: ALL}", 2),
        ("limits", "maximum: {gte: 7}", 1),
        ("limits", "maximum: {gt: 7}", 0),
        ("limits", 'zone: {startsWith: "Europe/"}, createdAt: {last: ALL}', 1),
        ("limits", 'updatedAt: {since: "2199-01-01T00:00:00Z"}', 0),
        ("circuitBreakers", "totalCalls: {eq: 9}, totalFailures: {lt: 4}", 1),
        ("circuitBreakers", 'message: {contains: "up"}', 0),
        (
            "circuitBreakers",
            'changedAt: {last: ALL}, reportedAt: {since: "2199-01-01T00:00:00Z"}',
            0,
        ),
    ):
        answer = await api(f"{{ {root}(where: {{{where}}}) {{ name: organizationId }} }}")
        assert len(answer[root]) == expected, (root, where)


async def test_former_forms_of_filters_are_refused(api: Api) -> None:
    for field, value in (
        ("kind", ["LLM"]), ("kind", "LLM"), ("id", ["0190b5c0-7b3e-7c1a-8f00-3a5c9e1d2b4f"]),
        ("sessionId", ["s"]), ("cacheHit", True), ("outcome", "OK"), ("priceStatus", []),
    ):  # fmt: skip
        message = await refused(api, **{field: value})
        assert f"where.{field}" in message, message
        assert "Filter" in message, message
    for document, place in (
        ("{ requests(where: {status: RUNNING}) { totalCount } }", "RequestStatusFilter"),
        ("{ interactions(where: {year: 2026}) { totalCount } }", "IntFilter"),
        ("{ stageStats(where: {retryable: true}) { totals { count } } }", "BooleanFilter"),
        ("{ stageStats(where: {attempt: [1]}) { totals { count } } }", "IntFilter"),
        ("{ limits(where: {mode: [HARD]}) { uuid } }", "LimitModeFilter"),
        ("{ circuitBreakers(where: {state: OPEN}) { name } }", "BreakerStateFilter"),
        ("{ operationStats(having: {count: 3}) { rows { count } } }", "NumberFilter"),
    ):
        assert place in (await api.refused(document)).message


async def test_attribute_paths_and_values(api: Api) -> None:
    await track(
        api,
        operation(
            attributes={"n": 5, "t": "5", "s": "Strasse", "b": True, "z": None, "o": {"x": [1]}}
        ),
    )
    for path in ("", ".", "a.", ".a", "a..b", ".".join("abcdefghi"), "a\\"):
        message = await refused(api, attributes=[{"path": path, "exists": True}])
        assert "Use 1 to 8 keys joined by dots." in message
    assert len(await refused(api, attributes=[{"path": "a." * 50_000, "exists": True}])) < 300
    assert "quotation mark" in await refused(api, attributes=[{"path": 'a"b', "exists": True}])
    for value in ({"x": 1}, [1], {}, []):
        message = await refused(api, attributes=[{"path": "o", "eq": value}])
        assert "Name the path inside the object." in message
        assert await refused(api, attributes=[{"path": "o", "in": [1, value]}])
    for number in (2**63, -(2**63) - 1, 10**30, 10**400):
        message = await refused(api, attributes=[{"path": "n", "eq": number}])
        assert "with 64-bit integers" in message
    for condition, found in (
        ({"path": "n", "eq": 5}, 1), ({"path": "n", "eq": 5.0}, 1), ({"path": "n", "eq": "5"}, 0),
        ({"path": "t", "eq": 5}, 0), ({"path": "t", "eq": "5"}, 1), ({"path": "t", "gte": 0}, 0),
        ({"path": "b", "eq": True}, 1), ({"path": "b", "eq": 1}, 0), ({"path": "n", "eq": True}, 0),
        ({"path": "z", "eq": None}, 1), ({"path": "n", "eq": None}, 0), ({"path": "z", "exists": True}, 1),
        ({"path": "q", "eq": None}, 0), ({"path": "q", "exists": False}, 1), ({"path": "b", "gt": 0}, 0),
        ({"path": "o.x", "exists": True}, 1), ({"path": "o.x.0", "exists": True}, 0),
        ({"path": "n", "in": ["5", True, 5]}, 1), ({"path": "n", "gt": 1e308}, 0),
        ({"path": "n.deeper", "exists": True}, 0), ({"path": "n", "eq": 2**63 - 1}, 0),
        ({"path": "n", "ne": 5}, 0), ({"path": "n", "ne": "5"}, 1), ({"path": "q", "ne": 5}, 1),
        ({"path": "q", "notIn": ["x"]}, 1), ({"path": "n", "notIn": []}, 1),
        ({"path": "z", "isNull": True}, 1), ({"path": "q", "isNull": True}, 1),
        ({"path": "n", "isNull": True}, 0), ({"path": "n", "isNull": False}, 1),
        ({"path": "o", "isNull": False}, 1), ({"path": "t", "startsWith": "5"}, 1),
        ({"path": "n", "startsWith": "5"}, 0), ({"path": "t", "contains": "6"}, 0),
        ({"path": "s", "eqIgnoreCase": "STRASSE"}, 1), ({"path": "s", "endsWithIgnoreCase": "ASSE"}, 1),
        ({"path": "s", "startsWith": "STR"}, 0), ({"path": "s", "containsIgnoreCase": "RASS"}, 1),
    ):  # fmt: skip
        assert await count(api, attributes=[condition]) == found, condition


async def test_large_whole_numbers_in_attributes_compare_alike(api: Api) -> None:
    await track(api, operation(attributes={"n": 2**53 + 1}))
    assert await count(api, attributes=[{"path": "n", "eq": 2**53 + 1}]) == 1
    assert await count(api, attributes=[{"path": "n", "eq": 2**53}]) == 0
    assert await count(api, attributes=[{"path": "n", "eq": float(2**53)}]) == 0
    assert await count(api, attributes=[{"path": "n", "gt": 2**53}]) == 1
    assert await count(api, attributes=[{"path": "n", "gt": float(2**53 + 2)}]) == 0


async def test_spans_of_time(api: Api) -> None:
    await track(api, operation())
    ever = {"since": "0001-01-01T00:00:00Z", "until": "9999-12-31T23:59:59.999999Z"}
    for span, found in (
        (ever, 1),
        ({"since": ever["until"]}, 0),
        ({"until": ever["since"]}, 0),
        ({"since": ever["until"], "until": ever["since"]}, 0),
        ({"last": "P999999W"}, 1),
        ({"last": "PT0S"}, 0),
        ({"last": "PT9999999H999999999M999999999.999999S"}, 1),
    ):
        assert await count(api, occurredAt=span) == found, span
    for text in ("1 hour", "P1M", "P1Y", "-PT1H", "PT", "P", "", "PT1", "PT1.5H", "P٣D", "PT1H\0"):
        message = await refused(api, occurredAt={"last": text})
        assert "Use 90m, 24h, 7d or 2w." in message
    both = {"last": "PT1H", "since": ever["since"]}
    assert "last cannot be combined with since, until, " in await refused(api, occurredAt=both)
    assert "has no time zone" in await refused(api, occurredAt={"since": "2026-06-01T08:00:00"})


async def test_months_of_counters(api: Api) -> None:
    document = "query ($where: InteractionFilter) { interactions(where: $where) { totalCount } }"
    for name, value, highest in (
        ("month", 0, 12), ("month", 13, 12), ("year", -1, 9999), ("year", 2**31 - 1, 9999),
        ("year", 0, 9999),
    ):  # fmt: skip
        for operator in ({"eq": value}, {"in": [1, value]}, {"lt": value}, {"gte": value}):
            refusal = await api.refused(document, {"where": {"year": {"eq": 7}, name: operator}})
            assert refusal.code == "BAD_USER_INPUT", operator
            assert f"Invalid {name} {value}. Use 1 to {highest}." in refusal.message
    empty: tuple[Json, ...] = (
        {"year": {"eq": 1}}, {"year": {"eq": 9999}, "month": {"eq": 12}}, {"year": {"gt": 9999}},
        {"year": {"lte": 9999}}, {"year": {"lt": 1}}, {"year": {"in": [1, 9999]}},
        {"month": {"eq": 5}}, {"month": {"in": []}}, {"year": {"isNull": True}},
    )  # fmt: skip
    for where in empty:
        assert await api(document, {"where": where}) == {"interactions": {"totalCount": 0}}


async def test_enums_and_fields_that_filters_do_not_have(api: Api) -> None:
    assert "Use API, TOOL, LLM" in await refused(api, kind={"in": ["API", "WEB"]})
    assert "unknown field 'colour'" in await refused(api, colour={"eq": "red"})
    assert "unknown field 'like'" in await refused(api, name={"like": "%"})
    order = "{ operations(orderBy: [{field: NAME}]) { totalCount } }"
    assert (await api.refused(order)).code == "BAD_USER_INPUT"
