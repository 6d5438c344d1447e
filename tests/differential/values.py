"""Values of every scalar, good and bad, as the JSON text that a client sends."""

GOOD_ID = '"019aa5d2-7c1a-7e43-9c35-6f2b6c0d1e2f"'
OTHER_KINDS = ("null", "true", "1", "1.5", '"text"', "[]", "{}", "[1]", '{"a": 1}')

NUMBERS = (
    "0", "-0", "1", "-1", "7.0", "-7.0", "7.5", "1e2", "1E+2", "100e-2", "1.0e0", "-0.0", "0.0",
    "2147483647", "2147483648", "-2147483648", "-2147483649", "2147483647.0", "2147483648.0",
    "9007199254740993", "9007199254740993.0", "9223372036854775807", "9223372036854775808",
    "-9223372036854775808", "-9223372036854775809", "9223372036854775807.0",
    "18446744073709551615", "18446744073709551616", "1e18", "1e19", "1e308", "1e309", "-1e400",
    "1e-400", "5e-324", "0.1", "0.30000000000000004", "123456789012345678901234567890",
    "1" + "0" * 308, "1" + "0" * 309, "9" * 4_300, "9" * 4_301, "9" * 10_000, "-" + "9" * 10_000,
    "0." + "3" * 400, "NaN", "Infinity", "-Infinity", "nan", "01", "+1", ".5", "5.", "0x10", "1_000",
    '"1"', '"1.0"', '"NaN"', '""',
)  # fmt: skip
IDS = (
    GOOD_ID, GOOD_ID.upper(), GOOD_ID.replace("-", ""), GOOD_ID.replace('"', '"{', 1)[:-1] + '}"',
    GOOD_ID.replace('"', '"urn:uuid:', 1), GOOD_ID.replace('"', '" ', 1), GOOD_ID[:-1] + ' "',
    GOOD_ID[:-1] + '\\n"', GOOD_ID[:-2] + '"', GOOD_ID[:-1] + '0"', GOOD_ID.replace("a", "g"),
    GOOD_ID.replace("-", "_"), GOOD_ID.replace("0", "\\u0030"), GOOD_ID.replace("1", "\\u0661"),
    '"019aa5d27-c1a-7e43-9c35-6f2b6c0d1e2f"', '"019aa5d2-7c1a-4e43-9c35-6f2b6c0d1e2f"',
    '"019aa5d2-7c1a-1e43-9c35-6f2b6c0d1e2f"', '"019aa5d2-7c1a-8e43-9c35-6f2b6c0d1e2f"',
    '"019aa5d2-7c1a-7e43-1c35-6f2b6c0d1e2f"', '"019aa5d2-7c1a-7e43-cc35-6f2b6c0d1e2f"',
    '"019aa5d2-7c1a-7e43-fc35-6f2b6c0d1e2f"', '"00000000-0000-0000-0000-000000000000"',
    '"ffffffff-ffff-ffff-ffff-ffffffffffff"', '"ffffffff-ffff-7fff-bfff-ffffffffffff"',
    '"e677d21f-dbff-7fff-bfff-ffffffffffff"', '"e677d21f-dc00-7000-8000-000000000000"',
    '"00dc6acf-ac00-7000-8000-000000000000"', '"00dc6acf-abff-7fff-bfff-ffffffffffff"',
    '""', '"\\ud800"',
)  # fmt: skip
INSTANTS = (
    '"2026-11-21T09:30:00Z"', '"2026-11-21t09:30:00z"', '"2026-11-21T09:30:00z"',
    '"2026-11-21t09:30:00Z"', '"2026-11-21 09:30:00Z"', '"2026-11-21_09:30:00Z"',
    '"2026-11-21T09:30:00"', '"2026-11-21T09:30Z"', '"2026-11-21T09Z"', '"2026-11-21"',
    '"20261121T093000Z"', '"2026-W47-6T09:30:00Z"', '"2026-325T09:30:00Z"',
    '"2026-11-21T09:30:00.1Z"', '"2026-11-21T09:30:00.123456Z"', '"2026-11-21T09:30:00.1234567Z"',
    '"2026-11-21T09:30:00.1234565Z"', '"2026-11-21T09:30:00.123456789012Z"',
    '"2026-11-21T09:30:00.9999999Z"', '"2026-11-21T09:30:59.9999999Z"', '"2026-11-21T09:30:00.Z"',
    '"2026-11-21T09:30:00,5Z"', '"2026-11-21T09:30:00.0000000000000000000000000001Z"',
    '"2026-11-21T09:30:60Z"', '"2016-12-31T23:59:60Z"', '"2026-11-21T09:30:61Z"',
    '"2026-11-21T24:00:00Z"', '"2026-11-21T09:60:00Z"', '"2026-02-29T09:30:00Z"',
    '"2024-02-29T09:30:00Z"', '"2100-02-29T09:30:00Z"', '"2026-13-01T09:30:00Z"',
    '"2026-00-10T09:30:00Z"', '"2026-11-31T09:30:00Z"', '"2026-11-00T09:30:00Z"',
    '"2026-11-21T09:30:00+00:00"', '"2026-11-21T09:30:00-00:00"', '"2026-11-21T09:30:00+01:00"',
    '"2026-11-21T09:30:00+05:45"', '"2026-11-21T09:30:00-12:34"', '"2026-11-21T09:30:00+23:59"',
    '"2026-11-21T09:30:00+24:00"', '"2026-11-21T09:30:00+0100"', '"2026-11-21T09:30:00+01"',
    '"2026-11-21T09:30:00+01:60"', '"2026-11-21T09:30:00 Z"', '"2026-11-21T09:30:00Z "',
    '" 2026-11-21T09:30:00Z"', '"2026-11-21T09:30:00ZZ"', '"2026-11-21T09:30:00 +01:00"',
    '"0000-01-01T00:00:00Z"', '"0001-01-01T00:00:00Z"', '"0001-01-01T00:00:00+01:00"',
    '"0001-01-01T00:00:00+23:59"', '"9999-12-31T23:59:59Z"', '"9999-12-31T23:59:59-01:00"',
    '"9999-12-31T23:59:59.999999-23:59"', '"10000-01-01T00:00:00Z"', '"-2026-11-21T09:30:00Z"',
    '"1999-12-31T23:59:59.999999Z"', '"2000-01-01T00:00:00Z"', '"2000-01-01T00:00:00+00:01"',
    '"2026-11-22T12:00:00.250Z"', '"2026-11-22T12:00:00.250001Z"', '"1e9"', '"1763717400"',
    '"2026-11-21T09:30:00\\u005a"', '"2026-11-21T09:30:00\\u0000Z"', '"\\u0662026-11-21T09:30:00Z"',
    '"today"', '""', "1763717400", "1763717400.5", "0", "-1",
)  # fmt: skip
DURATIONS = (
    '"90m"', '"24H"', '"2 w"', '"all"', '"LAST_24H"', '"3 weeks"', '"999999999w"', '"1.5h"',
    '"PT5M"', '"P1D"', '"P2W"', '"P1W2DT3H4M5S"', '"PT0S"', '"PT0.5S"', '"PT1.123456S"', '"PT90M"',
    '"PT1.1234567S"', '"PT1,5S"', '"PT1.5M"', '"P1.5D"', '"P1Y"', '"P1M"', '"P"', '"PT"', '"P1DT"',
    '"-PT1S"', '"+PT1S"', '"pt1s"', '"PT1s"', '" PT1S"', '"PT1S "', '"PT\\u0661S"', '"P999999W"',
    '"P9999999W"', '"PT999999999999S"', '"PT1H1H"', '"PT1S1H"', '"1"', '""', "60", "1.5",
)  # fmt: skip
TEXTS = (
    '""', '" "', '"x"', '"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"',
    '"a\\udfffb"', '"\\ufffd"', '"\\u200b"', '"\\u202e"', '"\\u0085"', '"\\n\\t\\r"', '"\\u007f"',
    '"\\u00a0"', '"\\ue000"', '"\U0001f600"', '"\U0010ffff"', '"\\/\\b\\f\\""', '"\\u00e9"', '"e\\u0301"',
    f'"{"n" * 199}"', f'"{"n" * 200}"', f'"{"n" * 201}"', f'"{chr(0x1F600) * 200}"',
    f'"{chr(0x1F600) * 201}"', f'"{"n" * 8_192}"', f'"{"n" * 8_193}"', '"' + "\\u0000" * 201 + '"',
    '"\\x"', '"\\u12"', '"\\ud83"', '"\tx"', "'x'", '"unfinished', "0", "1", "-1", "12345678901234567890",
    "1.0", "1.5", "1e3", "true",
)  # fmt: skip
BOOLEANS = (
    "true", "false", "null", "True", "TRUE", "0", "1", "0.0", "1.0", '"true"', '"false"', '""', "[]", "{}",
    "[true]",
)  # fmt: skip
WORDS = (
    '"API"', '"TOOL"', '"LLM"', '"OK"', '"ERROR"', '"api"', '"Api"', '" API"', '"API "', '"\\u0041PI"', '""',
    '"OperationKind.API"', '"NONE"', '"\\u0000"', '"\\ud800"', "0", "1", "API",
)  # fmt: skip
DEEP = {n: '{"a":' * n + "1" + "}" * n for n in (15, 16, 17, 100, 500)}
DEEP_LISTS = {n: "[" * n + "]" * n for n in (16, 100, 500, 100_000)}
JSONS = (
    "{}", '{"a": 1}', '{"a": null}', '{"a": true, "b": false}', '{"a": {"b": {"c": []}}}',
    '{"": ""}', '{"a": 1, "a": 2}', '{"b": 1, "a": {"x": 1, "x": {}}, "b": "last"}',
    '{"a": -0}', '{"a": -0.0}', '{"a": 1.0}', '{"a": 1e2}', '{"a": 1E400}', '{"a": 1e300}',
    '{"a": 1e301}', '{"a": 5e-324}', '{"a": 9007199254740993}', '{"a": 9223372036854775807}',
    '{"a": 9223372036854775808}', '{"a": -9223372036854775808}', '{"a": -9223372036854775809}',
    '{"a": 18446744073709551616}', '{"a": ' + "9" * 4_301 + "}", '{"a": NaN}', '{"a": Infinity}',
    '{"a": "\\u0000"}', '{"\\u0000": 1}', '{"\\u0000": 1, "\\ufffd": 2}', '{"a": "\\ud800"}',
    '{"\\ud800": 1}', '{"\\ud800": 1, "\\udfff": 2}', '{"a": "\\ud83d\\ude00", "\U0001f600": 1}',
    '{"a": "\\n"}', '{"a\\n": 1}', '{"a": ["x", 1, null, {"b": [[]]}]}', '{"a": ["\\u0000"]}',
    '{"a": "2026-11-21T09:30:00Z", "b": "019aa5d2-7c1a-7e43-9c35-6f2b6c0d1e2f"}',
    "{" + ",".join(f'"k{n}": {n}' for n in range(40)) + "}",
    "{" + ",".join(f'"k{n}": {n}' for n in range(41)) + "}",
    '{"a": "' + "x" * 10_914 + '"}', '{"a": "' + "x" * 65_528 + '"}', '{"a": "' + "x" * 65_529 + '"}',
    '{"a": "' + "\\u00e9" * 32_764 + '"}', '{"a": "' + "\\u00e9" * 32_765 + '"}', *DEEP.values(),
    *(f'{{"a": {text}}}' for text in DEEP_LISTS.values()), "[]", "[[]]", '"text"', "1", "1.5", "true",
    '{"a": 1,}', "{a: 1}", '{"a" 1}', "{",
)  # fmt: skip
OBJECTS = (
    "null",
    "{}",
    "[]",
    "[{}]",
    '{"unknown": 1}',
    '{"__typename": "x"}',
    '{"": 1}',
    '"{}"',
    "1",
)

