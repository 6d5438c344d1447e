"""Limits, reservations, prices, breakers, sessions and keys that cannot be as they are asked for."""

from tests.support.api import Api, Json

SET_LIMIT = "mutation ($input: LimitInput!) { setLimit(input: $input) { limit { zone maximum } } }"
CONSUME = "mutation ($input: ConsumeInput!) { consume(input: $input) { status allowed } }"
RESERVE = """mutation ($input: ReserveInput!) { reserve(input: $input) {
    allowed reservation { uuid status } } }"""
SET_PRICE = """mutation ($input: PriceInput!) { setPrice(input: $input) { price {
    inputPer1k effectiveFrom } } }"""
REPORT = """mutation ($input: CircuitBreakerInput!) { reportCircuitBreaker(input: $input) {
    status truncated circuitBreaker { message } } }"""
START_SESSION = "mutation ($input: SessionInput!) { startSession(input: $input) { status } }"
CREATE_KEY = "mutation ($input: ApiKeyInput!) { createApiKey(input: $input) { secret } }"
CHAT = """mutation ($input: ChatInput!) { trackChat(input: $input) {
    status truncated operation { message } } }"""
EMPTY = "is empty: give at least one character"
Cases = list[tuple[Json, str]]


async def check(api: Api, document: str, good: Json, cases: Cases) -> None:
    """Each change of what is good is refused, with words that say why; what is good is taken."""
    for changes, message in cases:
        refusal = await api.refused(document, {"input": good | changes})
        assert refusal.code == "BAD_USER_INPUT", changes
        assert message in refusal.message, (changes, refusal.message)
    await api(document, {"input": good})


async def test_limits(api: Api) -> None:
    limit = {"subject": "ORGANIZATION", "interactionType": "mini", "maximum": 5}
    zones = (
        "Mars/Olympus", "", " ", "UTC+1", " UTC", "europe/zurich", "Europe", "Europe/Zurich\0",
        "\ud800", "../../etc/passwd", "/etc/passwd", "..", "x" * 5_000, "tzdata.zi",
    )  # fmt: skip
    cases: Cases = [
        *(({"zone": zone}, "Use an IANA name such as Europe/Rome.") for zone in zones),
        ({"maximum": -1}, "maximum: -1 is not from 0 to"),
        ({"maximum": 2**63 - 1}, "maximum: "),
        ({"maximum": 2**63}, "within 64 bits"),
        ({"maximum": 1.5}, "Invalid integer 1.5."),
        ({"subject": "USER"}, "subjectId: is required for USER"),
        ({"subject": "USER", "subjectId": ""}, f"subjectId: {EMPTY}"),
        ({"subjectId": "another"}, "subjectId: must be omitted for ORGANIZATION (got 'another')"),
        ({"subject": "PLANET"}, "Use ORGANIZATION, COMPANY"),
        ({"interactionType": ""}, f"interactionType: {EMPTY}"),
        ({"interactionType": "x" * 201}, "201 characters, at most 200"),
        ({"organizationId": ""}, f"organizationId: {EMPTY}"),
        ({"period": "DECADE"}, "Use HOUR, DAY, WEEK, MONTH, YEAR, LIFETIME"),
        ({"mode": "MAYBE"}, "Use HARD, SOFT"),
    ]
    await check(api, SET_LIMIT, limit, cases)
    assert (await api("{ limits { maximum } }"))["limits"] == [{"maximum": 5}]
    refusal = await api.refused("{ usage(subject: {subject: USER}) { used } }")
    assert (refusal.code, "subjectId is required for USER." in refusal.message) == (
        "BAD_USER_INPUT",
        True,
    )


async def test_uses_of_limits(api: Api) -> None:
    cases: Cases = [
        ({"units": 0}, "units: 0 is not from 1 to"),
        ({"units": -3}, "units: -3 is not from 1 to"),
        ({"units": 10**9 + 1}, "units: 1000000001 is not from 1 to"),
        ({"units": 2**63}, "within 64 bits"),
        ({"interactionType": ""}, f"interactionType: {EMPTY}"),
        ({"operationType": ""}, f"operationType: {EMPTY}"),
        ({"labels": {"userId": ""}}, f"labels.userId: {EMPTY}"),
        ({"id": "x"}, "Invalid UUID 'x'."),
    ]
    await check(api, CONSUME, {"interactionType": "mini"}, cases)
    for ttl, message in (
        ("PT0S", "ttl: a time to live is from PT1S to P1D"),
        ("PT0.999S", "ttl: a time to live"),
        ("P1DT1S", "ttl: a time to live"),
        ("P999999W", "ttl: a time to live"),
        ("10", "Invalid duration"),
        ("-PT1S", "Invalid duration"),
    ):
        asked = {"input": {"interactionType": "mini", "ttl": ttl}}
        refusal = await api.refused(RESERVE, asked)
        assert (refusal.code, message in refusal.message) == ("BAD_USER_INPUT", True), ttl
    counted = (await api("{ interactions { nodes { units } } }"))["interactions"]["nodes"]
    assert counted == [{"units": 1}]