VALUES: dict[str, tuple[str, ...]] = {
    "kind": (*WORDS, *OTHER_KINDS),
    "outcome": (*WORDS, *OTHER_KINDS),
    "name": (*TEXTS, *OTHER_KINDS),
    "error": (*TEXTS, *OTHER_KINDS),
    "id": (*IDS, *OTHER_KINDS),
    "sessionId": (*IDS, *TEXTS, *OTHER_KINDS),
    "requestId": (*IDS, *OTHER_KINDS),
    "occurredAt": (*INSTANTS, *OTHER_KINDS),
    "durationMs": (*NUMBERS, *OTHER_KINDS),
    "cacheHit": BOOLEANS,
    "attributes": (*JSONS, *OTHER_KINDS),
    "labels": (*OBJECTS, '{"userId": null}', '{"userId": "u", "userId": "v"}'),
    "labels.userId": (*TEXTS, *OTHER_KINDS),
    "labels.organizationId": ("null", '""', '"other"', "7", "7.0", "-0", "7.5", "true", "[]"),
    "api": (*OBJECTS, '{"statusCode": null}', '{"statusCode": 200, "statusCode": 404}'),
    "api.statusCode": (*NUMBERS, *OTHER_KINDS, "99", "100", "599", "600"),
    "api.batchSize": ("0", "-1", "1000000000", "1000000001", "3.0", "3.5", '"3"', "true", "null"),
    "tool": OBJECTS,
    "tool.tokensOriginal": (*NUMBERS, *OTHER_KINDS, "1000000000000000", "1000000000000001"),
    "tool.parameters": ("null", "{}", "[]", '"x"', '{"a": "\\u0000"}', '{"a": [1.0, 1]}', "7"),
    "llm": (
        *OBJECTS,
        '{"message": null, "response": ""}',
        '{"inputTokens": 1, "cachedInputTokens": 2}',
        '{"inputTokens": 1, "cachedInputTokens": 2, "inputTokensExcludeCache": true}',
        '{"inputTokens": 3, "cachedInputTokens": 2, "cacheWriteInputTokens": 2}',
        '{"cacheWriteInputTokens": 2, "inputTokensExcludeCache": true}',
        '{"inputTokens": 1, "inputTokensExcludeCache": null}',
        '{"outputTokens": 5, "reasoningTokens": 3, "audioOutputTokens": 3}',
        '{"inputTokens": 5, "audioInputTokens": 6}',
    ),
    "llm.message": (
        '""',
        '"hello\\u0000"',
        "null",
        "1",
        f'"{"m" * 262_144}"',
        f'"{"m" * 262_145}"',
    ),
    "interaction": (
        *OBJECTS,
        '{"type": "mini"}',
        '{"type": "mini", "units": null}',
        '{"units": 1}',
    ),
    "interaction.units": ("0", "1", "1.0", "-1", "1e3", "1000000000000001", '"1"', "null", "true"),
    "unknown": ("1", "null", '"\\ud800"'),
    "Name": ('"x"',),
    "operation_type": ('"x"',),
}
"""For each field of an operation, given by its path, the values it is tried with."""


def operation(path: str, value: str) -> str:
    """An operation that is in order but for the value of one field."""
    first, _, second = path.partition(".")
    inner = f'{{"{second}": {value}}}' if second else value
    if path == "interaction.units":
        inner = f'{{"type": "mini", "units": {value}}}'
    kind = {"tool": "TOOL", "llm": "LLM"}.get(first, "API")
    given = {"kind": f'"{kind}"', "name": '"a call"', first: inner}
    return "{" + ", ".join(f'"{name}": {text}' for name, text in given.items()) + "}"