async def test_reservations_are_settled_once_and_never_below_zero(api: Api) -> None:
    asked = {"input": {"interactionType": "mini", "units": 5, "ttl": "PT1M"}}
    id = (await api(RESERVE, asked))["reserve"]["reservation"]["uuid"]
    commit = """mutation ($id: UUID!, $n: Long!) {
      commitReservation(input: {reservationId: $id, units: $n}) { status } }"""
    for units, message in (
        (-1, "units: -1 is not from 0 to"),
        (10**9 + 1, "units: "),
        (2**63, "64 bits"),
    ):
        refusal = await api.refused(commit, {"id": id, "n": units})
        assert (refusal.code, message in refusal.message) == ("BAD_USER_INPUT", True)
    assert (await api(commit, {"id": id, "n": 3}))["commitReservation"]["status"] == "ACCEPTED"
    assert (await api(commit, {"id": id, "n": 9}))["commitReservation"]["status"] == "DUPLICATE"
    release = "mutation ($id: UUID!) { releaseReservation(input: {reservationId: $id}) { status } }"
    assert (await api(release, {"id": id}))["releaseReservation"]["status"] == "DUPLICATE"
    counted = (await api("{ interactions { nodes { units calls } } }"))["interactions"]["nodes"]
    assert counted == [{"units": 3, "calls": 1}]


async def test_prices(api: Api) -> None:
    price = {"kind": "MODEL", "name": "m", "inputPer1k": 0.5}
    cases: Cases = [
        ({"inputPer1k": -0.01}, "inputPer1k: -0.01 is not from 0 to 1000 US dollars"),
        ({"inputPer1k": 1e300}, "inputPer1k: "),
        ({"outputPer1k": 1_001}, "outputPer1k: "),
        ({"cachedInputPer1k": -5}, "cachedInputPer1k: -5"),
        ({"name": ""}, f"name: {EMPTY}"),
        ({"kind": "THING"}, "Use MODEL, TOOL"),
        ({"effectiveFrom": "0001-01-01T00:00:00Z"}, "effectiveFrom: is not within 2000 and 2200"),
        ({"effectiveFrom": "1999-12-31T23:59:59Z"}, "effectiveFrom: "),
        ({"effectiveFrom": "9999-12-31T23:59:59Z"}, "effectiveFrom: "),
        ({"effectiveFrom": "2026-06-01"}, "RFC 3339"),
    ]
    await check(api, SET_PRICE, price, cases)
    literal = 'mutation { setPrice(input: {kind: MODEL, name: "m", inputPer1k: 1e999}) { price { name } } }'
    assert (await api.refused(literal)).code == "BAD_USER_INPUT"
    tiny = (await api(SET_PRICE, {"input": price | {"inputPer1k": 1e-300}}))["setPrice"]["price"]
    assert tiny["inputPer1k"] == 0
    assert len((await api("{ prices { name } }"))["prices"]) == 1


async def test_a_limit_of_an_organization_whose_name_must_be_repaired(api: Api) -> None:
    limit = {"subject": "ORGANIZATION", "interactionType": "m", "maximum": 5}
    for maximum in (5, 6):
        given = limit | {"organizationId": "a\ud800", "maximum": maximum}
        assert (await api(SET_LIMIT, {"input": given}))["setLimit"]["limit"]["maximum"] == maximum


async def test_breakers(api: Api) -> None:
    cases: Cases = [
        ({"name": ""}, f"name: {EMPTY}"),
        ({"organizationId": ""}, f"organizationId: {EMPTY}"),
        ({"state": "BROKEN"}, "Use CLOSED, OPEN, HALF_OPEN"),
        ({"totalCalls": -1}, "totalCalls: -1 is not from 0 to"),
        ({"totalFailures": -1}, "totalFailures: -1 is not from 0 to"),
        ({"totalCalls": 1, "totalFailures": 2}, "totalFailures: 2 failures of 1 calls"),
        ({"totalCalls": 2**63 - 1}, "totalCalls: "),
        ({"occurredAt": "2999-01-01T00:00:00Z"}, "occurredAt: "),
    ]
    good: Json = {"name": "b", "state": "OPEN"}
    await check(api, REPORT, good, cases)
    cut = (await api(REPORT, {"input": good | {"message": "x" * 9_000}}))["reportCircuitBreaker"]
    assert (cut["status"], cut["truncated"]) == ("ACCEPTED", 1)
    message = cut["circuitBreaker"]["message"]
    assert (len(message), message[-29:]) == (8_192, "[truncated: 9,000 characters]")


async def test_sessions(api: Api) -> None:
    started = "2026-06-01T08:00:00Z"
    cases: Cases = [
        ({"endedAt": "2026-06-01T07:59:59Z"}, "endedAt: lies before startedAt"),
        ({"startedAt": "1999-01-01T00:00:00Z"}, "startedAt: 1999-01-01"),
        ({"endedAt": "2999-01-01T00:00:00Z"}, "endedAt: 2999-01-01"),
        ({"name": ""}, f"name: {EMPTY}"),
        ({"client": ""}, f"client: {EMPTY}"),
        ({"attributes": "x"}, "attributes: must be a JSON object, not a string"),
        ({"labels": {"organizationId": ""}}, f"labels.organizationId: {EMPTY}"),
    ]
    await check(api, START_SESSION, {"startedAt": started}, cases)


async def test_chats(api: Api) -> None:
    cases: Cases = [
        (
            {"tokens": 5, "inputTokens": 3},
            "tokens: Set either tokens, or inputTokens and outputTokens.",
        ),
        ({"tokens": -1}, "is not from 0 to"),
        ({"cachedInputTokens": 5}, "inputTokens counts the cached ones too"),
        ({"message": None}, "non-null type 'String!'"),
        ({"email": "a@b", "attributes": [1]}, "attributes: must be a JSON object, not a list"),
        ({"labels": {"userId": ""}}, f"labels.userId: {EMPTY}"),
    ]
    await check(api, CHAT, {"message": "hello"}, cases)
    refusal = await api.refused(CHAT, {"input": {"message": "hello", "userId": ""}})
    assert refusal.message == f"userId: {EMPTY}"
    cut = (await api(CHAT, {"input": {"message": "x" * 300_000}}))["trackChat"]
    assert (cut["status"], cut["truncated"]) == ("ACCEPTED", 1)
    message = cut["operation"]["message"]
    assert (len(message), message[-31:]) == (262_144, "[truncated: 300,000 characters]")


async def test_keys(api: Api) -> None:
    cases: Cases = [
        ({"name": ""}, f"name: {EMPTY}"),
        ({"scopes": []}, "scopes: must contain at least one scope"),
        ({"scopes": ["ROOT"]}, "Use INGEST, READ, MANAGE, ADMIN"),
        (
            {"expiresAt": "2020-01-01T00:00:00Z"},
            "expiresAt: must be in the future (got 2020-01-01T00:00:00+00:00)",
        ),
        ({"organizationId": "x" * 201}, "organizationId: 201 characters, at most 200"),
        ({"namespaceId": ""}, f"namespaceId: {EMPTY}"),
    ]
    await check(api, CREATE_KEY, {"name": "k", "scopes": ["READ"] * 500}, cases)
    assert (await api("{ apiKeys { scopes } }"))["apiKeys"] == [{"scopes": ["READ"]}]


async def test_tokens_that_are_no_keys(api: Api) -> None:
    made = await api(CREATE_KEY, {"input": {"name": "k", "scopes": ["READ"]}})
    good = made["createApiKey"]["secret"]
    prefix, id, secret = good.split("_", 2)
    for token in (
        "x", "tsk", "tsk__", "tsk_x_y", good[:-1], good + "x", good.upper(), f"{prefix}_{id}_",
        f"{prefix}_{'0' * 32}_{secret}", f"{prefix}_{id}_\xe9", "_" * 150, "x" * 50_000,
        f"{prefix}_{id}_{secret} {secret}", "' OR 1=1 --", "Bearer " + good,
    ):  # fmt: skip
        headers = {"Authorization": f"Bearer {token}".encode("latin-1")}
        answer = await api.raw({"query": "{ viewer { name } }"}, headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "UNAUTHENTICATED"
        assert secret not in error["message"]
    for scheme in ("bearer", "BEARER"):
        answer = await api.raw(
            {"query": "{ viewer { name } }"}, headers={"Authorization": f"{scheme} {good}"}
        )
        assert answer.json()["data"]["viewer"]["name"] == "k"
    assert (
        await api.raw({"query": "{ viewer { name } }"}, headers={"X-API-Key": good})
    ).status_code == 200
